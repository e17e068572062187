import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import { expect } from 'expect';
import sodium from 'sodium-native';
import { BlindingScalar, KeyHasher, POINT_BYTES, edwardsToMontgomery, randomOrder } from './curve.js';

const P = 2n ** 255n - 19n;
const bigEndian = (hex: string): Buffer => Buffer.from(hex, 'hex').reverse();
const toHex = (littleEndian: Uint8Array): string => Buffer.from(littleEndian).reverse().toString('hex');

/** RFC 9380, appendix J.5.2, edwards25519_XMD:SHA-512_ELL2_NU_: the field element u[0] and the point's y. */
const VECTORS = [
  [
    '7f3e7fb9428103ad7f52db32f9df32505d7b427d894c5093f7a0f0374a30641d',
    '222e314d04a4d5725e9f2aff9fb2a6b69ef375a1214eb19021ceab2d687f0f9b',
  ],
  [
    '09cfa30ad79bd59456594a0f5d3a76f6b71c6787b04de98be5cd201a556e253b',
    '67732d50f9a26f73111dd1ed5dba225614e538599db58ba30aaea1f5c827fa42',
  ],
  [
    '475ccff99225ef90d78cc9338e9f6a6bb7b17607c0c4428937de75d33edba941',
    '2f8a6c24dd1adde73909cada6a4a137577b0f179d336685c4a955a0a8e1a86fb',
  ],
  [
    '049a1c8bd51bcb2aec339f387d1ff51428b88d0763a91bcdf6929814ac95d03d',
    '2af6ff6ef5ebba128b0774f4296cb4c2279a074658b083b8dcca91f57a603450',
  ],
  [
    '3cb0178a8137cefa5b79a3a57c858d7eeeaa787b2781be4a362a2f0750d24fa0',
    '2c90c3d39eb18ff291d33441b35f3262cdd307162cc97c31bfcc7a4245891a37',
  ],
] as const;

describe('the map to the curve', () => {
  for (const [u, y] of VECTORS) {
    test(`agrees with RFC 9380 on ${u.slice(0, 8)}`, () => {
      const point = Buffer.alloc(POINT_BYTES);
      sodium.crypto_core_ed25519_from_uniform(point, bigEndian(u));
      point[31]! &= 0x7f; // the sign of x: it has no part in a u-coordinate
      expect(toHex(point)).toBe(y);
    });
  }

  test('to u-coordinates agrees with libsodium, point by point', () => {
    const points = Buffer.alloc(50 * POINT_BYTES);
    const hasher = new KeyHasher(Buffer.alloc(64, 7));
    for (let i = 0; i < 50; i += 1) hasher.hash([`key-${i}`], points, i);
    const expected = Buffer.alloc(points.length);
    for (let at = 0; at < points.length; at += POINT_BYTES) {
      sodium.crypto_sign_ed25519_pk_to_curve25519(
        expected.subarray(at, at + POINT_BYTES),
        points.subarray(at, at + POINT_BYTES),
      );
    }
    edwardsToMontgomery(points, 50);
    expect(points.equals(expected)).toBe(true);
  });
});

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
    return points;
  };

  test('commutes, and no point is blinded to itself', () => {
    const points = hashed();
    edwardsToMontgomery(points, 20);
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
    const edwards = hashed();
    const points = Buffer.from(edwards);
    edwardsToMontgomery(points, 20);
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
