import type { Json, JsonSchema } from '../contract/task-type.js';
import type { RuleOp, RuleStep } from '../rules/rule-types.js';
import type { ColumnChoice } from '../table/numeric-finder.js';

/** A step's options as the parameters give them, without `op` and `columns`. */
type StepOptions = Readonly<Record<string, Json | undefined>>;

/** The input of a step: the table after the previous steps. */
export interface StepStart extends ColumnChoice {
  readonly options: StepOptions;
}

/** A step that learns from a table: `observe` sees every row once, then `learn`. A step without `observe` needs no pass over the rows. */
export interface LearningStep {
  observe?(row: readonly string[], rowNumber: number): void;
  /** What the step does to each column. It stays with its party. Throws when the step cannot work on what it saw. */
  learn(): RuleStep;
}

/** One operation on a table; each is one file and one entry in `step-kinds.ts`. What it does to a row is in `rules/apply-step.ts`. */
export interface StepKind<Op extends RuleOp = RuleOp> {
  readonly op: Op;
  readonly title: string;
  readonly description: string;
  /** Schemas of the options besides `columns`. */
  readonly options: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
  /** false for a step that never looks at the rows: it takes no pass over them. */
  readonly reads?: false;
  /** Result key under which its own task type lists the columns it changed. */
  readonly resultKey: string;
  start(start: StepStart): LearningStep;
}
