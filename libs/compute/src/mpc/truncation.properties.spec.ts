import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PieceReceiver, PieceSender } from './pieces.js';
import { WORDS, add, fromBytes, lengthOf, toBytes, type RingVector } from './ring.js';
import { share } from './sharing.js';
import { together } from './together-for-tests.js';
import { dealTruncation, truncate, type Cut } from './truncation.js';

const MASK = 0xffff_ffffn;
const vectorOf = (wholes: readonly bigint[]): RingVector =>
  Uint32Array.from(
    wholes.flatMap((whole) => [0n, 32n, 64n, 96n].map((by) => Number((BigInt.asUintN(128, whole) >> by) & MASK))),
  );
const wholes = (vector: RingVector): bigint[] =>
  Array.from({ length: lengthOf(vector) }, (_, at) =>
    BigInt.asIntN(
      128,
      vector.subarray(at * WORDS, (at + 1) * WORDS).reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n),
    ),
  );

/** The numbers shared, truncated, and put together. */
async function truncated(
  numbers: readonly bigint[],
  cuts: readonly Cut[],
  seen?: (from: 0 | 1, bytes: Uint8Array) => void,
): Promise<bigint[]> {
  const shares = share(vectorOf(numbers));
  const [first, second] = await together(
    (session) => truncate(session, new PieceReceiver(session.dealer), shares[session.index], cuts),
    async (parties) => {
      const line = new PieceSender(parties[1].channel);
      await dealTruncation(parties, line, cuts);
      await line.flush();
    },
    seen,
  );
  return wholes(add(first, second));
}

const LARGEST = (1n << 126n) - 1n;

describe('truncation with the dealer', () => {
  test('errs by less than one unit for 20,000 draws of the largest numbers, which local truncation gets wrong', async () => {
    for (const number of [LARGEST, -LARGEST - 1n, 0n, -1n]) {
      const count = 5_000;
      const kept = await truncated(Array<bigint>(count).fill(number), [{ count, bits: 40 }]);
      const floor = number >> 40n;
      expect(kept.filter((value) => value !== floor && value !== floor + 1n)).toEqual([]);
    }
  });

  test('errs by less than one unit for any numbers and cuts', async () => {
    const number = fc.oneof(
      fc.bigInt({ min: -LARGEST - 1n, max: LARGEST }),
      fc.bigInt({ min: -1000n, max: 1000n }),
      fc.nat(125).map((bits) => -(1n << BigInt(bits))),
    );
    const cut = fc.record({ numbers: fc.array(number, { maxLength: 20 }), bits: fc.integer({ min: 1, max: 96 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(cut, { minLength: 1, maxLength: 3 }), async (cuts) => {
        const kept = await truncated(
          cuts.flatMap(({ numbers }) => numbers),
          cuts.map(({ numbers, bits }) => ({ count: numbers.length, bits })),
        );
        const floors = cuts.flatMap(({ numbers, bits }) => numbers.map((value) => value >> BigInt(bits)));
        kept.forEach((value, at) => expect([floors[at], floors[at]! + 1n]).toContain(value));
      }),
    );
  });

  test('rounds up as often as what is cut off says', async () => {
    const count = 20_000;
    const kept = await truncated(Array<bigint>(count).fill(-3n << 38n), [{ count, bits: 40 }]);
    const mean = kept.reduce((sum, value) => sum + Number(value), 0) / count;
    expect(Math.abs(mean + 0.75)).toBeLessThan(0.02);
  });

  test('shows the peer only what is uniform, and opens only what is', async () => {
    const crossed: [Uint8Array[], Uint8Array[]] = [[], []];
    const count = 10_000;
    await truncated(Array<bigint>(count).fill(1n), [{ count, bits: 26 }], (from, bytes) => crossed[from].push(bytes));
    const messages = crossed.map((bytes) => Buffer.concat(bytes));
    expect(messages.map(({ length }) => length)).toEqual([count * 16, count * 16]);
    const [first, second] = messages.map((bytes) => fromBytes(bytes, count)) as [RingVector, RingVector];
    for (const bytes of [...messages, toBytes(add(first, second))]) {
      const counts = new Float64Array(256);
      for (const byte of bytes) counts[byte]! += 1;
      const even = bytes.length / 256;
      expect(counts.reduce((sum, seen) => sum + (seen - even) ** 2 / even, 0)).toBeLessThan(400);
    }
  });
});
