import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inProcessLine } from './channel.js';
import { PRODUCT_BITS, crossProduct, dealCrossProduct } from './cross-product.js';
import { FEATURE_BITS, STATE_BITS, add, decode, encode, toBytes } from './ring.js';
import { factorOf, reveal, share, timesWhole } from './sharing.js';
import { dealSumOfSquares, sumOfSquares } from './squares.js';
import { together } from './together-for-tests.js';
import { VerticalDealer, VerticalMatrix } from './vertical-matrix.js';

/** Fraction bits of a vector whose squares fit. */
const VECTOR_BITS = 36;
const number = fc.double({ min: -1000, max: 1000, noNaN: true });
const numbers = fc.array(number, { minLength: 1, maxLength: 30 });

describe('shares', () => {
  test('reconstruct', async () => {
    await fc.assert(
      fc.asyncProperty(numbers, async (secret) => {
        const vector = encode(secret, FEATURE_BITS);
        const [first, second] = share(vector);
        expect(add(first, second)).toEqual(vector);
        const [end0, end1] = inProcessLine();
        const [seen0, seen1] = await Promise.all([reveal(end0, first), reveal(end1, second)]);
        expect([seen0, seen1]).toEqual([vector, vector]);
      }),
    );
  });

  test('look uniform one by one, whatever the secret', () => {
    // Chi-squared over the 256 byte values, 255 degrees of freedom: beyond 400 in under one run of 10^7.
    for (const secret of [0, 1, -1, 12345.678]) {
      for (const which of [0, 1] as const) {
        const bytes = toBytes(share(encode(Array(20_000).fill(secret), FEATURE_BITS))[which]);
        const counts = new Float64Array(256);
        for (const byte of bytes) counts[byte]! += 1;
        const expected = bytes.length / 256;
        const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
        expect(chi).toBeLessThan(400);
        expect(chi).toBeGreaterThan(130);
      }
    }
  });

  test('times a public factor are the shares of the product', () => {
    const factor = fc.oneof(fc.double({ min: 1e-9, max: 4e9, noNaN: true }), fc.constantFrom(0, 1e-40, 1, 2 ** 26));
    fc.assert(
      fc.property(number, factor, (secret, by) => {
        const { mantissa, bits } = factorOf(by);
        const [first, second] = share(encode([secret], STATE_BITS)).map((part) => timesWhole(part, mantissa));
        const product = decode(add(first!, second!), STATE_BITS + bits)[0]!;
        const bound = Math.abs(secret * by) * 2 ** -25 + by * 2 ** -STATE_BITS + Math.abs(secret) * 2 ** -96;
        expect(Math.abs(product - secret * by)).toBeLessThanOrEqual(bound);
      }),
    );
  });
});

describe('products', () => {
  const shape = fc.record({
    rows: fc.integer({ min: 1, max: 70 }),
    columns: fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 4 })),
    seed: fc.integer({ min: 1, max: 1000 }),
  });
  const filled = (length: number, seed: number): Float64Array =>
    Float64Array.from({ length }, (_, index) => Math.sin(seed * (index + 1)) * 3);

  test('of a vertical matrix equal plain ones, from both sides and for a run of rows', async () => {
    await fc.assert(
      fc.asyncProperty(shape, async ({ rows, columns, seed }) => {
        const values = [filled(rows * columns[0], seed), filled(rows * columns[1], seed + 1)] as const;
        const weights = [filled(columns[0], seed + 2), filled(columns[1], seed + 3)] as const;
        const from = Math.floor(rows / 3);
        const vector = filled(rows - from, seed + 4);
        const sharedWeights = weights.map((slice) => share(encode(slice, STATE_BITS)));
        const sharedVector = share(encode(vector, VECTOR_BITS));

        const [first, second] = await together(
          async (session) => {
            const own = session.index;
            const other = own === 0 ? 1 : 0;
            const matrix = await VerticalMatrix.mask(session, values[own], rows, columns[own], columns[other]);
            const part = matrix.rows(from, rows);
            const scores = await part.times(sharedWeights[own]![own], sharedWeights[other]![own]);
            const sums = await part.transposedTimes(sharedVector[own]);
            const alone = await sumOfSquares(session, matrix.dealt, sharedVector[own]);
            expect(alone).not.toEqual(sums.squares);
            return { scores, ...sums, alone };
          },
          async (parties) => {
            const dealer = new VerticalDealer(parties, columns);
            const part = dealer.rows(from, rows);
            await part.times();
            await part.transposedTimes();
            await dealSumOfSquares(parties, dealer.lines[1], rows - from);
            await dealer.end();
          },
        );

        const scores = decode(add(first.scores, second.scores), FEATURE_BITS + STATE_BITS);
        const cell = (party: 0 | 1, row: number, column: number): number =>
          values[party][row * columns[party] + column]!;
        for (let row = from; row < rows; row += 1) {
          let plain = 0;
          for (const party of [0, 1] as const)
            weights[party].forEach((w, column) => (plain += w * cell(party, row, column)));
          expect(Math.abs(scores[row - from]! - plain)).toBeLessThan(2 ** -20);
        }
        const squares = add(first.squares, second.squares);
        expect(add(first.alone, second.alone)).toEqual(squares);
        const sum = vector.reduce((total, v) => total + v * v, 0);
        expect(Math.abs(decode(squares, 2 * VECTOR_BITS)[0]! - sum)).toBeLessThan(2 ** -20);
        const sums = [add(first.own, second.peer), add(first.peer, second.own)].map((sum) =>
          decode(sum, FEATURE_BITS + VECTOR_BITS),
        );
        for (const party of [0, 1] as const) {
          sums[party]!.forEach((sum, column) => {
            const plain = vector.reduce((total, v, row) => total + v * cell(party, from + row, column), 0);
            expect(Math.abs(sum - plain)).toBeLessThan(2 ** -18);
          });
        }
      }),
      { numRuns: 40 },
    );
  });

  test('of the columns of two parties equal plain ones, exactly as far as numbers are kept', async () => {
    await fc.assert(
      fc.asyncProperty(shape, async ({ rows, columns, seed }) => {
        const own = columns.map((count, party) => ({
          rows,
          columns: count,
          values: filled(rows * count, seed + party).map((value) => value / 3),
        }));
        const [first, second] = await together(
          async (session) => crossProduct(session, own[session.index]!, columns[session.index === 0 ? 1 : 0]),
          (parties) => dealCrossProduct(parties, rows, columns),
        );
        const product = decode(add(first, second), PRODUCT_BITS);
        expect(product).toHaveLength(columns[0] * columns[1]);
        product.forEach((value, at) => {
          const [left, right] = [Math.floor(at / columns[1]), at % columns[1]];
          let plain = 0;
          for (let row = 0; row < rows; row += 1) {
            plain += own[0]!.values[row * columns[0] + left]! * own[1]!.values[row * columns[1] + right]!;
          }
          expect(Math.abs(value - plain)).toBeLessThan(1e-12);
        });
      }),
      { numRuns: 40 },
    );
  });

  test('show the peer only what is uniform', async () => {
    const values = new Float64Array(20_000).fill(1);
    const crossed: Uint8Array[] = [];
    await together(
      (session) => VerticalMatrix.mask(session, values, 20_000, 1, 1).then(() => null),
      async () => {},
      (_, bytes) => crossed.push(bytes),
    );
    const bytes = Buffer.concat(crossed);
    expect(bytes.length).toBe(2 * 20_000 * 16);
    const counts = new Float64Array(256);
    for (const byte of bytes) counts[byte]! += 1;
    const expected = bytes.length / 256;
    expect(counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)).toBeLessThan(400);
  });
});
