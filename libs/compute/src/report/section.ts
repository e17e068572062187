/** The kinds of section, in no order: a report shows them in the order of its inputs, or of `sections`. */
export const SECTION_KINDS = [
  'intersection',
  'preparation',
  'statistics',
  'correlation',
  'training',
  'evaluation',
  'comparison',
  'encryption',
  'other',
] as const;
export type SectionKind = (typeof SECTION_KINDS)[number];

/** The content of a cell; numbers are shown with up to six digits. */
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
  /** Marks at whole numbers alone. */
  readonly whole?: boolean;
  /** Begins near the smallest value, and not at 0. */
  readonly fitted?: boolean;
}

/** Lines, or bars. Bars lie where their y axis is the one of names, else they stand. */
export interface AxisChart {
  readonly caption: string;
  readonly kind: 'line' | 'bar';
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly {
    readonly name: string;
    /** Points of a line; of a bar, its place among the categories and its height or length, in the order of the axes. */
    readonly points: readonly (readonly [x: number, y: number])[];
    readonly dashed?: boolean;
    readonly stack?: string;
  }[];
}

/** Cells from -1 to 1 between names; a cell without a value is left blank. */
export interface HeatMap {
  readonly caption: string;
  readonly kind: 'heat';
  readonly names: readonly string[];
  readonly cells: readonly (readonly [column: number, row: number, value: number])[];
}

/** A box for each name, one below the other: smallest, lower quartile, median, upper quartile, largest. */
export interface BoxPlot {
  readonly caption: string;
  readonly kind: 'box';
  readonly value: Axis;
  readonly names: readonly string[];
  readonly boxes: readonly (readonly [number, number, number, number, number])[];
}

/** A plot as data, from which the page draws it and which the JSON report holds. */
export type Chart = AxisChart | HeatMap | BoxPlot;

/** One result, or a part of one, as the report shows it. */
export interface Section {
  readonly taskId: string;
  readonly kind: SectionKind;
  readonly title: string;
  /** Sentences at the top: warnings of the task, and what was left out. */
  readonly notes?: readonly string[];
  readonly figures: readonly (readonly [name: string, value: Cell])[];
  readonly charts: readonly Chart[];
  readonly tables: readonly Table[];
}
