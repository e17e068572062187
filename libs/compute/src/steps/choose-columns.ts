import type { LearningStep, StepKind, StepStart } from './step.js';

/** Keeps the named columns, in the order of the table. */
export const selectColumns: StepKind<'select_columns'> = {
  op: 'select_columns',
  title: 'Select columns',
  description: 'Keeps the named columns and drops the others.',
  options: {},
  required: ['columns'],
  reads: false,
  resultKey: 'columns_kept',
  start: (start) => choosing('select_columns', start),
};

/** Drops the named columns. */
export const dropColumns: StepKind<'drop_columns'> = {
  op: 'drop_columns',
  title: 'Drop columns',
  description: 'Drops the named columns and keeps the others.',
  options: {},
  required: ['columns'],
  reads: false,
  resultKey: 'columns_dropped',
  start: (start) => choosing('drop_columns', start),
};

function choosing(op: 'select_columns' | 'drop_columns', { columns, chosen }: StepStart): LearningStep {
  const isChosen = new Set(chosen ?? []);
  const names = columns.filter((_, index) => isChosen.has(index));
  return { learn: () => ({ op, columns: names.map((column) => ({ column, kind: 'any' })) }) };
}
