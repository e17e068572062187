import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import sodium from 'sodium-native';
import { POINT_BYTES } from './curve.js';
import { isSquare, mapToCurve } from './elligator.js';

const P = 2n ** 255n - 19n;
/** Order of the prime subgroup. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/**
 * RFC 9380, appendix J.5.2, edwards25519_XMD:SHA-512_ELL2_NU_: the field element u[0], and y of the point that Elligator 2 and a
 * multiplication by the cofactor make of it.
 */
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

const littleEndian = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

function times(scalar: bigint, point: Buffer): string {
  const product = Buffer.alloc(POINT_BYTES);
  sodium.crypto_scalarmult(product, littleEndian(scalar), point);
  return product.toString('hex');
}

/** A scalar that X25519 takes as it is, and one like it that does the same as this one after a multiplication by 8. */
function scalars(): [scalar: bigint, eightfold: bigint] {
  for (;;) {
    const scalar = (numberOf(randomBytes(POINT_BYTES)) % 2n ** 251n) * 8n + 2n ** 254n;
    const eightfold = 8n * (scalar % ORDER);
    if (eightfold >= 2n ** 254n && eightfold < 2n ** 255n) return [scalar, eightfold];
  }
}

/** Whether a mapped point times the cofactor is this Edwards point, whatever the sign of its x. */
function expectCleared(mapped: Buffer, edwards: Buffer): void {
  const point = Buffer.alloc(POINT_BYTES);
  sodium.crypto_sign_ed25519_pk_to_curve25519(point, edwards);
  const [scalar, eightfold] = scalars();
  expect(times(eightfold, mapped)).toBe(times(scalar, point));
}

describe('the map to the curve', () => {
  for (const [u, y] of VECTORS) {
    test(`agrees with RFC 9380 on ${u.slice(0, 8)}`, () => {
      const point = littleEndian(BigInt(`0x${u}`));
      mapToCurve(point, 1);
      expectCleared(point, littleEndian(BigInt(`0x${y}`)));
    });
  }

  test('agrees with libsodium on many strings at once', () => {
    const uniform = randomBytes(200 * POINT_BYTES);
    const mapped = Buffer.from(uniform);
    mapToCurve(mapped, 200);
    for (let at = 0; at < uniform.length; at += POINT_BYTES) {
      const edwards = Buffer.alloc(POINT_BYTES);
      sodium.crypto_core_ed25519_from_uniform(edwards, uniform.subarray(at, at + POINT_BYTES));
      expectCleared(mapped.subarray(at, at + POINT_BYTES), edwards);
    }
  });

  test('gives u-coordinates below the modulus, also of strings that are not', () => {
    for (const bytes of [Buffer.alloc(POINT_BYTES, 0xff), littleEndian(P), littleEndian(P + 1n)]) {
      mapToCurve(bytes, 1);
      expect(numberOf(bytes)).toBeLessThan(P);
    }
  });
});

test('squares are those of the power (p - 1) / 2', () => {
  const power = (base: bigint): bigint => {
    let [result, square] = [1n, base];
    for (let exponent = (P - 1n) / 2n; exponent > 0n; exponent >>= 1n) {
      if (exponent & 1n) result = (result * square) % P;
      square = (square * square) % P;
    }
    return result;
  };
  const edges = [0n, 1n, 2n, 3n, 4n, 2n ** 30n, 2n ** 60n, 2n ** 254n, P - 1n, P - 2n ** 30n, P - 2n ** 240n, P >> 1n];
  // Of every length: long ones share their first limbs with the modulus, short ones have none.
  const drawn = Array.from({ length: 1_000 }, (_, i) => (numberOf(randomBytes(POINT_BYTES)) % P) >> BigInt(i % 255));
  for (const value of [...edges, ...drawn, ...drawn.map((each) => (P - each) % P)]) {
    expect([value, isSquare(value)]).toEqual([value, power(value) !== P - 1n]);
  }
});
