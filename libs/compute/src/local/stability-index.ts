import { countBelow } from '../rules/apply-step.js';
import { Values } from '../table/accumulators.js';
import { isMissing, toNumber } from '../table/csv-reader.js';

/** The share of a bin that a table has none of: its logarithm has to exist. */
const LEAST_SHARE = 1e-4;
/** Categories that have a bin each; the rest have one together. */
const MAX_CATEGORIES = 50;

/**
 * The population stability index of two distributions over the same bins, sum of (p - q) ln(p / q) over the shares of the bins (N. Siddiqi,
 * Credit Risk Scorecards, 2006): 0 where they are equal; of a feature it is called CSI.
 */
export function stabilityIndex(base: readonly number[], later: readonly number[]): number {
  const sharesOf = (counts: readonly number[]): number[] => {
    const all = counts.reduce((sum, count) => sum + count, 0);
    return counts.map((count) => Math.max(LEAST_SHARE, all === 0 ? 0 : count / all));
  };
  const [p, q] = [sharesOf(base), sharesOf(later)];
  return p.reduce((sum, share, bin) => sum + (share - q[bin]!) * Math.log(share / q[bin]!), 0);
}

/** Categories of a column that are held in memory. */
const MAX_HELD = 10_000;

/** Which bin the fields of a column are in. */
export interface Bins {
  /** How many there are. */
  readonly bins: number;
  binOf(field: string): number;
}

/** A column of the earlier table. */
export class BaseColumn {
  private numbers: Values | undefined = new Values();
  private readonly categories = new Map<string, number>();

  observe(field: string): void {
    const known = this.categories.get(field);
    if (known !== undefined || this.categories.size < MAX_HELD) this.categories.set(field, (known ?? 0) + 1);
    if (isMissing(field)) return;
    const value = toNumber(field);
    if (value === undefined) this.numbers = undefined;
    else this.numbers?.add(value);
  }

  /** Different fields, up to `MAX_HELD`. */
  get distinct(): number {
    return this.categories.size;
  }

  /** By quantiles where all fields are numbers, else by the most frequent categories. Missing values have the last bin. */
  bins(most: number): Bins {
    const { numbers } = this;
    const { bins, binOf } = numbers && numbers.count > 0 ? numericBins(numbers, most) : categoryBins(this.categories);
    return { bins: bins + 1, binOf: (field) => (isMissing(field) ? bins : binOf(field)) };
  }
}

/** By the quantiles of the earlier table; a field that is no number has a bin as well. */
function numericBins(numbers: Values, most: number): Bins {
  const fractions = Array.from({ length: most - 1 }, (_, at) => (at + 1) / most);
  const edges = [...new Set(numbers.quantiles(fractions))];
  const bins = edges.length + 2;
  return {
    bins,
    binOf(field) {
      const value = toNumber(field);
      return value === undefined ? bins - 1 : countBelow(edges, value);
    },
  };
}

/** The most frequent categories of the earlier table have a bin each, all others one together. */
function categoryBins(categories: ReadonlyMap<string, number>): Bins {
  const sorted = [...categories]
    .filter(([field]) => !isMissing(field))
    .sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1));
  const places = new Map(sorted.slice(0, MAX_CATEGORIES).map(([field], at) => [field, at]));
  return { bins: places.size + 1, binOf: (field) => places.get(field) ?? places.size };
}
