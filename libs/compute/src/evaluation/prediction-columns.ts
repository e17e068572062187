import type { PartyContext } from '../party/party-program.js';
import type { JsonObject } from '../contract/task-type.js';
import { unread, type Evaluated } from './open-figures.js';
import { readNumericColumns } from '../table/numeric-columns.js';

/** The columns of a prediction table that an evaluation looks at. */
interface PredictionTable {
  readonly path: string;
  readonly labelColumn: string;
  readonly predictionColumn: string;
}

/** One label and one prediction a row. */
export interface PredictionRows {
  readonly labels: Float64Array;
  readonly predictions: Float64Array;
  readonly about: Evaluated;
}

/** What an evaluation may show. */
export interface Judging {
  /** The fewest rows that a figure may cover. */
  readonly least: number;
  /** Whether figures that others may not see are a failure. */
  readonly mustShow: boolean;
}

/**
 * Reads a prediction table and evaluates it. `gates`: how many metrics must pass. Whether they do is seen by all, and so is why there is nothing
 * to judge; without gates, others see null for each of `keys` where the failure to read it says something of rows that they may not see.
 */
export async function evaluated(
  context: PartyContext,
  table: PredictionTable,
  { keys, gates }: { readonly keys: readonly string[]; readonly gates: object },
  evaluate: (read: PredictionRows, judging: Judging) => Promise<JsonObject>,
): Promise<JsonObject> {
  const mustShow = Object.keys(gates).length > 0;
  let read: PredictionRows;
  try {
    read = await readPredictions(context, table);
  } catch (failure) {
    if (mustShow) throw failure;
    return unread(context, failure, keys);
  }
  return evaluate(read, { least: context.minGroupRows, mustShow });
}

/** Reads labels and predictions, one of each a row. Throws TaskFailure COLUMN_NOT_FOUND, CAST_FAILED, or what opening the table throws. */
async function readPredictions(
  context: PartyContext,
  { path, labelColumn, predictionColumn }: PredictionTable,
): Promise<PredictionRows> {
  const names = [labelColumn, predictionColumn];
  const { rows, values } = await readNumericColumns(context, path, names, (read) =>
    context.progress(0.5 * read, 'reading'),
  );
  const column = (at: number): Float64Array => Float64Array.from({ length: rows }, (_, row) => values[2 * row + at]!);
  return { labels: column(0), predictions: column(1), about: { names, values, rows, label: labelColumn } };
}
