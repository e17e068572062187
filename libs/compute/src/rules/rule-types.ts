/** The format of `rules.json`: what steps learnt from a party's table, so that `substitution` applies it to another one. */
export const RULES_FORMAT = 'taskchain/rules/v1';

/** The file in which a task leaves its rules, an artifact of the party. */
export const RULES_FILE = 'rules.json';

/** Each class becomes a column, so a column of ids fails before it makes a million columns. */
export const MAX_ONEHOT_CLASSES = 1000;

interface OfNumbers {
  readonly column: string;
  readonly kind: 'number';
}
interface OfCategories {
  readonly column: string;
  readonly kind: 'category';
}
interface OfAny {
  readonly column: string;
  readonly kind: 'any';
}

/** value -> (value - shift) * factor + offset */
export interface ScaleRule extends OfNumbers {
  readonly shift: number;
  readonly factor: number;
  readonly offset: number;
}

/** A number becomes the index of its bin: how many of the ascending edges lie strictly below it. */
export interface BinRule extends OfNumbers {
  readonly edges: readonly number[];
}

/** A class becomes its place in the list. */
export interface ClassRule extends OfCategories {
  readonly classes: readonly string[];
}

/** A class becomes the 1 among 0s. The first class has no column where it is dropped. */
export interface OnehotRule extends ClassRule {
  readonly drop: 'first' | 'none';
}

/** A missing value becomes `fill`; null where the column had no value to learn from. */
export interface FillRule extends OfAny {
  readonly fill: string | null;
}

/** A field becomes one of the type; what does not fit fails the task, or becomes missing. */
export interface CastRule extends OfAny {
  readonly to: CastType;
  readonly misfits: 'fail' | 'missing';
}
export const CAST_TYPES = ['number', 'integer', 'boolean', 'text'] as const;
export type CastType = (typeof CAST_TYPES)[number];

interface Woe {
  /** Of each bin. */
  readonly woe: readonly number[];
  /** Of missing values; null where there were too few, and they stay missing. */
  readonly missing: number | null;
}

/** A value becomes the weight of evidence of its bin: of its edges, or the one that lists it. */
export type WoeRule = (BinRule & Woe) | (OfCategories & Woe & { readonly categories: readonly (readonly string[])[] });

interface RulesByOp {
  readonly fillna: FillRule;
  readonly standard_scaler: ScaleRule;
  readonly minmax_scaler: ScaleRule;
  readonly label_encoder: ClassRule;
  readonly onehot_encoder: OnehotRule;
  readonly quantile_binning: BinRule;
  readonly equal_width_binning: BinRule;
  readonly woe_binning: WoeRule;
  readonly cast: CastRule;
  readonly select_columns: OfAny;
  readonly drop_columns: OfAny;
}
export type RuleOp = keyof RulesByOp;
export type ColumnRule = RulesByOp[RuleOp];

/** What one step learnt, by column. */
export type RuleStep<Op extends RuleOp = RuleOp> = {
  readonly [Each in Op]: { readonly op: Each; readonly columns: readonly RulesByOp[Each][] };
}[Op];

/** The content of `rules.json`. */
export interface RulesFile {
  readonly format: typeof RULES_FORMAT;
  readonly party: string;
  readonly made_by: { readonly task_type: string; readonly chain_id: string; readonly task_id: string };
  readonly learnt_from: {
    /** The table, as the task's parameters name it. */
    readonly table: string;
    /** `<name>@<version>` of all datasets that it was made of; empty where nobody has claimed the party's folder. */
    readonly datasets: readonly string[];
  };
  /** In order, each on what the one before has left. */
  readonly steps: readonly RuleStep[];
}
