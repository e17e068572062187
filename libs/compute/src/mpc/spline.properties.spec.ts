import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PieceReceiver, PieceSender } from './pieces.js';
import { add, decode, encode } from './ring.js';
import { anySet, dealAnySet } from './shared-bits.js';
import { share } from './sharing.js';
import { SIGMOID, SLOPE_BITS, dealSpline, spline, type Change } from './spline.js';
import { together } from './together-for-tests.js';

const BITS = 74;

async function valuesOf(numbers: readonly number[], changes: readonly Change[], slopeBits: number): Promise<number[]> {
  const shares = share(encode(numbers, BITS));
  const [first, second] = await together(
    (session) => spline(session, new PieceReceiver(session.dealer), shares[session.index], BITS, changes),
    async (parties) => {
      const line = new PieceSender(parties[1].channel);
      await dealSpline(parties, line, numbers.length, changes.length);
      await line.flush();
    },
  );
  return [...decode(add(first, second), BITS + slopeBits)];
}

describe('lines of pieces on shares', () => {
  test('stay within 0.00094 of the sigmoid, and give the same in every run', async () => {
    const numbers = [...Array.from({ length: 2401 }, (_, at) => (at - 1200) / 100), -1e6, 1e6, 0];
    const values = await valuesOf(numbers, SIGMOID, SLOPE_BITS);
    const errors = values.map((value, at) => Math.abs(value - 1 / (1 + Math.exp(-numbers[at]!))));
    expect(Math.max(...errors)).toBeLessThan(0.00094);
    expect(Math.max(...errors)).toBeGreaterThan(0.0005);
    expect(await valuesOf(numbers, SIGMOID, SLOPE_BITS)).toEqual(values);
  });
});

describe('whether any of many shared bits is set', () => {
  test('is opened, and nothing else', async () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(bytes, fc.constantFrom('none', 'one', 'any'), fc.nat(), async (mask, kind, place) => {
        const bits = mask.map((byte) => (kind === 'any' ? byte : 0));
        if (kind === 'one') bits[place % bits.length] = 1 << (place & 7);
        const shares = [mask, mask.map((byte, at) => byte ^ bits[at]!)] as const;
        const found = await together(
          (session) => anySet(session, new PieceReceiver(session.dealer), shares[session.index]!),
          async (parties) => {
            const line = new PieceSender(parties[1].channel);
            await dealAnySet(parties, line, mask.length);
            await line.flush();
          },
        );
        const expected = bits.some((byte) => byte > 0);
        expect(found).toEqual([expected, expected]);
      }),
    );
  });
});
