import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseLogins } from '#libs/platform';

/** A key that was made here, and the file that keeps it. */
export interface LocalKey {
  readonly key: string;
  readonly file: string;
}

/** The admin key of this data folder, made at its first start: `<dataDir>/api-key`, readable by its owner alone. */
export function localKey(dataDir: string): LocalKey {
  const file = join(dataDir, 'api-key');
  return { key: made(file, 'base64url'), file };
}

/** The line that names the key. Only a terminal shows it: any other output is a log, which others may read. */
export const shownKey = ({ key, file }: LocalKey, terminal: boolean | undefined): string =>
  terminal === true ? `api key: ${key}` : `api key: in ${file}`;

/** The key that seals this data folder's secrets, made likewise: `<dataDir>/secrets-key`, 32 bytes. */
export const localSecretsKey = (dataDir: string): Buffer =>
  Buffer.from(made(join(dataDir, 'secrets-key'), 'base64'), 'base64');

/** A login for each app in the embedded database, with passwords made likewise: `<dataDir>/<login>.password`. */
export function localLogins(dataDir: string, databaseUrl: string): DatabaseLogins {
  const login = (name: string): string => {
    const url = new URL(databaseUrl);
    url.username = name;
    url.password = made(join(dataDir, `${name}.password`), 'base64url');
    return url.href;
  };
  return { api: login('chain_api'), listener: login('chain_listener'), worker: login('chain_worker') };
}

function made(file: string, encoding: 'base64' | 'base64url'): string {
  try {
    writeFileSync(file, `${randomBytes(32).toString(encoding)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
