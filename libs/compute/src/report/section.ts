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

/** One result, or a part of one, as the report shows it. */
export interface Section {
  readonly taskId: string;
  readonly kind: SectionKind;
  readonly title: string;
  readonly figures: readonly (readonly [name: string, value: Cell])[];
  readonly charts: readonly Chart[];
  readonly tables: readonly Table[];
}
