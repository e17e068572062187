import type { TaskFailure } from '../contract/task-type.js';

/** A table as a stream of rows of text, whatever its file is; it can be read more than once. */
export interface Table {
  /** Path as the parameters give it: for messages. */
  readonly label: string;
  readonly party: string;
  readonly columns: readonly string[];
  /** Data rows, `columns.length` fields each. A number is as JavaScript writes it, a missing value is ''. */
  batches(): AsyncGenerator<string[][], void, undefined>;
  /** Progress of the latest `batches()` in the file, 0 to 1. */
  read(): number;
}

/** A table being written. The same rows give the same bytes. */
export interface TableWriter {
  readonly reference: string;
  rows(batch: readonly (readonly string[])[]): Promise<void>;
  /** Rows that are CSV text already (from `csvRow`). */
  text(chunk: Uint8Array): Promise<void>;
  finish(): Promise<void>;
}

/** Rows that are handed on at a time: enough to make the hand-over cheap, and of few enough fields to bound memory. */
export function rowsAtOnce(columns: number): number {
  return Math.max(1, Math.min(4096, Math.floor(262_144 / columns)));
}

/** Refuses a table without a name for each of its columns, or with one name for two. */
export function checkColumns(columns: readonly string[], failure: (code: string, why: string) => TaskFailure): void {
  if (columns.length === 0) throw failure('NO_HEADER', 'has no header row');
  if (columns.includes('')) throw failure('NO_HEADER', 'has a column without a name in its header row');
  const seen = new Set<string>();
  for (const column of columns) {
    if (seen.has(column)) throw failure('DUPLICATE_COLUMNS', `has two columns named ${JSON.stringify(column)}`);
    seen.add(column);
  }
}
