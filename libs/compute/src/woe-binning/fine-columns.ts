import { TaskFailure } from '../contract/task-type.js';
import { countBelow } from '../rules/apply-step.js';
import { Range, Values } from '../table/accumulators.js';
import { unusable, type Where } from '../table/column-faults.js';
import { isMissing, toNumber } from '../table/csv-reader.js';
import type { Group, Shape } from './groups.js';

/** How columns of numbers are cut. */
export interface Cuts {
  readonly method: 'quantile' | 'equal_width';
  readonly bins: number;
}

/** Different categories of a column that are counted. */
const MAX_CATEGORIES = 1000;

/** The fine bins of a column: edges of which each bin includes the upper one, or a bin for each category. */
export type FineBins =
  | { readonly kind: 'number'; readonly edges: readonly number[] }
  | { readonly kind: 'category'; readonly categories: readonly string[] };

/** A column on its way over the rows: what its values are, then the fine bin of each row. */
export class FineColumn {
  private readonly values: Values | Range;
  private readonly texts = new Set<string>();
  private areNumbers = true;
  private places = new Map<string, number>();
  private made: FineBins = { kind: 'category', categories: [] };
  /** Rows of each fine bin, that of missing values last. */
  readonly sizes: number[] = [];

  constructor(
    private readonly where: Where,
    readonly column: string,
    private readonly cuts: Cuts,
  ) {
    this.values = cuts.method === 'quantile' ? new Values() : new Range();
  }

  /** A field of the first pass over the rows. Throws TaskFailure TOO_MANY_CLASSES. */
  observe(field: string): void {
    if (isMissing(field)) return;
    const value = this.areNumbers ? toNumber(field) : undefined;
    if (value === undefined) this.areNumbers = false;
    else this.values.add(value);
    if (this.texts.size <= MAX_CATEGORIES) this.texts.add(field);
    if (this.areNumbers || this.texts.size <= MAX_CATEGORIES) return;
    throw unusable(this.where, this.column, `has more than ${MAX_CATEGORIES} different values`, 'TOO_MANY_CLASSES');
  }

  /** Ends the first pass. */
  finish(): void {
    if (this.areNumbers) this.made = { kind: 'number', edges: this.edges() };
    else {
      // By code unit, so that the order of the rows decides nothing.
      const categories = [...this.texts].sort((one, other) => (one < other ? -1 : 1));
      this.made = { kind: 'category', categories };
      this.places = new Map(categories.map((text, at) => [text, at]));
    }
    this.sizes.push(...new Array<number>(this.missing + 1).fill(0));
  }

  get fine(): FineBins {
    return this.made;
  }

  get shape(): Shape {
    return { ordered: this.made.kind === 'number', sizes: this.sizes };
  }

  /** The fine bin of a field of the second pass. Throws TaskFailure INPUT_CHANGED. */
  count(field: string): number {
    const fine = this.fineOf(field);
    this.sizes[fine]! += 1;
    return fine;
  }

  private fineOf(field: string): number {
    if (isMissing(field)) return this.missing;
    const { made } = this;
    const value = made.kind === 'number' ? toNumber(field) : undefined;
    const at = made.kind === 'number' ? value !== undefined && countBelow(made.edges, value) : this.places.get(field);
    if (at !== false && at !== undefined) return at;
    throw inputChanged(this.where);
  }

  /** The bin of missing values, after all others. */
  private get missing(): number {
    return this.made.kind === 'number' ? this.made.edges.length + 1 : this.made.categories.length;
  }

  /** Edges that fall together count once. */
  private edges(): number[] {
    if (this.values.count === 0) return [];
    const fractions = Array.from({ length: this.cuts.bins - 1 }, (_, at) => (at + 1) / this.cuts.bins);
    return [
      ...new Set(this.values instanceof Values ? this.values.quantiles(fractions) : widths(this.values, fractions)),
    ];
  }
}

/** Edges between the smallest and the largest value, also where their distance is beyond what a number holds. */
const widths = ({ min, max }: Range, fractions: readonly number[]): number[] =>
  fractions.map((fraction) => 2 * (min / 2 + (max / 2 - min / 2) * fraction));

export function inputChanged({ party, label }: Where): TaskFailure {
  return new TaskFailure('INPUT_CHANGED', `Party ${party}: ${label} changed while it was read.`, true);
}

/** The values of a group of fine bins, as rules and reports name them. */
export type GroupValues =
  { readonly above: number | null; readonly up_to: number | null } | { readonly categories: readonly string[] };

/** What a group of fine bins holds; null where it holds missing values alone. */
export function valuesOf(fine: FineBins, group: Group): GroupValues | null {
  const count = fine.kind === 'number' ? fine.edges.length + 1 : fine.categories.length;
  const bins = group.filter((each) => each < count);
  if (bins.length === 0) return null;
  if (fine.kind === 'category') return { categories: bins.map((each) => fine.categories[each]!) };
  return { above: fine.edges[bins[0]! - 1] ?? null, up_to: fine.edges[bins.at(-1)!] ?? null };
}
