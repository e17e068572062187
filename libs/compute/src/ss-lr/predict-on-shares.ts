import { FEATURE_BITS, add, addToEach, decode, encode, fromBytes, shiftLeftInto, slice, toBytes } from '../mpc/ring.js';
import type { DealtParty, PartySession } from '../mpc/session.js';
import { SIGMOID, SLOPE_BITS, dealSpline, spline, type Change } from '../mpc/spline.js';
import { dealTruncation, truncate } from '../mpc/truncation.js';
import { VerticalDealer, VerticalMatrix } from '../mpc/vertical-matrix.js';
import type { NumericColumns } from '../table/numeric-columns.js';
import { MOST_SIZE, SCORE_BITS } from './room.js';
import type { Slice } from './slice.js';
import type { Schedule } from './schedule.js';

/** Rows of one step. */
const ROWS = 2048;
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
 * Predicts the rows of a table with a model on shares, and opens each rounded prediction to one party: the other one sends
 * its share of it, and nothing else. Scores are exact, so that the same slices give the same predictions in every run. Yields
 * runs of rows, with predictions for the party that `receives` them.
 */
export async function* predictOnShares(
  session: PartySession,
  model: Slice,
  table: NumericColumns,
  receives: boolean,
): AsyncGenerator<{ readonly from: number; readonly to: number; readonly predictions: Float64Array | null }> {
  const { index, peer } = session;
  const [first, second] = model.columns;
  const [columns, peerColumns] = index === 0 ? [first, second] : [second, first];
  const matrix = await VerticalMatrix.mask(session, featuresOf(table, columns), table.rows, columns, peerColumns);
  const blocks = [slice(model.share, 0, first), slice(model.share, first, first + second)] as const;
  const intercept = shiftLeftInto(slice(model.share, first + second, first + second + 1).slice(), FEATURE_BITS);
  const { changes, bits, offset, step } = outputOf(model.regType, model.labelSize);
  for (let from = 0; from < table.rows; from += ROWS) {
    const to = Math.min(from + ROWS, table.rows);
    const scores = await matrix.rows(from, to).times(blocks[index], blocks[index === 0 ? 1 : 0]);
    addToEach(scores, intercept);
    const exact = await spline(session, matrix.dealt, scores, SCORE_BITS, changes);
    if (index === 0) addToEach(exact, encode([offset + 2 ** (step - 1)], bits));
    shiftLeftInto(exact, CUT_BITS - bits - step);
    const rounded = await truncate(session, matrix.dealt, exact, [{ count: to - from, bits: CUT_BITS }]);
    if (receives) {
      const opened = add(rounded, fromBytes(await peer.receive(), to - from));
      yield { from, to, predictions: decode(opened, -step) };
    } else {
      await peer.send(toBytes(rounded));
      yield { from, to, predictions: null };
    }
  }
}

/** The dealer's side of {@link predictOnShares}: it learns the sizes, and receives nothing. */
export async function dealPrediction(
  parties: readonly [DealtParty, DealtParty],
  columns: readonly [number, number],
  regType: Schedule['regType'],
  rows: number,
): Promise<void> {
  const matrix = new VerticalDealer(parties, columns);
  const [, toSecond] = matrix.lines;
  const { changes } = outputOf(regType, 0);
  for (let from = 0; from < rows; from += ROWS) {
    const to = Math.min(from + ROWS, rows);
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
