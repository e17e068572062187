import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PieceReceiver, PieceSender } from './pieces.js';
import { STATE_BITS, WORDS, add, encode, lengthOf, type RingVector } from './ring.js';
import { dealNegative, negative } from './shared-bits.js';
import { share } from './sharing.js';
import { dealSoftThreshold, softThreshold } from './soft-threshold.js';
import { together } from './together-for-tests.js';

/** Both parties' signs of the values that they share, put together. */
async function signsOf(values: RingVector, shares = share(values)): Promise<boolean[]> {
  const count = lengthOf(values);
  const [first, second] = await together(
    (session) => negative(session, new PieceReceiver(session.dealer), shares[session.index]),
    async (parties) => {
      const line = new PieceSender(parties[1].channel);
      await dealNegative(parties, line, count);
      await line.flush();
    },
  );
  return Array.from({ length: count }, (_, at) => (((first[at >> 3]! ^ second[at >> 3]!) >> (at & 7)) & 1) === 1);
}

/** The shared numbers moved towards 0, twice in a row, and put together. */
async function movedTwice(
  numbers: readonly number[],
  by: number,
  seen?: (from: 0 | 1, bytes: Uint8Array) => void,
): Promise<RingVector> {
  const shares = share(encode(numbers, STATE_BITS));
  const [first, second] = await together(
    async (session) => {
      const dealt = new PieceReceiver(session.dealer);
      const once = await softThreshold(session, dealt, shares[session.index], by);
      return softThreshold(session, dealt, once, by);
    },
    async (parties) => {
      const line = new PieceSender(parties[1].channel);
      for (let turn = 0; turn < 2; turn += 1) await dealSoftThreshold(parties, line, numbers.length);
      await line.flush();
    },
    seen,
  );
  return add(first, second);
}

/** The elements as whole numbers. */
const wholes = (vector: RingVector): bigint[] =>
  Array.from({ length: lengthOf(vector) }, (_, at) =>
    BigInt.asIntN(
      128,
      vector.subarray(at * WORDS, (at + 1) * WORDS).reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n),
    ),
  );
const moved = (x: bigint, by: bigint): bigint => (x > by ? x - by : x < -by ? x + by : 0n);

describe('the sign of shared numbers', () => {
  const word = fc.oneof(fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff), fc.nat(0xffffffff));
  const words = fc.array(fc.tuple(word, word, word, word), { minLength: 1, maxLength: 20 });

  test('is their top bit, whatever carries between the shares', async () => {
    await fc.assert(
      fc.asyncProperty(words, async (elements) => {
        const values = Uint32Array.from(elements.flat());
        const signs = elements.map((element) => element[WORDS - 1]! >>> 31 === 1);
        expect(await signsOf(values)).toEqual(signs);
        // Shares of many equal bits, so that carries run far.
        const ones = new Uint32Array(values.length).fill(0xffffffff);
        expect(await signsOf(values, [ones, add(values, encode(Array<number>(elements.length).fill(1), 0))])).toEqual(
          signs,
        );
      }),
    );
  });

  test('tells numbers around 0 apart', async () => {
    const least = 2 ** -STATE_BITS;
    const numbers = [-1e6, -1, -least, 0, least, 1, 1e6];
    expect(await signsOf(encode(numbers, STATE_BITS))).toEqual(numbers.map((x) => x < 0));
  });
});

describe('the soft threshold of shared numbers', () => {
  const number = fc.oneof(
    fc.double({ min: -1000, max: 1000, noNaN: true }),
    fc.constantFrom(0, 0.5, -0.5, 2 ** -STATE_BITS, -(2 ** 20)),
  );

  test('is the plain one, exactly', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(number, { minLength: 1, maxLength: 20 }),
        fc.oneof(fc.constantFrom(0, 0.5, 1e-9), fc.double({ min: 0, max: 300, noNaN: true })),
        async (numbers, by) => {
          const before = wholes(encode(numbers, STATE_BITS));
          const [step] = wholes(encode([by], STATE_BITS)) as [bigint];
          expect(wholes(await movedTwice(numbers, by))).toEqual(before.map((x) => moved(moved(x, step), step)));
        },
      ),
    );
  });

  test('shows the peer only what is uniform, for numbers that are all the same', async () => {
    for (const secret of [0, 1, -3]) {
      const crossed: Uint8Array[] = [];
      await movedTwice(Array<number>(1600).fill(secret), 0.5, (_, bytes) => crossed.push(bytes));
      const bytes = Buffer.concat(crossed);
      expect(bytes.length).toBe(2 * 2 * (3200 * 16 + 2 * 254 * 400 + 3200 * 16 + 400));
      const counts = new Float64Array(256);
      for (const byte of bytes) counts[byte]! += 1;
      const even = bytes.length / 256;
      expect(counts.reduce((sum, count) => sum + (count - even) ** 2 / even, 0)).toBeLessThan(400);
    }
  });
});
