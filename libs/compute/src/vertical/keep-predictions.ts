import { predictionsFor } from '../party/opened.js';
import type { PartyContext } from '../party/party-program.js';
import { runsOf, type RowRun } from '../table/numeric-columns.js';
import { writeTable } from '../table/write-table.js';
import type { VerticalPart } from './vertical-plan.js';
import type { PredictedRows } from './vertical-rows.js';

/** How a training predicts rows, `length` at once: `next` gives null at the party that does not get the predictions. */
export interface Predictions {
  readonly length: number;
  /** Set where they are counted already, as they were opened before. */
  readonly areCounted?: true;
  next(run: RowRun): Promise<Float64Array | null>;
  /** As the table shows one. */
  show?(prediction: number): string;
}

/** Counts what is opened of a party's rows where another one gets the predictions. */
export async function countPredictions(
  context: PartyContext,
  { plan: { receiver } }: VerticalPart,
  { rows }: PredictedRows,
): Promise<void> {
  if (receiver !== context.party) await context.reserve(predictionsFor(receiver, rows));
}

/** Predicts the rows of a table behind a training. The receiver keeps the predictions, beside the label if it has it. */
export async function keepPredictions(
  context: PartyContext,
  part: VerticalPart,
  table: PredictedRows,
  { length, areCounted, next, show = String }: Predictions,
): Promise<{ readonly reference: string; readonly rows: number } | null> {
  const { plan, label } = part;
  const receives = plan.receiver === context.party;
  if (!areCounted) await countPredictions(context, part, table);
  const target = part.predictionOutput !== null && { target: part.predictionOutput };
  const columns = label === null ? ['prediction'] : ['label', 'prediction'];
  const request = { ...target, name: 'predictions.csv', rows: table.made };
  const writer = receives ? await writeTable(context, request, columns) : null;
  for (const run of runsOf(table, length)) {
    const predictions = await next(run);
    // The label is the last column.
    const labelOf = (row: number): string => String(run.values[(row + 1) * run.columns - 1]);
    const shown = Array.from(predictions ?? [], (prediction, row) =>
      label === null ? [show(prediction)] : [labelOf(row), show(prediction)],
    );
    await writer?.rows(shown);
    context.progress(0.92 + (0.07 * (run.from + run.rows)) / table.rows, 'predicting on shares');
  }
  await writer?.finish();
  return writer && { reference: writer.reference, rows: table.rows };
}
