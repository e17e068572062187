/**
 * An oblivious pseudo-random function on Curve25519: F_k(x) = SHA-512(x, k H(x)), where H(x) is the hashed point of a key (2HashDH: Jarecki, Liu,
 * SCN 2010). Who has no k sends a H(x), gets k a H(x) back, and takes a off: it learns F_k(x) of its own keys, and who has k learns nothing.
 */
import { randomBytes } from 'node:crypto';
import { BlindingScalar, POINT_BYTES } from './curve.js';
import { sodium } from './sodium.js';

/** Bytes of F_k(x). */
export const OUTPUT_BYTES = 64;

const DOMAIN = Buffer.from('taskchain/psi/oprf/v1\0');
/** Order of the subgroup of Curve25519 in which all multiples by a clamped scalar lie. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const COFACTOR = 8n;

/**
 * A random scalar and the one that takes it off again. X25519 forces a scalar to be a multiple of 8 from 2^254 to 2^255. Of the numbers that
 * are the inverse modulo the order, one below 8 times the order is a multiple of 8, and for half of all scalars it lies there: others are drawn again.
 */
export function blindingPair(): readonly [blind: BlindingScalar, unblind: BlindingScalar] {
  for (;;) {
    const bytes = randomBytes(sodium.crypto_scalarmult_SCALARBYTES);
    bytes[0]! &= 248;
    bytes[31] = (bytes[31]! & 127) | 64;
    const inverse = inverseOf(numberFrom(bytes) % ORDER);
    // The order is 5 modulo 8, and so is its inverse.
    const scalar = inverse + ORDER * ((COFACTOR - ((inverse * 5n) % COFACTOR)) % COFACTOR);
    if (scalar >> 254n !== 1n) continue;
    return [new BlindingScalar(bytes), new BlindingScalar(bytesOf(scalar))];
  }
}

/** F_k of each key, one after the other: of its hashed point, and of k times that. */
export function outputsOf(points: Buffer, products: Buffer): Buffer {
  const count = points.length / POINT_BYTES;
  const outputs = Buffer.alloc(count * OUTPUT_BYTES);
  const input = Buffer.alloc(DOMAIN.length + 2 * POINT_BYTES);
  DOMAIN.copy(input);
  for (let at = 0; at < count; at += 1) {
    points.copy(input, DOMAIN.length, at * POINT_BYTES, (at + 1) * POINT_BYTES);
    products.copy(input, DOMAIN.length + POINT_BYTES, at * POINT_BYTES, (at + 1) * POINT_BYTES);
    sodium.crypto_hash_sha512(outputs.subarray(at * OUTPUT_BYTES, (at + 1) * OUTPUT_BYTES), input);
  }
  return outputs;
}

/** Inverse modulo the order by Fermat. */
function inverseOf(value: bigint): bigint {
  let [result, base] = [1n, value];
  for (let exponent = ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = (result * base) % ORDER;
    base = (base * base) % ORDER;
  }
  return result;
}

const numberFrom = (bytes: Buffer): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

const bytesOf = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
