import { FEATURE_BITS, add, addToEach, decode, encode, fromBytes, shiftLeftInto, slice, toBytes } from '../mpc/ring.js';
import type { DealtParty, PartySession } from '../mpc/session.js';
import { SIGMOID, SLOPE_BITS, dealSpline, spline, type Change } from '../mpc/spline.js';
import { dealTruncation, truncate } from '../mpc/truncation.js';
import { VerticalDealer, VerticalMatrix } from '../mpc/vertical-matrix.js';
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
 * Predicts a table with a model on shares, a run of rows after the other, and opens each rounded prediction to one party: the
 * other one sends its share of it, and nothing else. Scores are exact, so that the same slices give the same predictions in every run.
 */
export class PredictionOnShares {
  private matrix: VerticalMatrix | undefined;
  private readonly columns: number;
  private readonly peerColumns: number;

  constructor(
    private readonly session: PartySession,
    private readonly model: Slice,
    private readonly receives: boolean,
  ) {
    const [first, second] = model.columns;
    [this.columns, this.peerColumns] = session.index === 0 ? [first, second] : [second, first];
  }

  /** The predictions of the next `PREDICT_ROWS` rows, or fewer at the end; null for the party that does not get them. */
  async next(run: NumericColumns): Promise<Float64Array | null> {
    const { session, model, columns } = this;
    const { index, peer } = session;
    const values = featuresOf(run, columns);
    this.matrix =
      (await this.matrix?.below(values, run.rows)) ??
      (await VerticalMatrix.mask(session, values, run.rows, columns, this.peerColumns));
    const { dealt } = this.matrix;
    const [first, second] = model.columns;
    const blocks = [slice(model.share, 0, first), slice(model.share, first, first + second)] as const;
    const intercept = shiftLeftInto(slice(model.share, first + second, first + second + 1).slice(), FEATURE_BITS);
    const { changes, bits, offset, step } = outputOf(model.regType, model.labelSize);
    const scores = await this.matrix.rows(0, run.rows).times(blocks[index], blocks[index === 0 ? 1 : 0]);
    addToEach(scores, intercept);
    const exact = await spline(session, dealt, scores, SCORE_BITS, changes);
    if (index === 0) addToEach(exact, encode([offset + 2 ** (step - 1)], bits));
    shiftLeftInto(exact, CUT_BITS - bits - step);
    const rounded = await truncate(session, dealt, exact, [{ count: run.rows, bits: CUT_BITS }]);
    if (this.receives) return decode(add(rounded, fromBytes(await peer.receive(), run.rows)), -step);
    await peer.send(toBytes(rounded));
    return null;
  }
}

/** The dealer's side of {@link PredictionOnShares}: it learns the sizes, and receives nothing. */
export async function dealPrediction(
  parties: readonly [DealtParty, DealtParty],
  columns: readonly [number, number],
  regType: Schedule['regType'],
  rows: number,
): Promise<void> {
  const matrix = new VerticalDealer(parties, columns);
  const [, toSecond] = matrix.lines;
  const { changes } = outputOf(regType, 0);
  for (let from = 0; from < rows; from += PREDICT_ROWS) {
    const to = Math.min(from + PREDICT_ROWS, rows);
    await matrix.rows(from, to).times();
    await dealSpline(parties, toSecond, to - from, changes.length);
    await dealTruncation(parties, toSecond, [{ count: to - from, bits: CUT_BITS }]);
  }
  await matrix.end();
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
