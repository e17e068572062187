import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The admin key of this data folder, made at its first start: `<dataDir>/api-key`, readable by its owner alone. */
export const localKey = (dataDir: string): string => made(join(dataDir, 'api-key'), 'base64url');

/** The key that seals this data folder's secrets, made likewise: `<dataDir>/secrets-key`, 32 bytes. */
export const localSecretsKey = (dataDir: string): Buffer =>
  Buffer.from(made(join(dataDir, 'secrets-key'), 'base64'), 'base64');

function made(file: string, encoding: 'base64' | 'base64url'): string {
  try {
    writeFileSync(file, `${randomBytes(32).toString(encoding)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
