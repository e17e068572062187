import { TaskFailure } from '../contract/task-type.js';
import { rounded, type Joint } from '../mpc/joint.js';
import { transposed } from '../mpc/matrices.js';
import { addInto, decode, encode, zeros } from '../mpc/ring.js';
import { Z128, type Vector } from '../mpc/rings.js';
import { SIGMOID, SLOPE_BITS } from '../mpc/spline.js';
import type { NumericColumns } from '../table/numeric-columns.js';
import { SCORE_BITS, bounded } from './family-on-shares.js';
import { wideRows, type Place } from './glm-rows.js';
import type { GlmSlice } from './glm-slice.js';

/** Rows to predict at once. */
export const PREDICT_ROWS = 2048;

/** Fraction bits of what is opened of a row: of a probability, or of the logarithm of a mean between -7 and 7. */
const OPENED_BITS = { logit: 10, log: 8 } as const;

/** A value to predict may be this many deviations from the mean of the training. */
const MOST_DEVIATIONS = 2 ** 20;

/** What is public of a model: what the dealer must know. */
export type GlmSizes = Pick<GlmSlice, 'link' | 'columns'>;

/** Own shares of what is opened of `rows` rows with these features (of `DATA_BITS`), and scores of offsets. */
async function predictGlm(
  joint: Joint,
  { link, columns: [first, second] }: GlmSizes,
  {
    coefficients,
    features,
    offset,
  }: { readonly coefficients: Vector; readonly features: Vector; readonly offset: Vector },
): Promise<Vector> {
  const columns = first + second + 1;
  const rows = features.length / coefficients.length;
  const exact = await joint.transposedProduct(transposed(features, rows, columns), coefficients, columns);
  const scores = addInto(exact, offset);
  if (link === 'log') return rounded(joint, Z128, await bounded(joint, scores), SCORE_BITS - OPENED_BITS.log);
  const chances = await joint.spline(scores, SCORE_BITS, SIGMOID);
  return rounded(joint, Z128, chances, SCORE_BITS + SLOPE_BITS - OPENED_BITS.logit);
}

/** The dealer's part of {@link predictRun}. */
export async function dealGlm(joint: Joint, sizes: GlmSizes, rows: number): Promise<void> {
  const columns = sizes.columns[0] + sizes.columns[1] + 1;
  const shares = { coefficients: zeros(columns), features: zeros(rows * columns), offset: zeros(rows) };
  await predictGlm(joint, sizes, shares);
}

/** Own shares of what is opened of a run of rows, whose first columns are those of the slice. Throws TaskFailure NOT_CONVERGED. */
export function predictRun(
  joint: Joint,
  party: string,
  index: 0 | 1,
  slice: GlmSlice,
  run: NumericColumns,
): Promise<Vector> {
  const moved = movedRows(party, slice, run);
  const ofOffset = slice.hasLabel && slice.hasOffset ? slice.features.length - 1 : -1;
  const offsets = Array.from({ length: run.rows }, (_, row) =>
    ofOffset < 0 ? 0 : moved.values[row * moved.columns + ofOffset]!,
  );
  return predictGlm(joint, slice, {
    coefficients: slice.share,
    features: wideRows(moved, slice, index),
    offset: encode(offsets, SCORE_BITS),
  });
}

/** The predictions of which these are both shares. */
export function openedMeans({ link, scaleBits }: GlmSlice, own: Vector, theirs: Vector): Float64Array {
  const opened = decode(addInto(own.slice(), theirs), OPENED_BITS[link]);
  return link === 'logit' ? opened : opened.map((score) => Math.exp(score) * 2 ** scaleBits);
}

/** The columns of the slice, moved as those of the training. */
function movedRows(party: string, { features, places, rows }: GlmSlice, run: NumericColumns): NumericColumns {
  const columns = features.length;
  const values = new Float64Array(run.rows * columns);
  for (let at = 0; at < values.length; at += 1) {
    const column = at % columns;
    const { center, scale } = places[column] as Place;
    values[at] = (run.values[Math.floor(at / columns) * run.columns + column]! - center) / scale;
    if (Math.abs(values[at]!) * Math.sqrt(rows) <= MOST_DEVIATIONS) continue;
    throw new TaskFailure(
      'NOT_CONVERGED',
      `Party ${party}: column ${JSON.stringify(features[column])} is too far from the values of the training. Prepare it as for the training.`,
      false,
      { party, column: features[column]! },
    );
  }
  return { rows: run.rows, columns, values };
}
