import { TaskFailure } from '../contract/task-type.js';
import { MOST_EXPONENT } from '../mpc/exponential.js';
import { leastLossOf, lossOf, type Family } from './family.js';

/** The label of a party, with what belongs to it, as it is fitted. */
export interface OwnLabel {
  /** Divided by 2^scaleBits, so that its mean lies between 1/2 and 1; as it is with logit. */
  readonly label: Float64Array;
  readonly scaleBits: number;
  /** With a mean of 1. */
  readonly weights: Float64Array | null;
  /** Less its center: exp of it has a mean of 1. */
  readonly offset: Float64Array | null;
  readonly offsetCenter: number;
  /** The score of a model without columns. */
  readonly start: number;
  /** The mean loss of that model, and of one that is never wrong. */
  readonly losses: { readonly start: number; readonly least: number };
}

interface Where {
  readonly party: string;
  readonly path: string;
  readonly label: string;
  readonly offset: string;
  readonly weight: string;
}

interface Columns {
  readonly label: Float64Array;
  readonly offset: Float64Array | null;
  readonly weights: Float64Array | null;
}

/** The mean of a label is between 2^-1000 and 2^1000. */
export const MOST_SCALE = 1000;
/** No label is more than 2^16 times the mean, no weight more than 2^10 times, and no offset further than this from its center. */
const MOST_LABEL = 2 ** 16;
const MOST_WEIGHT = 2 ** 10;
const MOST_OFFSET = 2 * MOST_EXPONENT;
/** A label of which a model without columns says all but this. */
const LEAST_SPREAD = 2 ** -20;

/**
 * Scales the label of a party and what belongs to it. Throws TaskFailure VALUE_OUT_OF_RANGE, CONSTANT_COLUMN, and GROUP_TOO_SMALL where weights leave the
 * information of under `rowsWanted` rows.
 */
export function ownLabel(where: Where, family: Family, columns: Columns, rowsWanted: number): OwnLabel {
  const weights = columns.weights && scaledWeights(where, columns.weights, rowsWanted);
  const mean = (of: (row: number) => number): number => meanOf(columns.label.length, weights, of);
  const refuse = (column: string, why: string): TaskFailure => outOfRange(where, column, why);
  const isLog = family.link === 'log';
  if (isLog && columns.label.some((y) => y < 0 || (family.power === 2 && y === 0))) {
    throw refuse(where.label, family.power === 2 ? 'has labels that are not above 0' : 'has labels below 0');
  }
  const average = mean((row) => columns.label[row]!);
  const constant = (): TaskFailure =>
    new TaskFailure(
      'CONSTANT_COLUMN',
      `Party ${where.party}: label ${JSON.stringify(where.label)} of ${where.path} is the same in every row; there is nothing to fit.`,
      false,
      { party: where.party, column: where.label },
    );
  if (average === 0 || (!isLog && average === 1)) throw constant();
  const scaleBits = isLog ? Math.ceil(Math.log2(average)) : 0;
  if (Math.abs(scaleBits) > MOST_SCALE) throw refuse(where.label, `has a mean beyond 2^${MOST_SCALE}`);
  const label = columns.label.map((y) => y / 2 ** scaleBits);
  if (label.some((y) => y > MOST_LABEL)) {
    throw refuse(where.label, `has labels over ${MOST_LABEL} times the mean; cut off outliers`);
  }

  const { offset, center: offsetCenter } = centered(columns.offset, mean);
  if (offset?.some((each) => Math.abs(each) > MOST_OFFSET)) {
    throw refuse(
      where.offset,
      `has values over ${MOST_OFFSET} away from the log of the mean of their exp; is it no logarithm?`,
    );
  }
  const scaled = average / 2 ** scaleBits;
  const start = isLog ? Math.log(scaled) : Math.log(scaled / (1 - scaled));
  const losses = {
    start: mean((row) => lossOf(family, label[row]!, start + (offset?.[row] ?? 0))),
    least: mean((row) => leastLossOf(family, label[row]!)),
  };
  if (losses.start - losses.least < LEAST_SPREAD) throw constant();
  return { label, scaleBits, weights, offset, offsetCenter, start, losses };
}

/** Weights with a mean of 1. */
function scaledWeights(where: Where, weights: Float64Array, rowsWanted: number): Float64Array {
  if (weights.some((weight) => weight < 0)) throw outOfRange(where, where.weight, 'has weights below 0');
  const average = meanOf(weights.length, null, (row) => weights[row]!);
  const scaled = weights.map((weight) => (average > 0 ? weight / average : 0));
  if (scaled.some((weight) => weight > MOST_WEIGHT)) {
    throw outOfRange(where, where.weight, `has weights over ${MOST_WEIGHT} times the mean; cut off outliers`);
  }
  // The effective number of rows: L. Kish, "Survey Sampling", 1965.
  const effective = average > 0 ? weights.length / meanOf(weights.length, null, (row) => scaled[row]! ** 2) : 0;
  if (effective < rowsWanted) {
    throw new TaskFailure(
      'GROUP_TOO_SMALL',
      `Party ${where.party}: with the weights ${JSON.stringify(where.weight)} of ${where.path} the rows count as under ${rowsWanted}, so that the model would be ` +
        'about few of them; leave the weights out.',
      false,
      { party: where.party, column: where.weight, min_rows: rowsWanted },
    );
  }
  return scaled;
}

function centered(
  offset: Float64Array | null,
  mean: (of: (row: number) => number) => number,
): { readonly offset: Float64Array | null; readonly center: number } {
  if (offset === null) return { offset, center: 0 };
  const most = offset.reduce((largest, each) => Math.max(largest, each), -Infinity);
  const center = most + Math.log(mean((row) => Math.exp(offset[row]! - most)));
  return { offset: offset.map((each) => each - center), center };
}

function meanOf(rows: number, weights: Float64Array | null, of: (row: number) => number): number {
  let sum = 0;
  for (let row = 0; row < rows; row += 1) sum += (weights?.[row] ?? 1) * of(row);
  return sum / rows;
}

/** The failure of a column whose values do not fit. */
function outOfRange({ party, path }: Pick<Where, 'party' | 'path'>, column: string, why: string): TaskFailure {
  const message = `Party ${party}: column ${JSON.stringify(column)} of ${path} ${why}.`;
  return new TaskFailure('VALUE_OUT_OF_RANGE', message, false, { party, column });
}
