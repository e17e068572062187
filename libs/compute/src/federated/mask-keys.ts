import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const NO_SALT = new Uint8Array(0);

/** A key pair of X25519 (RFC 7748), made for one sum and thrown away with it. */
export class KeyPair {
  private constructor(
    private readonly key: KeyObject,
    /** Base64url, as it crosses. */
    readonly publicKey: string,
  ) {}

  /** A fresh pair from the operating system's generator. */
  static generate(): KeyPair {
    const { privateKey } = generateKeyPairSync('x25519');
    return new KeyPair(privateKey, privateKey.export({ format: 'jwk' }).x!);
  }

  /** The pair of a secret put together from its shares. Error if it does not belong to `publicKey`. */
  static restore(secret: Uint8Array, publicKey: string): KeyPair {
    const d = Buffer.from(secret).toString('base64url');
    const key = createPrivateKey({ key: { kty: 'OKP', crv: 'X25519', d, x: publicKey }, format: 'jwk' });
    if (createPublicKey(key).export({ format: 'jwk' }).x !== publicKey) throw new Error('the shares give another key');
    return new KeyPair(key, publicKey);
  }

  /** The 32 bytes to share out. */
  secret(): Uint8Array {
    return new Uint8Array(Buffer.from(this.key.export({ format: 'jwk' }).d!, 'base64url'));
  }

  /** 32 bytes that both owners of the two keys compute alike (HKDF over the agreed secret), one value for each `use`. */
  agree(publicKey: string, use: string): Uint8Array {
    const theirs = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: publicKey }, format: 'jwk' });
    const shared = diffieHellman({ privateKey: this.key, publicKey: theirs });
    return new Uint8Array(hkdfSync('sha256', shared, NO_SALT, `taskchain/secure-sum/v1/${use}`, 32));
  }
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
