import { describe, expect, test } from '@jest/globals';
import { EXP_BITS, MOST_EXPONENT, exponentials } from './exponential.js';
import { jointly } from './joint-for-tests.js';
import { add, decode, encode, toBytes, zeros } from './ring.js';
import { share } from './sharing.js';

const EXPONENTS = Array.from({ length: 401 }, (_, at) => (at / 200 - 1) * MOST_EXPONENT);

async function shared(exponents: readonly number[], seen?: (from: 0 | 1, bytes: Uint8Array) => void) {
  const shares = share(encode(exponents, EXP_BITS));
  return jointly(
    (joint) => exponentials(joint, joint.index === null ? zeros(exponents.length) : shares[joint.index]),
    seen,
  );
}

describe('exp on shares', () => {
  test('is off by 2e-7 of itself and 2^-36 at most, and the same in every run', async () => {
    const runs = await Promise.all([shared(EXPONENTS), shared(EXPONENTS)]);
    const [found, again] = runs.map(([one, other]) => decode(add(one, other), EXP_BITS));
    expect(found).toEqual(again);
    for (const [at, exponent] of EXPONENTS.entries()) {
      const exact = Math.exp(exponent);
      expect(Math.abs(found![at]! - exact)).toBeLessThan(2e-7 * exact + 2 ** -36);
    }
  });

  test('takes 37 rounds, and sends nothing that repeats', async () => {
    const messages: string[] = [];
    for (let run = 0; run < 2; run += 1)
      await shared([1, 1, 1, 1], (from, bytes) => from === 0 && messages.push(Buffer.from(bytes).toString('hex')));
    expect(messages).toHaveLength(74);
    const long = messages.filter(({ length }) => length >= 64);
    expect(new Set(long).size).toBe(long.length);
    const plain = Buffer.from(toBytes(encode([1], EXP_BITS))).toString('hex');
    expect(long.some((message) => message.includes(plain))).toBe(false);
  });
});
