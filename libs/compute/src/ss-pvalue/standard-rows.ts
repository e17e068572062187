import { standardise } from '../table/standardise.js';
import { TaskFailure } from '../contract/task-type.js';
import { encode, zeros } from '../mpc/ring.js';
import type { Vector } from '../mpc/rings.js';
import { pickRows, type NumericColumns } from '../table/numeric-columns.js';
import { COEFFICIENT_BITS } from './fit-on-shares.js';
import { MATRIX_BITS } from '../mpc/inverse-on-shares.js';
import { freeOf, type FitShape } from './fit-shape.js';
import { DATA_BITS, ORIGIN_BITS, type Origin, type SharedRows } from './shared-rows.js';

/** A party's rows as they are fitted. */
export interface StandardRows {
  /** Columns of mean 0 and a sum of squares of 1, row-major. */
  readonly features: NumericColumns;
  /** As it is in logistic regression, else like the features. Null for the party without it. */
  readonly label: Float64Array | null;
  /** Of each feature, and of a label that was moved: its mean in deviations. */
  readonly means: readonly number[];
  /** Of each feature: the root of its sum of squares about its mean. */
  readonly norms: readonly number[];
  readonly labelMean: number;
}

interface Where {
  readonly party: string;
  readonly path: string;
  readonly names: readonly string[];
}

/** A row may have no more of the sum of squares of a label: z would be about it. */
const MOST_OF_LABEL = 1 / 2;

/** Standardises features, and the label of a linear regression. Throws TaskFailure CONSTANT_COLUMN, NON_NUMERIC, GROUP_TOO_SMALL. */
export function standardRows(
  where: Where,
  table: NumericColumns,
  { regType }: FitShape,
  hasLabel: boolean,
): StandardRows {
  const count = table.columns - Number(hasLabel);
  const order = Uint32Array.from({ length: table.rows }, (_, row) => row);
  const part = (from: number, to: number): NumericColumns => ({
    rows: table.rows,
    columns: to - from,
    values: pickRows(table, order, from, to),
  });
  const features = part(0, count);
  const moved = where.names.slice(0, count).map((name, column) => move(where, features, column, name));
  const of = { features, means: moved.map(({ mean }) => mean), norms: moved.map(({ norm }) => norm) };
  if (!hasLabel) return { ...of, label: null, labelMean: 0 };
  const label = part(count, count + 1);
  const labelMean = regType === 'linear' ? move(where, label, 0, where.names[count]!).mean : 0;
  if (regType === 'linear' && label.values.some((value) => value ** 2 > MOST_OF_LABEL)) {
    throw new TaskFailure(
      'GROUP_TOO_SMALL',
      `Party ${where.party}: one row has over half of the variance of the label in ${where.path}, so that z would be about it; cut off outliers.`,
      false,
      { party: where.party },
    );
  }
  return { ...of, label: label.values, labelMean };
}

/** Standardises a column, and returns its mean in deviations and the root of its sum of squares. */
function move(
  { party, path }: Where,
  table: NumericColumns,
  column: number,
  name: string,
): { readonly mean: number; readonly norm: number } {
  const { mean, norm } = standardise(table, column, party, path, name);
  const deviations = (mean / norm) * Math.sqrt(table.rows);
  if (Math.abs(deviations) <= 2 ** ORIGIN_BITS) return { mean: deviations, norm };
  throw new TaskFailure(
    'NON_NUMERIC',
    `Party ${party}: the mean of column ${JSON.stringify(name)} of ${path} is over ${2 ** ORIGIN_BITS} times its deviation; scale it ` +
      'first (standard_scaler).',
    false,
    { party, column: name },
  );
}

/** Own shares of both parties' tables: what the party has, and zeros for what the other one has. The first party has the intercept's. */
export function sharesOf(
  { features, label, means, labelMean }: StandardRows,
  shape: FitShape,
  index: 0 | 1,
): Pick<SharedRows, 'features' | 'label'> & { readonly origin: Origin } {
  const { rows, counts } = shape;
  const columns = counts[0] + counts[1] + 1;
  const first = index === 0 ? 0 : counts[0];
  /** The own columns in their places, and a number for the intercept. */
  const wide = (count: number, own: (row: number, column: number) => number, one: number, bits: number): Vector => {
    const values = new Float64Array(count * columns);
    for (let row = 0; row < count; row += 1) {
      for (let column = 0; column < counts[index]; column += 1) {
        values[row * columns + first + column] = own(row, column);
      }
      if (index === 0) values[(row + 1) * columns - 1] = one;
    }
    return encode(values, bits);
  };
  const unit = 2 ** -ORIGIN_BITS;
  return {
    features: (from, to) =>
      wide(
        to - from,
        (row, column) => features.values[(from + row) * features.columns + column]!,
        1 / Math.sqrt(rows),
        DATA_BITS,
      ),
    label: (from, to) => (label === null ? zeros(to - from) : encode(label.subarray(from, to), DATA_BITS)),
    origin: {
      columns: wide(1, (_, column) => -means[column]! * unit, unit, MATRIX_BITS),
      label: encode([labelMean * unit * Math.sqrt(freeOf(shape))], COEFFICIENT_BITS),
    },
  };
}
