import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { Config, DatabaseLogins, SecretsConfig } from '#libs/platform';

/** A key that was made here, and the file that keeps it. */
export interface LocalKey {
  readonly key: string;
  readonly file: string;
}

/** The admin key of this data folder, made at its first start: `<dataDir>/api-key`, readable by its owner alone. */
export function localKey(dataDir: string): LocalKey {
  const file = join(dataDir, 'api-key');
  return { key: made(file, random()), file };
}

/** The line that names the key. Only a terminal shows it: any other output is a log, which others may read. */
export const shownKey = ({ key, file }: LocalKey, terminal: boolean | undefined): string =>
  terminal === true ? `api key: ${key}` : `api key: in ${file}`;

/**
 * What secrets are sealed and opened by: as it is configured, else, outside of production, by a private key that is made
 * likewise: `<dataDir>/secrets-private-key`. Releases before it made `<dataDir>/secrets-key`.
 */
export async function localSecrets({ dataDir, nodeEnv, secrets }: Config): Promise<SecretsConfig> {
  const { publicKey, privateKeys, symmetricKeys } = secrets;
  if (publicKey !== undefined || nodeEnv === 'production') return secrets;
  const [current] = privateKeys;
  const own = current ?? made(join(dataDir, 'secrets-private-key'), await generateX25519Identity());
  const before = join(dataDir, 'secrets-key');
  const kept = existsSync(before) ? [Buffer.from(readFileSync(before, 'utf8'), 'base64')] : [];
  return {
    publicKey: await identityToRecipient(own),
    privateKeys: current === undefined ? [own] : privateKeys,
    symmetricKeys: symmetricKeys.length > 0 ? symmetricKeys : kept,
  };
}

/** The variables of the authority of sites: as it is configured, else, outside of production, of a key made likewise: `<dataDir>/node-ca-key`. */
export function localNodeCa({ dataDir, nodeEnv, nodeCa }: Config): Readonly<Record<string, string>> {
  if (nodeCa && 'cert' in nodeCa) return { NODE_CA_KEY: nodeCa.key, NODE_CA_CERT: nodeCa.cert };
  if (nodeCa) return { NODE_CA_KEY: nodeCa.toString('base64') };
  if (nodeEnv === 'production') return {};
  return { NODE_CA_KEY: made(join(dataDir, 'node-ca-key'), randomBytes(32).toString('base64')) };
}

/** A login for each app in the embedded database, with passwords made likewise: `<dataDir>/<login>.password`. */
export function localLogins(dataDir: string, databaseUrl: string): DatabaseLogins {
  const login = (name: string): string => {
    const url = new URL(databaseUrl);
    url.username = name;
    url.password = made(join(dataDir, `${name}.password`), random());
    return url.href;
  };
  return { api: login('chain_api'), listener: login('chain_listener'), worker: login('chain_worker') };
}

const random = (): string => randomBytes(32).toString('base64url');

/** What the file holds; the first time, `fresh`. */
function made(file: string, fresh: string): string {
  try {
    writeFileSync(file, `${fresh}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
