import { describe, expect, test } from '@jest/globals';
import { addInto, encode, fromBytes, subtractInto, toBytes, zeros, ELEMENT_BYTES, STATE_BITS } from '../mpc/ring.js';
import type { RingVector } from '../mpc/ring.js';
import { KeyPair } from './mask-keys.js';
import { applyPairMask } from './masked-sum.js';
import type { SeenMessage } from '../mpc/lines-for-tests.js';
import { MeshNetwork } from './mesh-for-tests.js';
import { SumAmongAll } from './sum-among-all.js';

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin'];
const vectorOf = (name: string): RingVector => encode([NAMES.indexOf(name) + 0.5, -3, 2 ** 40], STATE_BITS);
const sumOf = (names: readonly string[]): RingVector =>
  names.reduce((sum, name) => addInto(sum, vectorOf(name)), zeros(3));
type Change = ConstructorParameters<typeof MeshNetwork>[1];

/** What each party comes to: a sum, null, or how it failed. */
async function summed(
  names: readonly string[],
  { receivers = names, change, sums = 1 }: { receivers?: readonly string[]; change?: Change; sums?: number } = {},
) {
  const network = new MeshNetwork(names, change);
  const ends = await Promise.all(
    names.map(async (name) => {
      const party = new SumAmongAll(network.party(name), receivers);
      try {
        let last: RingVector | null = null;
        for (let at = 0; at < sums; at += 1) last = await party.add(vectorOf(name));
        return last;
      } catch (error) {
        network.lose(name);
        const { code, message } = error as { code: string; message: string };
        return { code, message };
      }
    }),
  );
  return { network, ends };
}
const isKey = ({ body }: SeenMessage): boolean => typeof body === 'string' && body.startsWith('{"mask"');
/** The elements of a vector, in hex. */
const elementsOf = (vector: RingVector): string[] => Buffer.from(toBytes(vector)).toString('hex').match(/.{32}/g)!;
const isVector = ({ body }: SeenMessage): boolean => body instanceof Uint8Array;
const failed = (code: string, why: RegExp) => ({ code, message: expect.stringMatching(why) as unknown });

describe('a sum that parties make among themselves', () => {
  test.each([2, 3, 4, 5])('is that of all %i, at each of them', async (count) => {
    const names = NAMES.slice(0, count);
    const { ends } = await summed(names);
    expect(ends).toEqual(names.map(() => sumOf(names)));
  });

  test('is for its receivers: nobody else has a vector of another', async () => {
    const names = NAMES.slice(0, 4);
    const { ends, network } = await summed(names, { receivers: ['bob', 'carol'] });
    expect(ends).toEqual([null, sumOf(names), sumOf(names), null]);
    for (const to of ['alice', 'dave'])
      expect(network.seen.filter((message) => message.to === to && !isKey(message))).toEqual([]);
  });

  test('shows no number of a party under the masks that one of the others knows', async () => {
    const names = NAMES.slice(0, 3);
    const pairs: Record<string, KeyPair> = {};
    const generate = KeyPair.generate.bind(KeyPair);
    const made: KeyPair[] = [];
    KeyPair.generate = () => {
      made.push(generate());
      return made.at(-1)!;
    };
    const { network } = await summed(names).finally(() => (KeyPair.generate = generate));
    for (const { from, body } of network.seen.filter(isKey))
      pairs[from] = made.find(({ publicKey }) => publicKey === (JSON.parse(body as string) as { mask: string }).mask)!;
    const plain = names.flatMap((name) => elementsOf(vectorOf(name)));
    for (const victim of names) {
      const masked = fromBytes(network.vectors(victim)[0]!, 3);
      expect(elementsOf(masked).filter((element) => plain.includes(element))).toEqual([]);
      for (const spy of names.filter((name) => name !== victim)) {
        const left = masked.slice();
        // The spy's own mask with the victim, which it knows, has the other sign.
        applyPairMask(left, pairs[spy]!, spy, { name: victim, maskKey: pairs[victim]!.publicKey });
        expect(elementsOf(left).filter((element) => plain.includes(element))).toEqual([]);
        // Both of the others together know all its masks.
        const third = names.find((name) => name !== victim && name !== spy)!;
        applyPairMask(left, pairs[third]!, third, { name: victim, maskKey: pairs[victim]!.publicKey });
        expect(left).toEqual(vectorOf(victim));
      }
    }
  });

  test('takes new keys and masks each time, and so does another attempt, also where a party has its old key again', async () => {
    const names = NAMES.slice(0, 3);
    let old: string | Uint8Array | undefined;
    const again: Change = (message) =>
      message.from === 'carol' && isKey(message) ? (old ??= message.body) : message.body;
    const runs = [await summed(names, { sums: 3 }), await summed(names, { sums: 3 })];
    const replayed = new MeshNetwork(names, again);
    const parties = names.map((name) => new SumAmongAll(replayed.party(name), names));
    for (let sum = 0; sum < 3; sum += 1) await Promise.all(names.map((name, at) => parties[at]!.add(vectorOf(name))));
    for (const networks of [runs.map(({ network }) => network), [replayed]])
      for (const [from, to] of [
        ['alice', 'bob'],
        ['bob', 'alice'],
      ] as const) {
        const sent = networks.flatMap((network) => network.vectors(from, to));
        expect(sent).toHaveLength(3 * networks.length);
        // All are of the same vector.
        const elements = sent.flatMap((bytes) => elementsOf(fromBytes(bytes, 3)));
        expect(new Set(elements).size).toBe(elements.length);
      }
    const keys = runs.flatMap(({ network }) => network.seen.filter((each) => isKey(each) && each.to === 'alice'));
    expect(new Set(keys.map(({ body }) => body)).size).toBe(keys.length);
  });

  test('of one party is none', () => {
    const network = new MeshNetwork(['alice']);
    expect(() => new SumAmongAll(network.party('alice'), ['alice'])).toThrow(/alone/);
  });
});

describe('a party that lies in a sum', () => {
  test('gets no vector for the key of another party as its own: the same party would be in the sum twice', async () => {
    const names = NAMES.slice(0, 3);
    const network = new MeshNetwork(names);
    // Carol waits for the keys of both, and says that each is hers to the other one.
    const carol = network.party('carol');
    const ends = ['alice', 'bob'].map((name) =>
      new SumAmongAll(network.party(name), names).add(vectorOf(name)).catch((error: unknown) => error),
    );
    const [ofAlice, ofBob] = await Promise.all(
      ['alice', 'bob'].map((name) => carol.receiveJson<{ mask: string }>(name)),
    );
    await carol.send('alice', ofBob!);
    await carol.send('bob', ofAlice!);
    expect(await Promise.all(ends)).toEqual([
      expect.objectContaining(failed('PROTOCOL_VIOLATION', /^Party carol sent the key of bob as its own\.$/)),
      expect.objectContaining(failed('PROTOCOL_VIOLATION', /^Party carol sent the key of alice as its own\.$/)),
    ]);
    expect(network.seen.filter(isVector)).toEqual([]);
  });

  test('gets no vector for the own key of a party, sent back', async () => {
    const network = new MeshNetwork(['alice', 'bob']);
    const end = new SumAmongAll(network.party('alice'), ['alice', 'bob']).add(vectorOf('alice'));
    const bob = network.party('bob');
    await bob.send('alice', await bob.receiveJson<{ mask: string }>('alice'));
    await expect(end).rejects.toMatchObject(failed('PROTOCOL_VIOLATION', /bob sent the key of alice as its own/));
    expect(network.seen.filter(isVector)).toEqual([]);
  });

  test('by the same key would have other masks under another name', () => {
    const [own, other] = [KeyPair.generate(), KeyPair.generate()];
    const masks = ['bob', 'carol', 'Bob'].map((name) => {
      const mask = zeros(1);
      applyPairMask(mask, own, 'alice', { name, maskKey: other.publicKey });
      return elementsOf(mask)[0];
    });
    expect(new Set(masks).size).toBe(3);
  });

  test.each<[string, (key: Buffer) => string]>([
    [
      'with another last bit',
      (key) => Buffer.concat([key.subarray(0, 31), Buffer.of(key[31]! | 0x80)]).toString('base64url'),
    ],
    ['in other letters', (key) => `${key.toString('base64url')}=`],
  ])('gets no vector for the key of another party %s', async (_, written) => {
    let ofBob: string | undefined;
    const change: Change = (message) => {
      if (message.from === 'bob' && isKey(message))
        ofBob ??= (JSON.parse(message.body as string) as { mask: string }).mask;
      if (message.from !== 'carol' || !isKey(message)) return message.body;
      return JSON.stringify({ mask: written(Buffer.from(ofBob!, 'base64url')) });
    };
    const { ends, network } = await summed(NAMES.slice(0, 3), { change });
    expect(ends[0]).toEqual(failed('PROTOCOL_VIOLATION', /^Party carol sent what is no key\.$/));
    expect(network.vectors('alice')).toEqual([]);
  });

  test.each<[string, string]>([
    ['a key of low order', Buffer.alloc(32).toString('base64url')],
    ['a key of another length', Buffer.alloc(31, 1).toString('base64url')],
    ['no key', ''],
  ])('gets no vector for %s, and is named', async (_, mask) => {
    const change: Change = (message) =>
      message.from === 'carol' && isKey(message) ? JSON.stringify({ mask }) : message.body;
    const { ends, network } = await summed(NAMES.slice(0, 3), { change });
    for (const end of ends.slice(0, 2)) expect(end).toEqual(failed('PROTOCOL_VIOLATION', /^Party carol sent/));
    expect(network.seen.filter((message) => isVector(message) && message.from !== 'carol')).toEqual([]);
  });

  test('gives the others different vectors: both see it before they use the sum, and name it', async () => {
    const change: Change = (message) => {
      if (message.from !== 'carol' || message.to !== 'bob' || !(message.body instanceof Uint8Array))
        return message.body;
      const other = message.body.slice();
      other[0]! ^= 1;
      return other;
    };
    const { ends } = await summed(NAMES.slice(0, 3), { change });
    const why = /carol sent (bob and alice|alice and bob) different vectors, or (bob|alice) says so/;
    for (const end of ends.slice(0, 2)) expect(end).toEqual(failed('PROTOCOL_VIOLATION', why));
  });

  test.each([1, -1])('gives a vector of another length, by %i number', async (more) => {
    const change: Change = (message) =>
      message.from === 'carol' && message.to === 'bob' && message.body instanceof Uint8Array
        ? new Uint8Array(message.body.byteLength + more * ELEMENT_BYTES)
        : message.body;
    const { ends } = await summed(NAMES.slice(0, 3), { change });
    expect(ends[1]).toEqual(failed('PROTOCOL_VIOLATION', /^Party carol sent a vector that has not 3 numbers\.$/));
  });
});

describe('a party that is lost', () => {
  test('before its vector leaves no sum at any of the others, and what they have sent stays masked', async () => {
    const names = NAMES.slice(0, 3);
    const change: Change = (message) => (message.from === 'carol' && isVector(message) ? undefined : message.body);
    const { ends, network } = await summed(names, { change });
    for (const end of ends.slice(0, 2)) expect(end).toEqual(failed('PARTY_LOST', /carol was lost/));
    const left = addInto(
      fromBytes(network.vectors('alice', 'bob')[0]!, 3),
      fromBytes(network.vectors('bob', 'alice')[0]!, 3),
    );
    const plain = [...elementsOf(sumOf(['alice', 'bob'])), ...names.flatMap((name) => elementsOf(vectorOf(name)))];
    expect(elementsOf(left).filter((element) => plain.includes(element))).toEqual([]);
    // Nothing that takes masks away is ever said.
    const said = network.seen.filter((message) => !isKey(message) && !isVector(message));
    expect(said).toEqual([]);
  });

  test('has no second sum under the same masks: another try has nothing of the first in it', async () => {
    const names = NAMES.slice(0, 3);
    const change: Change = (message) => (message.from === 'carol' && isVector(message) ? undefined : message.body);
    const [first, second] = [await summed(names, { change }), await summed(names)];
    expect(second.ends).toEqual(names.map(() => sumOf(names)));
    const difference = subtractInto(
      fromBytes(first.network.vectors('alice', 'bob')[0]!, 3),
      fromBytes(second.network.vectors('alice', 'bob')[0]!, 3),
    );
    // The same vector twice: under the same masks nothing would be left.
    expect(elementsOf(difference)).not.toContain(elementsOf(zeros(1))[0]);
  });
});
