import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inProcessLine } from './channel.js';
import { PRODUCT_BITS, crossProduct, dealCrossProduct } from './cross-product.js';
import { FEATURE_BITS, STATE_BITS, add, decode, encode, toBytes, type RingVector } from './ring.js';
import { reveal, scale, share, truncateInto } from './sharing.js';
import { together } from './together-for-tests.js';
import { VerticalDealer, VerticalMatrix } from './vertical-matrix.js';

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

  test('lose at most one last place in truncation', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 40 }), (secret, bits) => {
        const [first, second] = share(encode(secret, STATE_BITS + bits));
        const kept = decode(add(truncateInto(first, 0, bits), truncateInto(second, 1, bits)), STATE_BITS);
        secret.forEach((value, index) =>
          expect(Math.abs(kept[index]! - value)).toBeLessThanOrEqual(2 ** (1 - STATE_BITS)),
        );
      }),
    );
  });

  test('scale by a public number', () => {
    const factor = fc.oneof(
      fc.double({ min: -4e9, max: 4e9, noNaN: true }),
      fc.double({ min: -1e-3, max: 1e-3, noNaN: true }),
    );
    fc.assert(
      fc.property(number, factor, (secret, by) => {
        const [first, second] = share(encode([secret], STATE_BITS));
        const product = decode(add(scale(first, 0, by), scale(second, 1, by)), STATE_BITS)[0]!;
        // The factor's own rounding, the secret's last place times the factor, and the truncation.
        const bound = Math.abs(secret * by) * 2 ** -25 + Math.abs(by) * 2 ** -STATE_BITS + 2 ** -40;
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
        const sharedVector = share(encode(vector, STATE_BITS));
        const sharedSquared = share(encode(vector, FEATURE_BITS));

        const [first, second] = await together(
          async (session) => {
            const own = session.index;
            const other = own === 0 ? 1 : 0;
            const matrix = await VerticalMatrix.mask(session, values[own], rows, columns[own], columns[other]);
            const part = await matrix.rows(from, rows);
            const scores = await part.times(sharedWeights[own]![own], sharedWeights[other]![own]);
            const sums = await part.transposedTimes(sharedVector[own], sharedSquared[own]);
            const cut = (share: RingVector): RingVector => truncateInto(share, own, FEATURE_BITS);
            return { scores: cut(scores), own: cut(sums.own), peer: cut(sums.peer), squares: sums.squares };
          },
          async (parties) => {
            const dealer = new VerticalDealer(parties, columns);
            await dealer.deal(from, rows);
            await dealer.end();
          },
        );

        const scores = decode(add(first.scores, second.scores), STATE_BITS);
        const cell = (party: 0 | 1, row: number, column: number): number =>
          values[party][row * columns[party] + column]!;
        for (let row = from; row < rows; row += 1) {
          let plain = 0;
          for (const party of [0, 1] as const)
            weights[party].forEach((w, column) => (plain += w * cell(party, row, column)));
          expect(Math.abs(scores[row - from]! - plain)).toBeLessThan(2 ** -20);
        }
        const squares = decode(add(first.squares, second.squares), 2 * FEATURE_BITS)[0]!;
        expect(Math.abs(squares - vector.reduce((sum, v) => sum + v * v, 0))).toBeLessThan(2 ** -16);
        const sums = [add(first.own, second.peer), add(first.peer, second.own)].map((sum) => decode(sum, STATE_BITS));
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
