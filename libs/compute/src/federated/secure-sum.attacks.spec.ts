import { describe, expect, test } from '@jest/globals';
import { split } from 'shamir-secret-sharing';
import { addInto, encode, fromBytes, subtractInto, toBytes, zeros, STATE_BITS, type RingVector } from '../mpc/ring.js';
import { randomSeed } from '../mpc/random.js';
import { KeyPair, SigningKey, commitmentTo, seal, unseal } from './mask-keys.js';
import { SumParty, applyPairMask, restoreSecret, selfMask } from './masked-sum.js';
import { StarNetwork } from './network-for-tests.js';
import { SumServer } from './sum-server.js';
import type { PublicKeys, UnmaskShares } from './sum-messages.js';
import { sharesNeeded } from './warnings.js';

type ByName<T> = Record<string, T>;
/** How a party ended that refused to go on. */
interface Failed {
  readonly code: string;
  readonly message: string;
}

/** What an aggregator says to one party in place of the truth. */
interface Lies {
  readonly keys?: (to: string, keys: ByName<PublicKeys>) => ByName<PublicKeys>;
  readonly shares?: (to: string, shares: ByName<string>) => ByName<string>;
  readonly summed?: (to: string, summed: string[]) => string[];
  readonly signatures?: (to: string, signatures: ByName<string>) => ByName<string>;
}

/** Public keys and secrets of a party that is on the aggregator's side. */
const colluder = (name: string) => {
  const [mask, own, sign, seed] = [KeyPair.generate(), KeyPair.generate(), new SigningKey(), randomSeed()];
  const keys: PublicKeys = {
    mask: mask.publicKey,
    seal: own.publicKey,
    sign: sign.publicKey,
    seed: commitmentTo(seed),
  };
  const sealedFor = async (all: ByName<PublicKeys>, threshold: number): Promise<ByName<string>> => {
    const members = Object.keys(all).sort();
    const shares = await Promise.all([mask.secret(), seed].map((secret) => split(secret, members.length, threshold)));
    return Object.fromEntries(
      members.map((peer, at) => {
        const both = Buffer.concat(shares.map((each) => each[at]!));
        return [peer, Buffer.from(seal(own.agree(all[peer]!.seal, `${name}>${peer}`), both)).toString('base64')];
      }),
    );
  };
  const open = (from: string, all: ByName<PublicKeys>, sealed: string): { key: string; seed: string } => {
    const both = Buffer.from(unseal(own.agree(all[from]!.seal, `${from}>${name}`), Buffer.from(sealed, 'base64')));
    const half = both.length / 2;
    return { key: both.subarray(0, half).toString('base64'), seed: both.subarray(half).toString('base64') };
  };
  return { keys, sign, sealedFor, open };
};

/** What an aggregator has in the end: the masked vectors, and the shares that each party gave or the failure that it ended with. */
interface Loot {
  readonly keys: ByName<PublicKeys>;
  readonly masked: ByName<RingVector>;
  readonly answers: ByName<UnmaskShares | Failed>;
  /** The shares of the others that the colluder holds. */
  readonly colluding: ByName<{ key: string; seed: string }>;
}

const vectorOf = (names: readonly string[], name: string): RingVector =>
  encode([names.indexOf(name) + 0.5, -3], STATE_BITS);

/** One sum with an aggregator that lies. `mallory`, where it is a member, is on its side and signs whatever it likes. */
async function attacked(names: readonly string[], lies: Lies): Promise<Loot> {
  const network = new StarNetwork(names);
  const server = network.server();
  const honest = names.filter((name) => name !== 'mallory');
  const threshold = sharesNeeded(names.length, 2);
  const ends = Object.fromEntries(
    honest.map((name) => {
      const end = new SumParty(network.party(name), threshold).add(vectorOf(names, name), false).then(
        // Its last message is what is waited for.
        () => new Promise<never>(() => undefined),
        (error: Error & { code: string }) => ({ code: error.code, message: error.message }),
      );
      return [name, end];
    }),
  );
  const each = async <T>(work: (name: string) => Promise<T>): Promise<ByName<T>> =>
    Object.fromEntries(await Promise.all(honest.map(async (name) => [name, await work(name)] as const)));
  /** The next message of every party, or how it ended. */
  const next = <T>(receive: (name: string) => Promise<T>) =>
    each(async (name) => Promise.race([receive(name), ends[name]!]) as Promise<T>);
  const failed = (messages: ByName<unknown>) => Object.keys(failuresIn(messages)).length > 0;

  const mallory = colluder('mallory');
  const isMember = names.includes('mallory');
  const keys = {
    ...(await next((name) => server.receiveJson<PublicKeys>(name))),
    ...(isMember && { mallory: mallory.keys }),
  };
  await each((to) => server.send(to, lies.keys?.(to, keys) ?? keys));
  const sealed = await next((name) => server.receiveJson<ByName<string>>(name));
  if (failed(sealed)) return { keys, masked: {}, answers: failuresIn(sealed), colluding: {} };
  if (isMember) sealed.mallory = await mallory.sealedFor(keys, threshold);
  await each((to) => {
    const shares = Object.fromEntries(names.filter((from) => from !== to).map((from) => [from, sealed[from]![to]!]));
    return server.send(to, lies.shares?.(to, shares) ?? shares);
  });
  const bytes = await next((name) => server.receiveBytes(name));
  if (failed(bytes)) return { keys, masked: {}, answers: failuresIn(bytes), colluding: {} };
  const masked = Object.fromEntries(honest.map((name) => [name, fromBytes(bytes[name]!, 2)]));
  const all = [...names].sort();
  const toldOf = (to: string): string[] => lies.summed?.(to, all) ?? all;
  await each((to) => server.send(to, { summed: toldOf(to) }));
  const signed = await next((name) => server.receiveJson<{ signature: string }>(name));
  if (failed(signed)) return { keys, masked, answers: failuresIn(signed), colluding: {} };
  await each((to) => {
    // A liar gives each party the signatures of those that received the same, and one of its colluder.
    const alike = honest.filter((name) => toldOf(name).join() === toldOf(to).join());
    const signatures = Object.fromEntries(alike.map((name) => [name, signed[name]!.signature]));
    if (isMember) {
      const summed = [...toldOf(to)].sort();
      const lost = all.filter((name) => !summed.includes(name));
      signatures.mallory = mallory.sign.sign(signedText(keys, summed, lost));
    }
    return server.send(to, lies.signatures?.(to, signatures) ?? signatures);
  });
  const answers = await next((name) => server.receiveJson<UnmaskShares>(name));
  const colluding = isMember
    ? Object.fromEntries(honest.map((from) => [from, mallory.open(from, keys, sealed[from]!.mallory!)]))
    : {};
  return { keys, masked, answers: answers as Loot['answers'], colluding };
}

const failuresIn = (messages: ByName<unknown>): ByName<Failed> =>
  Object.fromEntries(
    Object.entries(messages).filter((entry): entry is [string, Failed] => 'code' in (entry[1] as object)),
  );

/** Written out again, so that a party that signs less is noticed. */
const signedText = (keys: ByName<PublicKeys>, summed: string[], lost: string[]): string => {
  const names = Object.keys(keys).sort();
  const field = (name: string): string => {
    const { mask, seal: sealing, seed, sign } = keys[name]!;
    return `"${name}":{"mask":"${mask}","seal":"${sealing}","seed":"${seed}","sign":"${sign}"}`;
  };
  return `{"keys":{${names.map(field).join()}},"lost":${JSON.stringify(lost)},"summed":${JSON.stringify(summed)}}`;
};

/** The victim's vector, by both kinds of its shares. Undefined where there are too few of one. */
async function openedBy(loot: Loot, victim: string, threshold: number): Promise<number[] | undefined> {
  const sharesOf = (kind: 'seeds' | 'keys'): string[] => [
    ...Object.values(loot.answers).flatMap((answer) => ('code' in answer ? [] : [answer[kind][victim] ?? []].flat())),
    ...[loot.colluding[victim]?.[kind === 'seeds' ? 'seed' : 'key'] ?? []].flat(),
  ];
  const [seeds, keys] = [sharesOf('seeds'), sharesOf('keys')];
  if (seeds.length < threshold || keys.length < threshold) return undefined;
  const opened = loot.masked[victim]!.slice();
  subtractInto(opened, selfMask(await restoreSecret(seeds), 2));
  const pair = KeyPair.restore(await restoreSecret(keys), loot.keys[victim]!.mask);
  const masks = zeros(2);
  for (const [name, { mask }] of Object.entries(loot.keys)) {
    if (name !== victim) applyPairMask(masks, pair, victim, { name, maskKey: mask });
  }
  return [...subtractInto(opened, masks)];
}

const namesOf = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => (at === count - 1 ? 'mallory' : `p${String(at).padStart(2, '0')}`));
const refused = (why: RegExp) => ({ code: 'PROTOCOL_VIOLATION', message: expect.stringMatching(why) as unknown });

describe('an aggregator that lies', () => {
  test.each([3, 4, 5, 7, 21])(
    'opens the vector of none of %i parties by one colluder and two sets sent to two halves',
    async (count) => {
      const names = namesOf(count);
      const victim = 'p00';
      const halves = names.slice(0, Math.ceil((count - 1) / 2));
      const summed = (to: string, all: string[]) => (halves.includes(to) ? all : all.filter((name) => name !== victim));
      const loot = await attacked(names, { summed });
      expect(await openedBy(loot, victim, sharesNeeded(count, 2))).toBeUndefined();
      const others = names.filter((name) => name !== 'mallory' && !halves.includes(name));
      for (const name of others) expect(loot.answers[name]).toEqual(refused(/under \d+/));
    },
  );

  test('opens the vector of one that all hear is lost, and the sum of the others alone', async () => {
    const names = namesOf(7);
    const loot = await attacked(names, {
      summed: (to, all) => (to === 'p00' ? all : all.filter((name) => name !== 'p00')),
    });
    expect(await openedBy(loot, 'p00', 5)).toBeUndefined();
    expect(loot.answers.p00).toEqual(refused(/2 parties signed/));
    expect(loot.answers.p01).toHaveProperty('seeds');
  });

  test.each<[string, Lies, RegExp]>([
    [
      'invents a member',
      { keys: (_, keys) => ({ ...keys, zoe: colluder('zoe').keys }) },
      /zoe, who is not in the sum, was named/,
    ],
    [
      'leaves one out from the start',
      { keys: (to, { bob, ...keys }) => (to === 'bob' ? { ...keys, bob: bob! } : keys) },
      /bob was left out/,
    ],
    [
      'gives a party another key for its own',
      { keys: (to, keys) => ({ ...keys, [to]: { ...keys[to]!, mask: KeyPair.generate().publicKey } }) },
      /its own keys came back changed/,
    ],
    [
      'leaves the own vector out',
      { summed: (to, all) => all.filter((name) => name !== to) },
      /own vector was left out/,
    ],
    ['asks for too few', { summed: (to) => [to] }, /1 parties are summed, under 3/],
    ['counts one twice', { summed: (to) => [to, to, to] }, /1 parties are summed, under 3/],
    ['asks for a stranger', { summed: (_, all) => [...all, 'zoe'] }, /shares of zoe/],
    ['holds signatures back', { signatures: (to, { [to]: own }) => ({ [to]: own! }) }, /1 parties signed/],
    [
      'hands on a signature under another name',
      { signatures: (_, { alice, ...others }) => ({ ...others, alice: others.bob ?? alice! }) },
      /alice received other/,
    ],
    [
      'hands on shares of another party',
      {
        shares: (_, shares) => Object.fromEntries(Object.keys(shares).map((from) => [from, Object.values(shares)[0]!])),
      },
      /do not open/,
    ],
  ])('is refused by every party where it %s', async (_, lies, why) => {
    const { answers } = await attacked(['alice', 'bob', 'carol', 'dave'], lies);
    const ends = Object.values(answers).filter((answer) => 'code' in answer);
    expect(ends.length).toBeGreaterThan(0);
    for (const end of ends) expect(end).toEqual(refused(/./));
    expect(ends).toContainEqual(refused(why));
    expect(
      Object.values(answers).filter((answer) => 'seeds' in answer && Object.keys(answer.seeds).length < 3),
    ).toEqual([]);
  });

  test.each(['mask', 'sign', 'seed'] as const)(
    'is noticed where it gives one party another %s for a peer',
    async (field) => {
      const other = colluder('bob').keys;
      const keys = (to: string, all: ByName<PublicKeys>) =>
        to === 'alice' ? { ...all, bob: { ...all.bob!, [field]: other[field] } } : all;
      const { answers } = await attacked(['alice', 'bob', 'carol', 'dave'], { keys });
      expect(answers.alice).toEqual(refused(/received other members, keys or survivors/));
    },
  );

  test('takes no vector out of its masks by what it holds alone: each pair has its own mask', async () => {
    const names = ['alice', 'bob', 'carol'];
    const { masked, answers } = await attacked(names, {});
    const halfMasked: RingVector[] = [];
    for (const name of names) {
      const shares = Object.values(answers).map((answer) => (answer as UnmaskShares).seeds[name]!);
      halfMasked.push(subtractInto(masked[name]!.slice(), selfMask(await restoreSecret(shares), 2)));
    }
    const [first, second, third] = halfMasked as [RingVector, RingVector, RingVector];
    // One mask for all pairs would leave the second in clear: it adds it once, and subtracts it once.
    names.forEach((name, at) => expect(halfMasked[at]).not.toEqual(vectorOf(names, name)));
    const total = names.reduce((sum, name) => addInto(sum, vectorOf(names, name)), zeros(2));
    expect(addInto(addInto(first.slice(), second), third)).toEqual(total);
  });
});

describe('masks of pairs', () => {
  test('differ from pair to pair, and cancel', () => {
    const names = ['alice', 'bob', 'carol', 'dave'];
    const pairs = Object.fromEntries(names.map((name) => [name, KeyPair.generate()]));
    const maskOf = (owner: string, name: string): RingVector => {
      const target = zeros(2);
      applyPairMask(target, pairs[owner]!, owner, { name, maskKey: pairs[name]!.publicKey });
      return target;
    };
    const all = names.flatMap((one) => names.filter((name) => name > one).map((name) => [one, name] as const));
    const masks = all.map(([one, other]) => Buffer.from(toBytes(maskOf(one, other))).toString('hex'));
    expect(new Set(masks.flatMap((hex) => [hex.slice(0, 32), hex.slice(32)])).size).toBe(2 * all.length);
    for (const [one, other] of all) expect(addInto(maskOf(one, other), maskOf(other, one))).toEqual(zeros(2));
  });
});

describe('a party that gives a wrong share', () => {
  test.each<['seeds' | 'keys', string]>([
    ['seeds', 'bob'],
    ['keys', 'dave'],
  ])('of %s ends the sum, and changes none', async (kind, owner) => {
    const names = ['alice', 'bob', 'carol', 'dave'];
    const network = new StarNetwork(names, { dave: 3 });
    const server = new SumServer(network.server(), names, 3);
    for (const name of names) {
      const { send, ...line } = network.party(name);
      const lying: typeof send = (to, message) => {
        const answer = message as { seeds?: ByName<string>; keys?: ByName<string> };
        if (name === 'alice' && answer.seeds) {
          const share = Buffer.from(answer[kind]![owner]!, 'base64');
          share[3]! ^= 1;
          answer[kind]![owner] = share.toString('base64');
        }
        return send(to, message);
      };
      void network.outlive(new SumParty({ ...line, send: lying }, 3).add(vectorOf(names, name))).catch(() => undefined);
    }
    await expect(server.sum(names)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION', details: { party: owner } });
  });
});

describe('the next sum', () => {
  test('is of those that are left, and no lost party comes back', async () => {
    const names = ['alice', 'bob', 'carol', 'dave'];
    const network = new StarNetwork(names, { dave: 3 });
    const server = new SumServer(network.server(), names, 3);
    const parties = names.map((name) => ({ name, sums: new SumParty(network.party(name), 3) }));
    const round = (who: readonly string[]) =>
      parties
        .filter(({ name }) => who.includes(name))
        .map(({ name, sums }) => network.outlive(sums.add(vectorOf(names, name))));
    const first = Promise.all(round(names));
    expect(await server.sum(names)).toEqual(['alice', 'bob', 'carol']);
    await first;
    const left = ['alice', 'bob', 'carol'];
    const second = round(left).map((end) => end.catch((error: unknown) => error));
    const aggregator = network.server();
    const keys = Object.fromEntries(
      await Promise.all(left.map(async (name) => [name, await aggregator.receiveJson<PublicKeys>(name)] as const)),
    );
    for (const name of left) await aggregator.send(name, { ...keys, dave: colluder('dave').keys });
    for (const [at, name] of left.entries()) {
      const end = await Promise.race([second[at], aggregator.receiveJson(name)]);
      expect(end).toMatchObject(refused(/dave, who is not in the sum/));
    }
  });
});
