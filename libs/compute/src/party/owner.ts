import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CryptoKey } from 'jose';
import { importJWK } from 'jose/key/import';
import { compileSchema } from '../contract/schema-faults.js';
import { TaskFailure } from '../contract/task-type.js';
import { OWNER_FOLDER } from './owner-folder.js';

/** Who owns the party's data. */
export interface Owner {
  /** `signed`: the owner's signature is on every statement. `server`: the owner trusts the operator, whose API states what was decided. */
  readonly approvals: 'signed' | 'server';
  /** Public keys by `kid`. */
  readonly keys: ReadonlyMap<string, CryptoKey>;
  /** The form in which the hash of one of the party's files may leave the party. Takes the SHA-256 in hex. */
  readonly digest: (sha256: string) => string;
  /** Public keys (age1…) of those who read what is opened to this party alone. */
  readonly readers: readonly string[];
  /** The party's private key for its own results (AGE-SECRET-KEY-1…), so that its later tasks can use them. */
  readonly resultKey: string | undefined;
}

const key = {
  type: 'object',
  required: ['kid', 'kty', 'crv', 'x'],
  properties: {
    kid: { type: 'string', minLength: 1 },
    kty: { const: 'OKP' },
    crv: { const: 'Ed25519' },
    x: { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$' },
  },
};
export const OWNER_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['version', 'party', 'approvals', 'keys'],
  properties: {
    version: { const: 1 },
    party: { type: 'string' },
    approvals: { enum: ['signed', 'server'] },
    keys: { type: 'array', items: key, minItems: 1, maxItems: 100 },
    readers: { type: 'array', items: { type: 'string', pattern: '^age1[02-9ac-hj-np-z]{58}$' }, maxItems: 100 },
  },
};

interface OwnerFile {
  readonly party: string;
  readonly approvals: Owner['approvals'];
  readonly keys: readonly { readonly kid: string; readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }[];
  readonly readers?: readonly string[];
}

/** HMAC-SHA256 (RFC 2104) of a file's SHA-256, so that who can guess a table cannot confirm the guess by its hash. */
export const digestWith = (hashKey: Uint8Array, sha256: string): string =>
  `hmac-sha256:${createHmac('sha256', hashKey).update(sha256).digest('hex')}`;

/**
 * The owner of the party whose folder is `root`. Throws TaskFailure POLICY_INVALID where the owner's files cannot be used: no file
 * of the party is opened then.
 */
export async function readOwner(party: string, root: string): Promise<Owner> {
  const file = parse(await ownerFile(party, root, 'owner.json'));
  const invalid = (name: string, why: string): TaskFailure => invalidFile(party, name, why);
  if (file === undefined) throw invalid('owner.json', 'is not JSON of the right form');
  if (file.party !== party) throw invalid('owner.json', `names party ${JSON.stringify(file.party.slice(0, 64))}`);
  const hashKey = (await ownerFile(party, root, 'hash.key')).trim();
  if (!/^[0-9a-f]{64}$/.test(hashKey)) throw invalid('hash.key', 'has to hold 64 hex digits');
  const keys = new Map<string, CryptoKey>();
  for (const { kid, kty, crv, x } of file.keys) {
    keys.set(kid, (await importJWK({ kty, crv, x }, 'EdDSA')) as CryptoKey);
  }
  const bytes = Buffer.from(hashKey, 'hex');
  const { approvals, readers = [] } = file;
  return {
    approvals,
    keys,
    digest: (sha256) => digestWith(bytes, sha256),
    readers,
    resultKey: await resultKeyOf(party, root),
  };
}

/** Folders that were claimed by earlier releases have none. */
async function resultKeyOf(party: string, root: string): Promise<string | undefined> {
  const text = await readFile(join(root, OWNER_FOLDER, 'result.key'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw invalidFile(party, 'result.key', `cannot be read (${error.code ?? 'unknown'})`);
  });
  if (text === undefined || /^AGE-SECRET-KEY-1[0-9A-Z]{58}\s*$/.test(text)) return text?.trim();
  throw invalidFile(party, 'result.key', 'has to hold one AGE-SECRET-KEY-1…');
}

function parse(text: string): OwnerFile | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return compileSchema(OWNER_SCHEMA)(value) ? (value as OwnerFile) : undefined;
  } catch {
    return undefined;
  }
}

async function ownerFile(party: string, root: string, name: string): Promise<string> {
  return readFile(join(root, OWNER_FOLDER, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw invalidFile(party, name, `cannot be read (${error.code ?? 'unknown'})`);
  });
}

const invalidFile = (party: string, name: string, why: string): TaskFailure =>
  new TaskFailure(
    'POLICY_INVALID',
    `Party ${party}: ${OWNER_FOLDER}/${name} ${why}. The party's owner has to mend the file.`,
  );
