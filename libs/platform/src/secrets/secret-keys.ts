import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** A secret as it is stored: its data key, wrapped by the key of this id, and its value, sealed by the data key. */
export interface SealedSecret {
  readonly key_id: string;
  readonly wrapped_key: Buffer;
  readonly sealed: Buffer;
}

/** The environment lacks the key for a sealed value. */
export class UnknownSecretKey extends Error {
  constructor(keyId: string) {
    super(`it is sealed under the key ${keyId}, which SECRETS_KEY and SECRETS_KEY_PREVIOUS are not`);
  }
}

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals secrets by AES-256-GCM: each value under its own random key, and that key under the configured key. Tenant and
 * name are authenticated with both, so that a row moved to another place cannot be opened.
 */
export class SecretKeys {
  private readonly keys: ReadonlyMap<string, Buffer>;
  /** The id of the sealing key. */
  readonly currentId: string;

  /** Keys of 32 bytes; `previous` only opens. */
  constructor(current: Buffer, previous?: Buffer) {
    this.currentId = idOf(current);
    this.keys = new Map([previous, current].flatMap((key) => (key === undefined ? [] : [[idOf(key), key] as const])));
  }

  seal(tenant: string, name: string, value: string): SealedSecret {
    const dataKey = randomBytes(KEY_BYTES);
    return { ...this.wrap(tenant, name, dataKey), sealed: encrypt(dataKey, aad(tenant, name), Buffer.from(value)) };
  }

  /** Throws UnknownSecretKey, or another error where the row was altered or is not of this tenant and name. */
  open(tenant: string, name: string, { key_id: keyId, wrapped_key: wrapped, sealed }: SealedSecret): string {
    const dataKey = decrypt(this.key(keyId), aad(tenant, name), wrapped);
    return decrypt(dataKey, aad(tenant, name), sealed).toString('utf8');
  }

  /** The data key wrapped anew by the current key; undefined where it is that already. The value is not opened. */
  rewrap(tenant: string, name: string, row: SealedSecret): Omit<SealedSecret, 'sealed'> | undefined {
    if (row.key_id === this.currentId) return undefined;
    return this.wrap(tenant, name, decrypt(this.key(row.key_id), aad(tenant, name), row.wrapped_key));
  }

  private wrap(tenant: string, name: string, dataKey: Buffer): Omit<SealedSecret, 'sealed'> {
    return { key_id: this.currentId, wrapped_key: encrypt(this.key(this.currentId), aad(tenant, name), dataKey) };
  }

  private key(id: string): Buffer {
    const key = this.keys.get(id);
    if (key === undefined) throw new UnknownSecretKey(id);
    return key;
  }
}

const idOf = (key: Buffer): string =>
  createHash('sha256').update('task-chain secrets key').update(key).digest('hex').slice(0, 16);

const aad = (tenant: string, name: string): Buffer => Buffer.from(JSON.stringify([tenant, name]));

function encrypt(key: Buffer, associated: Buffer, plain: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(associated);
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), text]);
}

function decrypt(key: Buffer, associated: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(associated).setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
}
