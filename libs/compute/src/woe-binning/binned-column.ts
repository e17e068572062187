import type { JsonObject } from '../contract/task-type.js';
import type { WoeRule } from '../rules/rule-types.js';
import { valuesOf, type FineBins } from './fine-columns.js';
import type { Group } from './groups.js';
import { ivOf, woeOf, type Counts } from './woe.js';

/** A column with its bins, and the rows of each. */
export interface BinnedColumn {
  readonly column: string;
  readonly fine: FineBins;
  readonly groups: readonly Group[];
  readonly counts: readonly Counts[];
}

/** Whether values become the weight of evidence of their bin, or its index. */
export type OutputValues = 'woe' | 'bin';

/** Digits after the point of what is written of a weight of evidence. */
const DIGITS = 6;
const written = (value: number): number => Number(value.toFixed(DIGITS)) + 0;

const missingOf = ({ fine }: BinnedColumn): number =>
  fine.kind === 'number' ? fine.edges.length + 1 : fine.categories.length;

/** The rule by which a value becomes the number of its bin. */
export function ruleOf(binned: BinnedColumn, total: Counts, output: OutputValues): WoeRule {
  const { column, fine, groups, counts } = binned;
  const numbers = counts.map((bin, at) => (output === 'woe' ? written(woeOf(bin, total)) : at));
  const bins = groups.flatMap((group, at) => {
    const values = valuesOf(fine, group);
    return values === null ? [] : [{ values, number: numbers[at]! }];
  });
  const ofMissing = groups.findIndex((group) => group.includes(missingOf(binned)));
  const woe = { woe: bins.map(({ number }) => number), missing: ofMissing < 0 ? null : numbers[ofMissing]! };
  if (fine.kind === 'category') {
    const categories = bins.map(({ values }) => ('categories' in values ? values.categories : []));
    return { column, kind: 'category', categories, ...woe };
  }
  const edges = bins.flatMap(({ values }) => ('up_to' in values && values.up_to !== null ? [values.up_to] : []));
  return { column, kind: 'number', edges, ...woe };
}

/** What the column's owner reads: each bin with its rows and weight of evidence, and the information value of the column. */
export function reportOf(binned: BinnedColumn, total: Counts): JsonObject {
  const { fine, groups, counts } = binned;
  const bins = groups.map((group, at): JsonObject => {
    const { positives, negatives } = counts[at]!;
    return {
      ...valuesOf(fine, group),
      missing: group.includes(missingOf(binned)),
      rows: positives + negatives,
      positives,
      negatives,
      woe: written(woeOf(counts[at]!, total)),
      iv: written(ivOf(counts[at]!, total)),
    };
  });
  return { iv: written(counts.reduce((sum, bin) => sum + ivOf(bin, total), 0)), bins };
}
