import type { PartyContext } from '../party/party-program.js';
import type { Evaluated } from './open-figures.js';
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

/** Reads labels and predictions, one of each a row. Throws TaskFailure COLUMN_NOT_FOUND, CAST_FAILED, or what opening the table throws. */
export async function readPredictions(
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
