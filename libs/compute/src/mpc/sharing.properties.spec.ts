import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inProcessLine } from './channel.js';
import { PRODUCT_BITS, crossProduct, dealCrossProduct } from './cross-product.js';
import { FEATURE_BITS, STATE_BITS, add, decode, encode, toBytes } from './ring.js';
import { factorOf, reveal, share, timesWhole } from './sharing.js';
import { together } from './together-for-tests.js';

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
});
