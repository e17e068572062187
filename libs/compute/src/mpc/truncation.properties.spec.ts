import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { xor } from './bit-strings.js';
import { dealMaskingCut, maskingCut } from './masked-cut.js';
import { openTogether, plain } from './masked.js';
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
  { cut = truncate, deal = dealTruncation } = {},
): Promise<bigint[]> {
  const shares = share(vectorOf(numbers));
  const [first, second] = await together(
    (session) => cut(session, new PieceReceiver(session.dealer), shares[session.index], cuts),
    async (parties) => {
      const line = new PieceSender(parties[1].channel);
      await deal(parties, line, cuts);
      await line.flush();
    },
    seen,
  );
  return wholes(add(first, second));
}

/** As `truncate` and `dealTruncation`, rounded down or up. */
const near: { cut: typeof truncate; deal: typeof dealTruncation } = {
  cut: async (session, dealt, values, cuts) => {
    const [masked] = await openTogether(session, [await maskingCut(session, dealt, values, cuts[0]!.bits)]);
    return plain(session, masked!);
  },
  deal: async (parties, line, cuts) => void (await dealMaskingCut(parties, line, cuts[0]!.count, cuts[0]!.bits)),
};

const LARGEST = (1n << 126n) - 1n;

describe('truncation with the dealer', () => {
  const number = fc.oneof(
    fc.bigInt({ min: -LARGEST - 1n, max: LARGEST }),
    fc.bigInt({ min: -1000n, max: 1000n }),
    fc
      .record({ bits: fc.nat(125), sign: fc.constantFrom(1n, -1n), by: fc.constantFrom(-1n, 0n, 1n) })
      .map(({ bits, sign, by }) => sign * (1n << BigInt(bits)) + by),
  );

  test('rounds down 20,000 draws of the largest numbers and of those next to a unit', async () => {
    const unit = 1n << 40n;
    for (const whole of [LARGEST, -LARGEST - 1n, 0n, -1n, unit, unit - 1n, -unit, -unit - 1n]) {
      const count = 2_500;
      const kept = await truncated(Array<bigint>(count).fill(whole), [{ count, bits: 40 }]);
      expect(kept.filter((value) => value !== whole >> 40n)).toEqual([]);
    }
  });

  test('rounds down any numbers and cuts, exactly', async () => {
    const cut = fc.record({ numbers: fc.array(number, { maxLength: 20 }), bits: fc.integer({ min: 0, max: 96 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(cut, { minLength: 1, maxLength: 3 }), async (cuts) => {
        const kept = await truncated(
          cuts.flatMap(({ numbers }) => numbers),
          cuts.map(({ numbers, bits }) => ({ count: numbers.length, bits })),
        );
        expect(kept).toEqual(cuts.flatMap(({ numbers, bits }) => numbers.map((value) => value >> BigInt(bits))));
      }),
    );
  });

  test('in one round errs by one unit upwards at most, as often as keeps the mean', async () => {
    const cut = fc.record({ numbers: fc.array(number, { maxLength: 20 }), bits: fc.integer({ min: 1, max: 96 }) });
    await fc.assert(
      fc.asyncProperty(cut, async ({ numbers, bits }) => {
        const messages: number[] = [];
        const kept = await truncated(numbers, [{ count: numbers.length, bits }], (from) => messages.push(from), near);
        expect(messages).toEqual([0, 1]);
        for (const [at, value] of numbers.entries()) {
          const unit = 1n << BigInt(bits);
          expect([0n, value % unit === 0n ? 0n : 1n]).toContain(kept[at]! - (value >> BigInt(bits)));
        }
      }),
    );
    const count = 20_000;
    const kept = await truncated(Array<bigint>(count).fill(-(1n << 70n) + 3n), [{ count, bits: 2 }], undefined, near);
    const up = kept.filter((each) => each > -(1n << 68n)).length;
    // 3/4, within five standard deviations.
    expect(Math.abs(up / count - 3 / 4)).toBeLessThan(5 * Math.sqrt(3 / 16 / count));
  });

  test('shows the peer only what is uniform, and opens only what is', async () => {
    const crossed: [Uint8Array[], Uint8Array[]] = [[], []];
    const count = 10_000;
    await truncated(Array<bigint>(count).fill(1n), [{ count, bits: 26 }], (from, bytes) => crossed[from].push(bytes));
    // Masked numbers; 7 digits in two groups of 4, of which one compares nothing above; 2 runs.
    const bits = [2 * 7, 3].map((factors) => (factors * count) / 8);
    expect(crossed[0].map(({ length }) => length)).toEqual([16 * count, ...bits]);
    const opened = crossed[0].map((bytes, round) =>
      round === 0
        ? toBytes(add(fromBytes(bytes, count), fromBytes(crossed[1][round]!, count)))
        : xor(bytes, crossed[1][round]!),
    );
    for (const bytes of [...crossed[0], ...crossed[1], ...opened]) {
      const counts = new Float64Array(256);
      for (const byte of bytes) counts[byte]! += 1;
      const even = bytes.length / 256;
      expect(counts.reduce((sum, seen) => sum + (seen - even) ** 2 / even, 0)).toBeLessThan(400);
    }
  });
});
