import { createDecipheriv, createHash } from 'node:crypto';

/** A secret as it was stored before there were key pairs: its data key, wrapped by the key of this id, and its value, sealed by the data key. */
export interface SymmetricSecret {
  readonly key_id: string;
  readonly wrapped_key: Buffer;
  readonly sealed: Buffer;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Opens secrets that were sealed by AES-256-GCM under SECRETS_KEY. Nothing is sealed so any more. */
export class SymmetricKeys {
  private readonly keys: ReadonlyMap<string, Buffer>;

  /** Keys of 32 bytes. */
  constructor(keys: readonly Buffer[]) {
    this.keys = new Map(keys.map((key) => [idOf(key), key]));
  }

  /** undefined: none of the keys wraps it. Throws where the row was altered or is not of this tenant and name. */
  open(tenant: string, name: string, { key_id: keyId, wrapped_key: wrapped, sealed }: SymmetricSecret) {
    const key = this.keys.get(keyId);
    if (key === undefined) return undefined;
    const associated = associatedData(tenant, name);
    return decrypt(decrypt(key, associated, wrapped), associated, sealed).toString('utf8');
  }
}

const idOf = (key: Buffer): string =>
  createHash('sha256').update('task-chain secrets key').update(key).digest('hex').slice(0, 16);

/** What the row is bound to. */
const associatedData = (tenant: string, name: string): Buffer => Buffer.from(JSON.stringify([tenant, name]));

function decrypt(key: Buffer, associated: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(associated).setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
}
