import { createCipheriv, createHash, randomBytes } from 'node:crypto';

/** A secret's row as releases wrote it that knew SECRETS_KEY alone: AES-256-GCM, IV, tag and text in this order. */
export function symmetricSecret(key: Buffer, tenant: string, name: string, value: string) {
  const dataKey = randomBytes(32);
  const encrypt = (by: Buffer, plain: Buffer): Buffer => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', by, iv).setAAD(Buffer.from(JSON.stringify([tenant, name])));
    const text = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), text]);
  };
  return {
    key_id: createHash('sha256').update('task-chain secrets key').update(key).digest('hex').slice(0, 16),
    wrapped_key: encrypt(key, dataKey),
    sealed: encrypt(dataKey, Buffer.from(value)),
  };
}
