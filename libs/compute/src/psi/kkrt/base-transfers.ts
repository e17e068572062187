/**
 * Base oblivious transfers of random keys (M. Naor, B. Pinkas, "Efficient Oblivious Transfer Protocols", SODA 2001), on the subgroup of prime order of
 * edwards25519. The sender sends C and g^r. For choice c the receiver draws k and sends P_0, of which P_c = g^k and P_0 + P_1 = C. Key i is
 * the hash of r P_i: of these the receiver has k g^r alone. P_0 is uniform whatever the choice, so the sender learns nothing of it; who
 * finds both keys finds r C, which is the computational Diffie-Hellman problem (with the hash as a random oracle).
 */
import { createHash, type Hash } from 'node:crypto';
import { violation } from '../../contract/peer-message.js';
import { sodium } from '../../mpc/sodium.js';
import { SECURITY_BITS } from './parameters.js';

export const ELEMENT_BYTES = 32;
/** Bytes of a key, which is one of AES-128. */
export const KEY_BYTES = SECURITY_BITS / 8;

const DOMAIN = 'taskchain/psi/kkrt/base/v1\0';

/** The two keys of each transfer, one after the other. */
export interface KeyPairs {
  readonly ofZero: readonly Buffer[];
  readonly ofOne: readonly Buffer[];
}

/** Who gets both keys of each transfer. `session` is the salt of the run. */
export class BaseSender {
  /** C and g^r, which go to the receiver. */
  readonly offer: Buffer;
  private readonly secret = scalar();
  private readonly sum: Buffer;

  constructor(private readonly session: Uint8Array) {
    this.sum = power(scalar());
    this.offer = Buffer.concat([this.sum, power(this.secret)]);
  }

  /** The keys, by what `peer` answers to the offer. Throws PROTOCOL_VIOLATION. */
  keys(peer: string, answer: Uint8Array, transfers: number): KeyPairs {
    const points = elementsFrom(peer, answer, transfers);
    const shared = product(this.secret, this.sum);
    const [ofZero, ofOne] = [[] as Buffer[], [] as Buffer[]];
    points.forEach((point, at) => {
      // There is no key of the other choice.
      if (point.equals(this.sum)) throw violation(peer, 'an answer to oblivious transfers that does not fit');
      const zero = product(this.secret, point);
      ofZero.push(this.hash(at, point, 0, zero));
      ofOne.push(this.hash(at, point, 1, difference(shared, zero)));
    });
    this.secret.fill(0);
    return { ofZero, ofOne };
  }

  private hash(at: number, point: Buffer, choice: 0 | 1, secret: Buffer): Buffer {
    return keyOf(this.session, this.offer, at, point, choice, secret);
  }
}

/** Who gets one key of each transfer: that of its choice. */
export class BaseReceiver {
  /** What goes to the sender: P_0 of each transfer. */
  readonly answer: Buffer;
  readonly keys: readonly Buffer[];

  /** Throws PROTOCOL_VIOLATION. */
  constructor(session: Uint8Array, peer: string, offer: Uint8Array, choices: readonly boolean[]) {
    const [sum, of] = elementsFrom(peer, offer, 2) as [Buffer, Buffer];
    const answers: Buffer[] = [];
    this.keys = choices.map((choice, at) => {
      const secret = scalar();
      const own = power(secret);
      const zero = choice ? difference(sum, own) : own;
      answers.push(zero);
      const key = keyOf(session, Buffer.from(offer), at, zero, choice ? 1 : 0, product(secret, of));
      secret.fill(0);
      return key;
    });
    this.answer = Buffer.concat(answers);
  }
}

/** The key of a choice. All that was sent goes into it, so that no key of one transfer, or of one run, is that of another. */
function keyOf(session: Uint8Array, offer: Buffer, at: number, point: Buffer, choice: 0 | 1, secret: Buffer): Buffer {
  const place = Buffer.alloc(5);
  place.writeUInt32LE(at);
  place.writeUInt8(choice, 4);
  const hash: Hash = createHash('sha256').update(DOMAIN).update(session).update(offer).update(place).update(point);
  return hash.update(secret).digest().subarray(0, KEY_BYTES);
}

/** So many points of the subgroup, none of them the neutral one. Throws PROTOCOL_VIOLATION. */
function elementsFrom(peer: string, bytes: Uint8Array, count: number): Buffer[] {
  if (bytes.byteLength !== count * ELEMENT_BYTES) throw violation(peer, 'oblivious transfers of another number');
  const all = Buffer.from(bytes);
  const elements = Array.from({ length: count }, (_, at) => all.subarray(at * ELEMENT_BYTES, (at + 1) * ELEMENT_BYTES));
  if (!elements.every((element) => sodium.crypto_core_ed25519_is_valid_point(element)))
    throw violation(peer, 'a point of oblivious transfers that is not of the group');
  return elements;
}

function scalar(): Buffer {
  const drawn = sodium.sodium_malloc(ELEMENT_BYTES);
  sodium.crypto_core_ed25519_scalar_random(drawn);
  return drawn;
}

function power(exponent: Buffer): Buffer {
  const result = Buffer.alloc(ELEMENT_BYTES);
  sodium.crypto_scalarmult_ed25519_base_noclamp(result, exponent);
  return result;
}

function product(exponent: Buffer, point: Buffer): Buffer {
  const result = Buffer.alloc(ELEMENT_BYTES);
  sodium.crypto_scalarmult_ed25519_noclamp(result, exponent, point);
  return result;
}

function difference(left: Buffer, right: Buffer): Buffer {
  const result = Buffer.alloc(ELEMENT_BYTES);
  sodium.crypto_core_ed25519_sub(result, left, right);
  return result;
}
