import { encode, zeros } from '../mpc/ring.js';
import type { Vector } from '../mpc/rings.js';
import { pickRows, type NumericColumns } from '../table/numeric-columns.js';
import { standardise } from '../table/standardise.js';
import type { PreparedRows } from '../vertical/vertical-rows.js';
import { COEFFICIENT_BITS, DATA_BITS, SCORE_BITS } from './family-on-shares.js';
import type { GlmShape, GlmShares } from './fit-glm.js';
import type { SsGlmPart } from './glm-plan.js';
import { ownLabel, type OwnLabel } from './own-label.js';

/** Where the values of a column are moved: (value - center) / scale. */
export interface Place {
  readonly center: number;
  readonly scale: number;
}

/** A party's rows as they are fitted. */
export interface GlmRows {
  /** Columns of mean 0 and a sum of squares of 1, row-major. */
  readonly features: NumericColumns;
  /** Of each feature, and of the offset behind them. */
  readonly places: readonly Place[];
  /** Of the party with the label. */
  readonly label: OwnLabel | null;
}

/** Standardises a party's columns. Throws TaskFailure CONSTANT_COLUMN, NON_NUMERIC, and what {@link ownLabel} throws. */
export function glmRows(part: SsGlmPart, party: string, { train, least }: PreparedRows): GlmRows {
  const { plan, ownColumns: count, trainData: path } = part;
  const order = Uint32Array.from({ length: train.rows }, (_, row) => row);
  const column = (from: number, to: number): Float64Array => pickRows(train, order, from, to);
  const features = { rows: train.rows, columns: count, values: column(0, count) };
  const places = part.features.slice(0, count).map((name, at): Place => {
    const { mean, norm } = standardise(features, at, party, path, name);
    return { center: mean, scale: norm };
  });
  if (train.label === null) return { features, places, label: null };
  const offset = part.offset === null ? null : column(count, count + 1);
  const weights = part.weight === null ? null : column(train.columns - 1, train.columns);
  const rowsWanted = least * (plan.columns[0] + plan.columns[1]);
  const where = { party, path, label: part.label!, offset: part.offset ?? '', weight: part.weight ?? '' };
  const label = ownLabel(where, plan.family, { label: train.label, offset, weights }, rowsWanted);
  const ofOffset = offset === null ? [] : [{ center: label.offsetCenter, scale: 1 }];
  return { features, places: [...places, ...ofOffset], label };
}

/** Own shares: what the party has, and zeros for what the other one has. The first party has the intercept's column. */
export function sharesOf({ features, label }: GlmRows, shape: GlmShape, index: 0 | 1): GlmShares {
  const columns = shape.columns[0] + shape.columns[1] + 1;
  const of = (values: Float64Array | null | undefined, bits: number) => {
    return (from: number, to: number): Vector => (values ? encode(values.subarray(from, to), bits) : zeros(to - from));
  };
  const start = new Float64Array(columns);
  start[columns - 1] = (label?.start ?? 0) * Math.sqrt(shape.rows);
  return {
    features: (from, to) =>
      wideRows(
        { rows: to - from, columns: features.columns, values: features.values.subarray(from * features.columns) },
        shape,
        index,
      ),
    label: of(label?.label, DATA_BITS),
    weights: of(label?.weights, DATA_BITS),
    offset: of(label?.offset, SCORE_BITS),
    start: encode(start, COEFFICIENT_BITS),
  };
}

/** The own columns in their places among those of both parties and of the intercept. */
export function wideRows(
  own: NumericColumns,
  { columns: [first, second], rows }: Pick<GlmShape, 'columns' | 'rows'>,
  index: 0 | 1,
): Vector {
  const columns = first + second + 1;
  const [count, place] = index === 0 ? [first, 0] : [second, first];
  const values = new Float64Array(own.rows * columns);
  for (let row = 0; row < own.rows; row += 1) {
    const from = row * own.columns;
    values.set(own.values.subarray(from, from + count), row * columns + place);
    if (index === 0) values[(row + 1) * columns - 1] = 1 / Math.sqrt(rows);
  }
  return encode(values, DATA_BITS);
}
