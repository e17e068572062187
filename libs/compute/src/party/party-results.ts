import { createHash } from 'node:crypto';
import { type FailureCode, resultFault, valueAt, type JsonValue } from '#libs/chain-domain';
import { canonicalJson } from '#libs/consent';
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption';
import { TaskFailure, type JsonObject, type OwnValue, type PartyResult } from '../contract/task-type.js';
import type { FileRoots } from './input-files.js';
import type { Owner } from './owner.js';

/** What is sealed. The MAC shows that the party itself wrote it, for this task: anybody can encrypt to a public key. */
interface SealedContent {
  readonly chain_id: string;
  readonly task_id: string;
  readonly party: string;
  readonly result: JsonObject;
  readonly mac: string;
}

type TaskOfParty = Pick<FileRoots, 'chainId' | 'taskId' | 'party'>;

const NOT_GENUINE = 'it is not one that the party sealed for this task.';
const NO_READERS = 'The party has no readers. Its owner names them with "task-chain parties readers".';

/** Seals a result to the party's readers, and to the party itself. Throws TaskFailure RESULT_TOO_LARGE or INVALID_RESULT. */
export async function sealResult(owner: Owner, task: TaskOfParty, result: JsonObject): Promise<PartyResult> {
  requireStorable(result);
  const own = owner.resultKey === undefined ? [] : [await identityToRecipient(owner.resultKey)];
  const recipients = [...owner.readers, ...own];
  if (recipients.length === 0) return { withheld: NO_READERS };
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  const content: SealedContent = { ...contentOf(task, result), mac: macOf(owner.digest, task, result) };
  return { sealed: Buffer.from(await encrypter.encrypt(padded(content))).toString('base64') };
}

/** The longest text of a number: as if each number had it, since an author chooses how long the texts beside a number are. */
const WIDEST = '-1.2345678901234567e-300';
const LEAST_BYTES = 1024;
/** Every result fits into this. */
const MOST_BYTES = 128 * 1024;

/** JSON with spaces up to a power of two of bytes, so that the length says little of what is sealed, and nothing of a number. */
function padded(content: SealedContent): string {
  const text = JSON.stringify(content);
  const widest = JSON.stringify(content, (_, value: unknown) =>
    value === null || typeof value === 'number' ? WIDEST : value,
  );
  const least = Math.min(Math.max(LEAST_BYTES, Buffer.byteLength(widest)), MOST_BYTES);
  return text + ' '.repeat(2 ** Math.ceil(Math.log2(least)) - Buffer.byteLength(text));
}

/** A result of a party whose folder has no owner. Throws as `sealResult`. */
export function clearResult(result: JsonObject): PartyResult {
  requireStorable(result);
  return { value: result };
}

/**
 * A text out of a result of the party. Throws TaskFailure PARTY_RESULT_UNAVAILABLE, with the same words whatever else stands there:
 * a failure that quotes a parameter, such as COLUMN_NOT_FOUND, would open a number to everybody.
 */
export async function openValue(
  owner: Owner | undefined,
  task: Omit<TaskOfParty, 'taskId'>,
  own: OwnValue,
): Promise<string> {
  const { taskId, path, result } = own;
  const of = { ...task, taskId };
  if ('withheld' in result) throw unavailable(of, result.withheld);
  const content = await contentFor(owner, of, result);
  const value = valueAt(content as JsonValue, path);
  if (typeof value !== 'string') throw unavailable(of, `it has no text at ${path.join('.')}.`);
  return value;
}

/** What is in clear was written before the party was claimed, or by somebody else. */
async function contentFor(
  owner: Owner | undefined,
  task: TaskOfParty,
  result: Exclude<PartyResult, { readonly withheld: string }>,
): Promise<JsonObject> {
  if ('sealed' in result) return openSealed(owner, task, result.sealed);
  if (owner === undefined) return result.value as JsonObject;
  throw unavailable(task, NOT_GENUINE);
}

async function openSealed(owner: Owner | undefined, task: TaskOfParty, sealed: string): Promise<JsonObject> {
  if (owner?.resultKey === undefined) {
    throw unavailable(task, 'the party has no .party/result.key. Its owner adds it with "task-chain parties claim".');
  }
  const opened = await openResult(owner.resultKey, owner.digest, task, sealed);
  if (opened?.isGenuine) return opened.result;
  throw unavailable(task, NOT_GENUINE);
}

/**
 * Opens a sealed result with a private key (AGE-SECRET-KEY-1…). Undefined if it is not sealed to that key, or for another task.
 * `isGenuine`: the party itself wrote it, as its hash key shows.
 */
export async function openResult(
  identity: string,
  digest: Owner['digest'] | undefined,
  task: TaskOfParty,
  sealed: string,
): Promise<{ readonly result: JsonObject; readonly isGenuine: boolean } | undefined> {
  let content: SealedContent;
  try {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    content = JSON.parse(await decrypter.decrypt(Buffer.from(sealed, 'base64'), 'text')) as SealedContent;
  } catch {
    return undefined;
  }
  const { mac, result, ...of } = content;
  if (of.chain_id !== task.chainId || of.task_id !== task.taskId || of.party !== task.party) return undefined;
  return { result, isGenuine: digest !== undefined && mac === macOf(digest, task, result) };
}

const contentOf = ({ chainId, taskId, party }: TaskOfParty, result: JsonObject): Omit<SealedContent, 'mac'> => ({
  chain_id: chainId,
  task_id: taskId,
  party,
  result,
});

const macOf = (digest: Owner['digest'], task: TaskOfParty, result: JsonObject): string =>
  digest(
    createHash('sha256')
      .update(canonicalJson(contentOf(task, result)))
      .digest('hex'),
  );

function requireStorable(result: JsonObject): void {
  const fault = resultFault(result);
  if (fault) throw new TaskFailure(fault.code, `Of one party: ${fault.message}`, false, fault.details);
}

function unavailable({ party, taskId }: TaskOfParty, why: string): TaskFailure {
  const message = `The result of task ${taskId} for party ${party} cannot be read: ${why}`;
  return new TaskFailure('PARTY_RESULT_UNAVAILABLE' satisfies FailureCode, message, false, { party, task_id: taskId });
}
