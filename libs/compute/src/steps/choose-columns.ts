import type { RunningStep, StepKind, StepStart } from './step.js';

/** Keeps the named columns, in the order of the table. */
export const selectColumns: StepKind<'select_columns'> = {
  op: 'select_columns',
  title: 'Select columns',
  description: 'Keeps the named columns and drops the others.',
  options: {},
  required: ['columns'],
  resultKey: 'columns_kept',
  start: (start) => keeping(start, new Set(start.chosen ?? []), true),
};

/** Drops the named columns. */
export const dropColumns: StepKind<'drop_columns'> = {
  op: 'drop_columns',
  title: 'Drop columns',
  description: 'Drops the named columns and keeps the others.',
  options: {},
  required: ['columns'],
  resultKey: 'columns_dropped',
  start: (start) => keeping(start, new Set(start.chosen ?? []), false),
};

function keeping(start: StepStart, chosen: ReadonlySet<number>, keepChosen: boolean): RunningStep {
  const keeps = <T>(values: readonly T[]): T[] => values.filter((_, index) => chosen.has(index) === keepChosen);
  return {
    columns: () => keeps(start.columns),
    apply: keeps,
    touched: () => start.columns.filter((_, index) => chosen.has(index)),
    rules: () => keeps(start.columns),
  };
}
