import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileFault } from '../contract/schema-faults.js';
import { TaskFailure, type JsonSchema } from '../contract/task-type.js';
import { requireListed } from './recipients.js';

/** What a party allows to be done with its files. It lies in the party's folder, and no task reads or writes it. */
export interface PartyPolicy {
  readonly version: 1;
  readonly encrypt?: {
    /** Public keys that files of the party may be encrypted to. */
    readonly recipients?: readonly string[];
  };
}

const FILE = '.policy.json';

export const POLICY_SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: { const: 1 },
    encrypt: {
      type: 'object',
      additionalProperties: false,
      properties: { recipients: { type: 'array', items: { type: 'string' } } },
    },
  },
};

/** The policy of the party whose folder is `root`; undefined where it has none. Throws TaskFailure POLICY_INVALID. */
export async function readPolicy(party: string, root: string): Promise<PartyPolicy | undefined> {
  const invalid = (why: string): TaskFailure =>
    new TaskFailure('POLICY_INVALID', `Party ${party}: its ${FILE} ${why}. The party's owner has to mend the file.`);
  const text = await readFile(join(root, FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw invalid(`cannot be read (${error.code ?? 'unknown'})`);
  });
  if (text === undefined) return undefined;
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    throw invalid('is not JSON');
  }
  const fault = fileFault(POLICY_SCHEMA, policy);
  if (fault !== undefined) throw invalid(`does not fit: ${fault}`);
  return policy as PartyPolicy;
}

/**
 * Throws TaskFailure RECIPIENT_NOT_ALLOWED unless the party's policy lists every recipient, and POLICY_INVALID. Call it
 * in the party's thread, before any of its files is opened.
 */
export async function requireRecipients(party: string, root: string, recipients: readonly string[]): Promise<void> {
  const policy = await readPolicy(party, root);
  requireListed(party, policy?.encrypt?.recipients ?? [], recipients, {
    where: `encrypt.recipients of the party's ${FILE}${policy === undefined ? ', which does not exist' : ''}`,
    how: "The party's owner adds the key there",
  });
}
