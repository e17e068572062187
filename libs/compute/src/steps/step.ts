import type { Json, JsonSchema } from '../contract/task-type.js';
import type { ColumnChoice } from '../table/numeric-finder.js';

/** A step's options as the parameters give them, without `op` and `columns`. */
type StepOptions = Readonly<Record<string, Json | undefined>>;

/** The input of a step: the table after the previous steps. */
export interface StepStart extends ColumnChoice {
  readonly options: StepOptions;
}

/**
 * A step on its way over one table: `observe` sees every row once, then `finish`, then `apply` rewrites each row, in
 * the order of the table. A step without `observe` needs no extra pass.
 */
export interface RunningStep {
  observe?(row: readonly string[], rowNumber: number): void;
  /** Ends the observing; throws when the step cannot work on what it saw. */
  finish?(): void;
  /** Columns after the step; valid after `finish`. */
  columns(): readonly string[];
  /** The row after the step; it may be the same array. `rowNumber` counts data rows from 1. */
  apply(row: string[], rowNumber: number): string[];
  /** Names of the changed columns; valid after the last `apply`. */
  touched(): readonly string[];
  /** What the step learnt (means, classes, edges). It stays with its party. */
  rules(): Json;
}

/** One operation on a table; each is one file and one entry in `step-kinds.ts`. */
export interface StepKind<Op extends string = string> {
  readonly op: Op;
  readonly title: string;
  readonly description: string;
  /** Schemas of the options besides `columns`. */
  readonly options: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
  /** Result key under which its own task type lists the columns it changed. */
  readonly resultKey: string;
  start(start: StepStart): RunningStep;
}
