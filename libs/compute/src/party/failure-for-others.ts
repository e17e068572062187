import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TaskFailure, type JsonObject } from '../contract/task-type.js';
import { KEYS_NOT_ALLOWED } from './key-columns.js';
import { OWNER_FOLDER } from './owner-folder.js';

/** A failure of which others see the message alone: what was said of it may quote rows, and is for the party's owner. */
export class OwnersFailure extends TaskFailure {
  constructor(
    code: string,
    message: string,
    details: JsonObject,
    readonly whole: string,
  ) {
    super(code, message, false, details);
  }
}

/** Failures that say nothing of rows: they follow from names, from what owners state, or from another party. */
const OF_NO_ROWS: ReadonlySet<string> = new Set([
  ...[KEYS_NOT_ALLOWED, 'BOUNDS_DIFFER', 'BOUNDS_MISSING', 'COLUMN_NOT_FOUND', 'POLICY_REFUSED', 'PROTOCOL_VIOLATION'],
]);

/** Whether rows of the tables may have ended the run. */
export const isOfRows = (error: unknown): error is TaskFailure =>
  error instanceof TaskFailure && !error.retryable && !OF_NO_ROWS.has(error.code);

/** Failures that say which row does not fit, or how many. */
const OF_ROWS: ReadonlySet<string> = new Set([
  ...['CAST_FAILED', 'DUPLICATE_KEYS', 'LABEL_NOT_BINARY', 'NON_NUMERIC', 'NOT_CONVERGED', 'NULL_KEYS'],
  ...['MISSING_VALUE', 'PREDICTION_OUT_OF_RANGE', 'UNSEEN_CATEGORY'],
]);

const FILE = 'failures.jsonl';

/** Where a party keeps what others do not see of failures. */
export const failuresFile = (root: string): string => join(root, OWNER_FOLDER, FILE);

/** Where a failure happened. */
interface Place {
  readonly party: string;
  readonly root: string;
  readonly task: string;
}

/** Keeps what others do not see of a failure: a JSON object per line of `.party/failures.jsonl`. */
export async function keepForOwner({ code, details, whole }: OwnersFailure, { root, task }: Place): Promise<void> {
  await keep(root, { task, code, message: whole, details });
}

const keep = (root: string, line: JsonObject): Promise<void> =>
  appendFile(failuresFile(root), `${JSON.stringify({ at: new Date().toISOString(), ...line })}\n`, { mode: 0o600 });

/**
 * What others see of a failure on rows that one of them chose: its code, and no row, which would be a customer of the list. The owner finds the
 * whole in `.party/failures.jsonl`, a JSON object per line.
 */
export async function withoutRows(failure: TaskFailure, { party, root, task }: Place): Promise<TaskFailure> {
  const { code, message, retryable, details } = failure;
  if (!OF_ROWS.has(code)) return failure;
  await keep(root, { task, code, message, details });
  const { column } = details;
  return new TaskFailure(
    code,
    `Party ${party}: values of its table do not fit (${code}). Its rows were chosen, so which of them is for the party's owner ` +
      `alone, in ${OWNER_FOLDER}/${FILE}.`,
    retryable,
    { party, ...(column !== undefined && { column }) },
  );
}
