import type { PartySession } from '../mpc/session.js';
import { predictionsFor } from '../party/opened.js';
import type { PartyContext } from '../party/party-program.js';
import { runsOf } from '../table/numeric-columns.js';
import { writeTable } from '../table/write-table.js';
import type { PredictedRows } from '../vertical/vertical-rows.js';
import { PREDICT_ROWS, PredictionOnShares } from './predict-on-shares.js';
import type { Slice } from './slice.js';
import type { SsLrOutcome, SsLrPart } from './ss-lr-plan.js';

/** Predicts the rows of the table on shares. The receiver keeps the rounded predictions; the other party learns nothing. */
export async function predictRows(
  context: PartyContext,
  part: SsLrPart,
  session: PartySession,
  model: Slice,
  table: PredictedRows,
): Promise<SsLrOutcome['prediction']> {
  const { plan, label } = part;
  const receives = plan.receiver === context.party;
  if (!receives) await context.reserve(predictionsFor(plan.receiver, table.rows));
  const writer = receives
    ? await writeTable(
        context,
        {
          ...(part.predictionOutput !== null && { target: part.predictionOutput }),
          name: 'predictions.csv',
          rows: table.made,
        },
        label === null ? ['prediction'] : ['label', 'prediction'],
      )
    : null;
  const predicted = new PredictionOnShares(session, model, receives);
  for (const run of runsOf(table, PREDICT_ROWS)) {
    const predictions = await predicted.next(run);
    const rows = Array.from(predictions ?? [], (prediction, at) =>
      label === null
        ? [String(prediction)]
        : [String(run.values[at * run.columns + part.features.length]), String(prediction)],
    );
    await writer?.rows(rows);
    context.progress(0.92 + (0.07 * (run.from + run.rows)) / table.rows, 'predicting');
  }
  if (writer === null) return null;
  await writer.finish();
  return { reference: writer.reference, rows: table.rows };
}
