import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { sodium } from '../mpc/sodium.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const NO_SALT = new Uint8Array(0);

/**
 * A key pair of X25519 (RFC 7748), made for one sum and thrown away with it. By sodium: Node's `generateKeyPairSync` can
 * block its process for ever, when a garbage collection frees the job that made a key while the key is exported.
 */
export class KeyPair {
  private constructor(
    private readonly own: Buffer,
    /** Base64url, as it crosses. */
    readonly publicKey: string,
  ) {}

  /** A fresh pair from the operating system's generator. */
  static generate(): KeyPair {
    return KeyPair.of(randomBytes(sodium.crypto_scalarmult_SCALARBYTES));
  }

  /** The pair of a secret put together from its shares. Error if it does not belong to `publicKey`. */
  static restore(secret: Uint8Array, publicKey: string): KeyPair {
    const pair = KeyPair.of(secret);
    if (pair.publicKey !== publicKey) throw new Error('the shares give another key');
    return pair;
  }

  private static of(secret: Uint8Array): KeyPair {
    const own = Buffer.from(secret);
    const point = Buffer.alloc(sodium.crypto_scalarmult_BYTES);
    sodium.crypto_scalarmult_base(point, own);
    return new KeyPair(own, point.toString('base64url'));
  }

  /** The 32 bytes to share out. */
  secret(): Uint8Array {
    return new Uint8Array(this.own);
  }

  /**
   * 32 bytes that both owners of the two keys compute alike (HKDF over the agreed secret), one value for each `use`. Error
   * for a public key of low order or length.
   */
  agree(publicKey: string, use: string): Uint8Array {
    const shared = Buffer.alloc(sodium.crypto_scalarmult_BYTES);
    sodium.crypto_scalarmult(shared, this.own, Buffer.from(publicKey, 'base64url'));
    return new Uint8Array(hkdfSync('sha256', shared, NO_SALT, `taskchain/secure-sum/v1/${use}`, 32));
  }
}

/** A key pair of Ed25519 (RFC 8032), made for one sum: with it a party signs what the aggregator sent it. */
export class SigningKey {
  private readonly own = Buffer.alloc(sodium.crypto_sign_SECRETKEYBYTES);
  /** Base64url, as it crosses. */
  readonly publicKey: string;

  constructor() {
    const point = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES);
    sodium.crypto_sign_keypair(point, this.own);
    this.publicKey = point.toString('base64url');
  }

  /** Base64url. */
  sign(text: string): string {
    const signature = Buffer.alloc(sodium.crypto_sign_BYTES);
    sodium.crypto_sign_detached(signature, Buffer.from(text), this.own);
    return signature.toString('base64url');
  }
}

/** Whether the owner of the key signed the text. */
export function isSigned(text: string, signature: string, publicKey: string): boolean {
  const [bytes, key] = [Buffer.from(signature, 'base64url'), Buffer.from(publicKey, 'base64url')];
  if (bytes.length !== sodium.crypto_sign_BYTES || key.length !== sodium.crypto_sign_PUBLICKEYBYTES) return false;
  return sodium.crypto_sign_verify_detached(bytes, Buffer.from(text), key);
}

/** A commitment to the seed of a party's private mask, made before the seed is shared out. Hex. */
export const commitmentTo = (seed: Uint8Array): string =>
  createHash('sha256').update('taskchain/secure-sum/v2/seed').update(seed).digest('hex');

/** The seed, if it is the one of the commitment. Error otherwise. */
export function committedSeed(seed: Uint8Array, commitment: string): Uint8Array {
  if (commitmentTo(seed) !== commitment) throw new Error('the shares give another seed');
  return seed;
}

/** Encrypts and authenticates (AES-256-GCM, random nonce in front). */
export function seal(key: Uint8Array, plain: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what {@link seal} made. Error if it was changed or sealed with another key. */
export function unseal(key: Uint8Array, sealed: Uint8Array): Uint8Array {
  const end = sealed.byteLength - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(end));
  return new Uint8Array(Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, end)), decipher.final()]));
}
