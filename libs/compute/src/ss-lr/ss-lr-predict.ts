import type { PartyContext } from '../party/party-program.js';
import type { NumericColumns } from '../table/numeric-columns.js';
import { writeTable } from '../table/write-table.js';
import { predictionOf, receiveScores, sendScores, type RegressionSlice } from '../vertical/scores.js';
import type { SsLrOutcome, SsLrPart } from './ss-lr-plan.js';

/**
 * Predicts the rows of the table. The other party sends its part of each row's score; the receiver adds its own part
 * and keeps the predictions.
 *
 * This gives the receiver no more than any prediction would: a score and the own part of it give the rest by
 * subtraction. Both use the saved weights, so that the saved slices give these predictions again.
 */
export async function predictRows(
  context: PartyContext,
  part: SsLrPart,
  peer: string,
  slice: RegressionSlice,
  table: NumericColumns,
): Promise<SsLrOutcome['prediction']> {
  const { plan, label } = part;
  if (plan.receiver !== context.party) {
    await sendScores(context, peer, slice, table);
    return null;
  }
  const writer = await writeTable(
    context,
    { ...(part.predictionOutput !== null && { target: part.predictionOutput }), name: 'predictions.csv' },
    label === null ? ['prediction'] : ['label', 'prediction'],
  );
  for await (const { from, scores } of receiveScores(context, peer, slice, table)) {
    await writer.rows(
      Array.from(scores, (score, at) => {
        const prediction = String(predictionOf(score, plan.schedule.regType));
        if (label === null) return [prediction];
        return [String(table.values[(from + at) * table.columns + slice.weights.length]), prediction];
      }),
    );
    context.progress(0.92 + (0.07 * (from + scores.length)) / table.rows, 'predicting');
  }
  await writer.finish();
  return { reference: writer.reference, rows: table.rows };
}
