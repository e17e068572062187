import { FEATURE_BITS, addToEach, decode, encode, shiftLeftInto, slice, type RingVector } from '../mpc/ring.js';
import { dealMasking, masking, openTogether, type Masked } from '../mpc/masked.js';
import { openSumTo } from '../mpc/opening.js';
import { PieceSender } from '../mpc/pieces.js';
import { Z128 } from '../mpc/rings.js';
import type { DealtParty, GroupSession } from '../mpc/session.js';
import { SplitDealer, SplitMatrix, featuresIn, type ColumnCounts } from '../mpc/split-matrix.js';
import { SIGMOID, SLOPE_BITS, dealSpline, spline, type Change } from '../mpc/spline.js';
import { dealTruncation, truncate } from '../mpc/truncation.js';
import type { NumericColumns } from '../table/numeric-columns.js';
import { MOST_SIZE, SCORE_BITS } from './room.js';
import type { Slice } from './slice.js';
import type { Schedule } from './schedule.js';

/** Rows to predict at once. */
export const PREDICT_ROWS = 2048;
/** Probabilities are multiples of 2^-10; numbers of 2^-10 of the power of two that no label of the training exceeds. */
const STEP_BITS = 10;
/** What is cut off before a prediction is opened: as many bits for each kind and size of labels. */
const CUT_BITS = SCORE_BITS + MOST_SIZE - STEP_BITS;

/** How predictions come out of scores. */
interface Output {
  readonly changes: readonly Change[];
  /** Fraction bits of what the changes give, and what to add to it. */
  readonly bits: number;
  readonly offset: number;
  /** Its exponent. */
  readonly step: number;
}

function outputOf(regType: Schedule['regType'], labelSize: number): Output {
  if (regType === 'logistic') return { changes: SIGMOID, bits: SCORE_BITS + SLOPE_BITS, offset: 0, step: -STEP_BITS };
  // Cut off beyond twice the labels: a number has 12 bits, whatever the columns are.
  const most = 2 ** (labelSize + 1);
  const changes = [
    { knot: -most, slope: 1 },
    { knot: most, slope: -1 },
  ];
  return { changes, bits: SCORE_BITS, offset: -most, step: labelSize - STEP_BITS };
}

/**
 * Predicts a table with a model on shares, a run of rows after the other, and opens each rounded prediction to one party: each
 * other one sends its share of it, and nothing else. Scores are exact, so that the same slices give the same predictions in every run.
 */
export class PredictionOnShares {
  private rows: { readonly matrix: SplitMatrix; readonly weights: Masked } | undefined;

  constructor(
    private readonly session: GroupSession,
    private readonly model: Slice,
    /** The index of the party that gets the predictions. */
    private readonly receiver: number,
  ) {}

  /** The predictions of the next `PREDICT_ROWS` rows, or fewer at the end; null for a party that does not get them. */
  async next(run: NumericColumns): Promise<Float64Array | null> {
    const opened = await openSumTo(this.session, Z128, await this.shares(run), [this.receiver]);
    return opened && predictionsIn(this.model, opened);
  }

  /** Own shares of the rounded predictions of the next rows, which open by {@link predictionsIn}. */
  async shares(run: NumericColumns): Promise<RingVector> {
    const { session, model } = this;
    const { index } = session;
    const { matrix, weights } = await this.masked(featuresOf(run, model.columns[index]!), run.rows);
    const { dealt } = matrix;
    const features = featuresIn(model.columns);
    const intercept = shiftLeftInto(slice(model.share, features, features + 1).slice(), FEATURE_BITS);
    const { changes, bits, offset, step } = outputOf(model.regType, model.labelSize);
    const scores = await matrix.rows(0, run.rows).times(weights);
    addToEach(scores, intercept);
    const exact = await spline(session, dealt, scores, SCORE_BITS, changes);
    if (index === 0) addToEach(exact, encode([offset + 2 ** (step - 1)], bits));
    shiftLeftInto(exact, CUT_BITS - bits - step);
    return truncate(session, dealt, exact, [{ count: run.rows, bits: CUT_BITS }]);
  }

  /** The rows masked; before the first ones also the weights, for all of them. */
  private async masked(values: Float64Array, rows: number): Promise<{ matrix: SplitMatrix; weights: Masked }> {
    const { session, model } = this;
    if (this.rows) return (this.rows = { ...this.rows, matrix: await this.rows.matrix.below(values, rows) });
    const matrix = await SplitMatrix.mask(session, values, rows, model.columns);
    const [weights] = await openTogether(session, [masking(session, slice(model.share, 0, featuresIn(model.columns)))]);
    return (this.rows = { matrix, weights: weights! });
  }
}

/** The predictions that the shares of all parties sum to. */
export const predictionsIn = ({ regType, labelSize }: Pick<Slice, 'regType' | 'labelSize'>, sum: RingVector) =>
  decode(sum, -outputOf(regType, labelSize).step);

/** The dealer's side of {@link PredictionOnShares}: it learns the sizes, and receives nothing. */
export async function dealPrediction(
  parties: readonly DealtParty[],
  columns: ColumnCounts,
  regType: Schedule['regType'],
  rows: number,
): Promise<void> {
  const toLast = new PieceSender(parties.at(-1)!.channel);
  const matrix = new SplitDealer(parties, toLast, columns);
  const weights = dealMasking(parties, featuresIn(columns));
  const { changes } = outputOf(regType, 0);
  for (let from = 0; from < rows; from += PREDICT_ROWS) {
    const to = Math.min(from + PREDICT_ROWS, rows);
    await matrix.rows(from, to).times(weights);
    await dealSpline(parties, toLast, to - from, changes.length);
    await dealTruncation(parties, toLast, [{ count: to - from, bits: CUT_BITS }]);
  }
  await toLast.flush();
}

/** The first columns of a table, without the label. */
export function featuresOf({ rows, columns, values }: NumericColumns, count: number): Float64Array {
  if (columns === count) return values;
  const features = new Float64Array(rows * count);
  for (let row = 0; row < rows; row += 1) {
    features.set(values.subarray(row * columns, row * columns + count), row * count);
  }
  return features;
}
