import { TaskFailure } from '../contract/task-type.js';
import type { InputFile } from '../party/input-files.js';
import type { PartyContext } from '../party/party-program.js';
import type { Table } from '../table/table.js';
import { nullRow, writeRows, type Found, type RowsOfOutput } from './write-rows.js';

/** A party's answer to the coordinator, and so to everybody. */
export interface PsiPartyValue {
  readonly original_count: number;
  /** -1 for a party that may not learn it; null where this party alone may. */
  readonly intersection_count: number | null;
  readonly output: string | null;
}

interface OutcomeRequest {
  readonly input: InputFile;
  readonly table: Table;
  readonly keys: readonly string[];
  readonly found: Found;
  /** The own rows. */
  readonly rows: number;
  /** Rows that the other sent: of a join alone. */
  readonly peerRows: number;
  /** The rows of the output; null for none. */
  readonly which: RowsOfOutput | null;
  /** Whether this party alone learns the intersection. */
  readonly isPrivate: boolean;
  readonly allowEmpty: boolean;
  readonly outputPath: string | null;
}

/** Writes the output and says what others may know. Throws TaskFailure EMPTY_INTERSECTION and what `writeRows` throws. */
export async function outcomeOf(context: PartyContext, request: OutcomeRequest): Promise<PsiPartyValue> {
  const { input, table, found, rows, peerRows, which, isPrivate } = request;
  const count = found.places?.reduce((sum, place) => sum + (place < 0 ? 0 : 1), 0) ?? -1;
  // Its size, and whether it is empty, are this party's alone where that is private.
  if (count === 0 && !request.allowEmpty && !isPrivate) {
    throw new TaskFailure(
      'EMPTY_INTERSECTION',
      'The parties have no key in common. Check that the key columns hold the same kind of key, or set allow_empty_result.',
    );
  }
  if (which === null) return { original_count: rows, intersection_count: count, output: null };
  const nulls = which === 'beside' ? peerRows * Buffer.byteLength(nullRow(table)) : 0;
  const output = await writeRows(context, table, found, {
    which,
    by: request.keys,
    peerRows,
    target: request.outputPath ?? undefined,
    name: which === 'common' ? 'intersection.csv' : 'joined.csv',
    statedBytes: isPrivate ? input.sizeBytes + nulls : undefined,
  });
  if (isPrivate) context.keepResult({ original_count: rows, intersection_count: count, output_path: output });
  return { original_count: rows, intersection_count: isPrivate ? null : count, output };
}
