/** The kinds of section, in no order: a report shows them in the order of its inputs, or of `sections`. */
export const SECTION_KINDS = ['intersection', 'statistics', 'correlation', 'training', 'evaluation', 'other'] as const;
type SectionKind = (typeof SECTION_KINDS)[number];

/** `task_config` of `report`, as its schema lets it through. */
export interface ReportConfig {
  readonly title?: string;
  readonly language?: 'en' | 'zh';
  readonly sections?: readonly SectionKind[];
}

/** What a cell holds; numbers are shown with up to six digits. */
export type Cell = string | number | boolean | null;

export interface Table {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface Axis {
  readonly name: string;
  /** Given for an axis of names; otherwise the axis is one of numbers. */
  readonly categories?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly inverse?: boolean;
}

/** A plot as data, from which the page draws it and which the JSON report holds. */
export interface Chart {
  readonly caption: string;
  readonly kind: 'line' | 'bar';
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly {
    readonly name: string;
    /** Points of a line; of a bar, its place among the categories and its height. */
    readonly points: readonly (readonly [x: number, y: number])[];
    readonly dashed?: boolean;
    readonly stack?: string;
  }[];
}

/** Names in the order in which a reader expects them; a stored result comes with its keys in an order of the database's. */
const READING_ORDER = [
  ...['count', 'mean', 'std', 'min', '25%', '50%', '75%', 'max'],
  ...['auc', 'ks', 'accuracy', 'f1_score', 'precision', 'recall', 'mse', 'rmse', 'mae', 'r2_score'],
];

/** Keys in reading order: the well-known ones first, the others as they come. */
export function inReadingOrder(keys: readonly string[]): string[] {
  const place = (key: string): number => READING_ORDER.indexOf(key) + 1 || READING_ORDER.length + 1;
  return [...keys].sort((a, b) => place(a) - place(b));
}

/** One result, or a part of one, as the report shows it. */
export interface Section {
  readonly taskId: string;
  readonly kind: SectionKind;
  readonly title: string;
  readonly figures: readonly (readonly [name: string, value: Cell])[];
  readonly charts: readonly Chart[];
  readonly tables: readonly Table[];
}
