import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { combine, split } from 'shamir-secret-sharing';
import { STATE_BITS, addInto, decode, encode, toBytes, zeros, type RingVector } from '../mpc/ring.js';
import { KeyPair, seal, unseal } from './mask-keys.js';
import { SumParty } from './masked-sum.js';
import type { SeenMessage } from '../mpc/lines-for-tests.js';
import { StarNetwork } from './network-for-tests.js';
import { SumServer } from './sum-server.js';
import { sharesNeeded } from './warnings.js';

interface Outcome {
  readonly summed: string[];
  readonly lost: string[];
  /** What each party that was not lost has received. */
  readonly received: Record<string, RingVector | null | undefined>;
  readonly seen: readonly SeenMessage[];
}

async function sumOf(
  vectors: Record<string, RingVector>,
  threshold: number,
  losses: Record<string, number> = {},
  receivers = Object.keys(vectors),
): Promise<Outcome> {
  const parties = Object.keys(vectors);
  const network = new StarNetwork(parties, losses);
  const server = new SumServer(network.server(), parties, threshold);
  const running = parties.map(async (party) => {
    const sums = new SumParty(network.party(party), threshold);
    return [party, await network.outlive(sums.add(vectors[party]!, receivers.includes(party)))] as const;
  });
  const summed = await server.sum(receivers);
  return { summed, lost: server.lost, received: Object.fromEntries(await Promise.all(running)), seen: network.seen };
}

const plainSum = (vectors: readonly RingVector[]): RingVector =>
  vectors.reduce((sum, vector) => addInto(sum, vector), zeros(vectors[0]!.length / 4));
const anyNumber = fc.double({ min: -(2 ** 60), max: 2 ** 60, noNaN: true });
const names = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'];

/** Two to six parties with vectors of one length, a threshold over two thirds, and how many may be lost. */
const anySum = fc.integer({ min: 2, max: 6 }).chain((count) =>
  fc.integer({ min: 1, max: 12 }).chain((length) =>
    fc.record({
      threshold: fc.integer({ min: sharesNeeded(count, 2), max: count }),
      vectors: fc
        .array(fc.array(anyNumber, { minLength: length, maxLength: length }), { minLength: count, maxLength: count })
        .map((lists) => Object.fromEntries(lists.map((list, at) => [names[at]!, encode(list, STATE_BITS)]))),
      losses: fc
        .uniqueArray(fc.nat(count - 1), { maxLength: count - 1 })
        .chain((who) =>
          fc
            .array(fc.integer({ min: 1, max: 4 }), { minLength: who.length, maxLength: who.length })
            .map((when) => Object.fromEntries(who.map((at, index) => [names[at]!, when[index]!]))),
        ),
    }),
  ),
);

describe('a secure sum', () => {
  test('is the plain sum of the parties that sent a vector, whoever is lost at whatever point', async () => {
    await fc.assert(
      fc.asyncProperty(anySum, async ({ vectors, threshold, losses }) => {
        const parties = Object.keys(vectors);
        const left = parties.filter((party) => !(party in losses));
        const isTooFew = left.length < threshold;
        if (isTooFew || Object.values(losses).includes(1)) {
          const code = isTooFew ? /^(MIN_PARTIES_NOT_MET|PARTY_LOST)$/ : /^PARTY_LOST$/;
          const expected = { code: expect.stringMatching(code) as unknown, retryable: true };
          await expect(sumOf(vectors, threshold, losses)).rejects.toMatchObject(expected);
          return;
        }
        const { summed, lost, received } = await sumOf(vectors, threshold, losses);
        // Who is lost before the answer to the unmasking has given its vector already.
        expect(summed).toEqual(parties.filter((party) => (losses[party] ?? 4) >= 4).sort());
        expect(lost).toEqual(Object.keys(losses).sort());
        const plain = plainSum(summed.map((party) => vectors[party]!));
        for (const party of left) expect(received[party]).toEqual(plain);
      }),
      { numRuns: 60 },
    );
  });

  test('is a sum of numbers to 48 bits of fraction', async () => {
    const { received } = await sumOf({ a: encode([0.1, -7], STATE_BITS), b: encode([0.2, 2.5], STATE_BITS) }, 2);
    const [first, second] = decode(received.a!, STATE_BITS);
    expect(first).toBeCloseTo(0.3, 12);
    expect(second).toBe(-4.5);
  });

  test('goes to its receivers alone', async () => {
    const one = encode([1], STATE_BITS);
    const { received, seen } = await sumOf({ alice: one, bob: one, carol: one }, 3, {}, ['bob']);
    expect([received.alice, received.carol]).toEqual([null, null]);
    expect(decode(received.bob!, STATE_BITS)[0]).toBe(3);
    const sums = seen.filter(({ body }) => Buffer.from(body as Uint8Array).equals(Buffer.from(toBytes(received.bob!))));
    expect(sums.map(({ to }) => to)).toEqual(['bob']);
  });
});

describe('what crosses', () => {
  const parties = ['alice', 'bob', 'carol', 'dave'];
  const vectors = Object.fromEntries(parties.map((party, at) => [party, encode([at + 1, 2 * at + 1], STATE_BITS)]));
  const jsonOf = (seen: readonly SeenMessage[], party: string, at: number): Record<string, unknown> =>
    JSON.parse(seen.filter(({ from }) => from === party)[at]!.body as string) as Record<string, unknown>;

  test('is public keys, sealed shares, a masked vector, a signature, and one kind of share for each party', async () => {
    const { seen } = await sumOf(vectors, 3, { carol: 3 });
    expect(seen.every(({ from, to }) => from === '#neutral' || to === '#neutral')).toBe(true);
    for (const party of ['alice', 'bob', 'dave']) {
      expect(Object.keys(jsonOf(seen, party, 0)).sort()).toEqual(['mask', 'seal', 'seed', 'sign']);
      expect(Object.keys(jsonOf(seen, party, 1)).sort()).toEqual(parties.filter((name) => name !== party));
      expect(Object.keys(jsonOf(seen, party, 3))).toEqual(['signature']);
      const answer = jsonOf(seen, party, 4) as { seeds: object; keys: object };
      expect([Object.keys(answer.seeds), Object.keys(answer.keys)]).toEqual([['alice', 'bob', 'dave'], ['carol']]);
    }
    expect(seen.filter(({ from }) => from === 'carol')).toHaveLength(2);
  });

  test('never holds a vector in clear, and each run masks it anew', async () => {
    const masked = async (): Promise<string[]> => {
      const { seen } = await sumOf(vectors, 3);
      const bodies = seen.flatMap(({ from, body }) =>
        from !== '#neutral' && typeof body !== 'string' ? [Buffer.from(body).toString('hex')] : [],
      );
      expect(bodies).toHaveLength(4);
      return bodies;
    };
    const [first, second] = [await masked(), await masked()];
    const halves = [...first, ...second].flatMap((hex) => [hex.slice(0, 32), hex.slice(32)]);
    expect(new Set(halves).size).toBe(16);
    for (const vector of Object.values(vectors)) {
      const hex = Buffer.from(toBytes(vector)).toString('hex');
      for (const half of [hex.slice(0, 32), hex.slice(32)]) expect(halves).not.toContain(half);
    }
  });
});

describe('an aggregator', () => {
  test.each<[string, object, object]>([
    ['no keys', { mask: 1e12 }, {}],
    ['no share for a peer', { mask: 'm', seal: 's', sign: 'k', seed: 'c' }, { mallory: 'x' }],
  ])('stops at a party that sends %s', async (_, keys, sealed) => {
    const network = new StarNetwork(['alice', 'bob']);
    const server = new SumServer(network.server(), ['alice', 'bob'], 2);
    const { send } = network.party('alice');
    await send('#neutral', keys as never);
    await send('#neutral', sealed as never);
    const bob = network.outlive(new SumParty(network.party('bob'), 2).add(encode([1], STATE_BITS)));
    bob.catch(() => undefined);
    await expect(server.sum(['alice'])).rejects.toMatchObject({
      code: 'PROTOCOL_VIOLATION',
      details: { party: 'alice' },
    });
  });
});

describe('keys and shares', () => {
  test('any threshold of the shares gives the secret again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc
          .integer({ min: 2, max: 9 })
          .chain((count) => fc.tuple(fc.constant(count), fc.integer({ min: 2, max: count }))),
        fc.infiniteStream(fc.nat()),
        async (secret, [count, threshold], picks) => {
          const shares = await split(secret, count, threshold);
          const chosen = shares
            .map((share) => ({ share, key: picks.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .slice(0, threshold)
            .map(({ share }) => share);
          expect(await combine(chosen)).toEqual(secret);
          if (threshold > 2) expect(await combine(chosen.slice(1))).not.toEqual(secret);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('two owners agree, on another value for each use; a restored key agrees too; a wrong one is refused', () => {
    const [one, other] = [KeyPair.generate(), KeyPair.generate()];
    const agreed = one.agree(other.publicKey, 'x');
    expect(other.agree(one.publicKey, 'x')).toEqual(agreed);
    expect(other.agree(one.publicKey, 'y')).not.toEqual(agreed);
    expect(KeyPair.restore(one.secret(), one.publicKey).agree(other.publicKey, 'x')).toEqual(agreed);
    expect(() => KeyPair.restore(one.secret(), other.publicKey)).toThrow();
  });

  test('what is sealed opens unchanged with its key alone', () => {
    const [key, wrong] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const sealed = seal(key, Buffer.from('share'));
    expect(Buffer.from(unseal(key, sealed)).toString()).toBe('share');
    expect(() => unseal(wrong, sealed)).toThrow();
    sealed[14]! ^= 1;
    expect(() => unseal(key, sealed)).toThrow();
  });
});
