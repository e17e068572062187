import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import sodium from 'sodium-native';
import { BlindingScalar, KeyHasher, POINT_BYTES, randomOrder } from './curve.js';
import { mapToCurve } from './elligator.js';

const P = 2n ** 255n - 19n;
const toHex = (littleEndian: Uint8Array): string => Buffer.from(littleEndian).reverse().toString('hex');

describe('keys', () => {
  const point = (salt: number, ...fields: string[]): string => {
    const out = Buffer.alloc(POINT_BYTES);
    new KeyHasher(Buffer.alloc(64, salt)).hash(fields, out, 0);
    return out.toString('hex');
  };
  test('do not run together across fields', () => {
    expect(new Set([point(1, 'ab', 'c'), point(1, 'a', 'bc'), point(1, 'abc'), point(1, 'abc', '')]).size).toBe(4);
  });
  test('are equal in either Unicode form', () => expect(point(1, 'e\u0301')).toBe(point(1, '\u00e9')));
  test('give other points under another salt', () => expect(point(1, 'a')).not.toBe(point(2, 'a')));
  test('may be very long', () => {
    expect(point(1, 'x'.repeat(100_000))).not.toBe(point(1, 'x'.repeat(100_001)));
  });
});

describe('blinding', () => {
  const hashed = (): Buffer => {
    const points = Buffer.alloc(20 * POINT_BYTES);
    const hasher = new KeyHasher(Buffer.alloc(64, 3));
    for (let i = 0; i < 20; i += 1) hasher.hash([`k${i}`], points, i);
    mapToCurve(points, 20);
    return points;
  };

  test('commutes, and no point is blinded to itself', () => {
    const points = hashed();
    const [a, b] = [new BlindingScalar(), new BlindingScalar()];
    expect(a.multiply(b.multiply(points)).equals(b.multiply(a.multiply(points)))).toBe(true);
    expect(a.multiply(points).equals(points)).toBe(false);
  });

  test('refuses points of small order', () => {
    expect(() => new BlindingScalar().multiply(Buffer.alloc(POINT_BYTES))).toThrow(/small order/);
  });

  test('agrees with an independent libsodium (WebAssembly), on Edwards points and on u-coordinates', async () => {
    const wasm = createRequire(import.meta.url)('libsodium-wrappers-sumo') as Record<
      string,
      (...args: Uint8Array[]) => Uint8Array
    > & {
      ready: Promise<void>;
    };
    await wasm.ready;
    const edwards = Buffer.alloc(20 * POINT_BYTES);
    const points = Buffer.alloc(edwards.length);
    for (let at = 0; at < edwards.length; at += POINT_BYTES) {
      const point = edwards.subarray(at, at + POINT_BYTES);
      sodium.crypto_core_ed25519_from_uniform(point, randomBytes(POINT_BYTES));
      sodium.crypto_sign_ed25519_pk_to_curve25519(points.subarray(at, at + POINT_BYTES), point);
    }
    const scalar = Buffer.alloc(32, 5);
    for (let at = 0; at < points.length; at += POINT_BYTES) {
      const u = points.subarray(at, at + POINT_BYTES);
      const native = Buffer.alloc(POINT_BYTES);
      sodium.crypto_scalarmult(native, scalar, u);
      expect(Buffer.from(wasm.crypto_scalarmult!(scalar, u)).equals(native)).toBe(true);
      // The same product on the Edwards curve, then mapped: u = (1 + y) / (1 - y).
      const product = wasm.crypto_scalarmult_ed25519!(scalar, edwards.subarray(at, at + POINT_BYTES));
      const y = BigInt(`0x${toHex(product)}`) & (2n ** 255n - 1n);
      const left = (BigInt(`0x${toHex(native)}`) * (P + 1n - y)) % P;
      expect(left).toBe((1n + y) % P);
    }
  });
});

test('a random order holds each place once and is not the order it began with', () => {
  const order = randomOrder(5000);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  expect([...order]).not.toEqual(Array.from({ length: 5000 }, (_, i) => i));
});
