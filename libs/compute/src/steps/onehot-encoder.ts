import { unusable } from '../table/column-faults.js';
import type { StepKind } from './step.js';
import { ValueCounts, sortedClasses } from './value-counts.js';

/** Each class becomes a column, so a column of ids fails before it makes a million columns. */
const MAX_CLASSES = 1000;

/** Replaces a column by one 0/1 column a class, named `<column>_<class>`; a gap is 0 in all of them. */
export const onehotEncoder: StepKind<'onehot_encoder'> = {
  op: 'onehot_encoder',
  title: 'One-hot encoder',
  description: `Replaces a column by a 0/1 column for each of its classes (${MAX_CLASSES} at most).`,
  options: {
    drop: {
      type: 'string',
      enum: ['first', 'none'],
      default: 'none',
      description: '`first` leaves out the first class.',
    },
  },
  required: ['columns'],
  resultKey: 'columns_encoded',
  start(start) {
    const counts = new ValueCounts(start, MAX_CLASSES);
    const classesOf = new Map<number, string[]>();
    let columns: string[] = [];
    return {
      observe: (row) => counts.observe(row),
      finish() {
        for (const { index, values } of counts.found()) {
          classesOf.set(index, sortedClasses(values).slice(start.options.drop === 'first' ? 1 : 0));
        }
        columns = start.columns.flatMap(
          (name, index) => classesOf.get(index)?.map((value) => `${name}_${value}`) ?? [name],
        );
        if (new Set(columns).size === columns.length) return;
        const [clash] = counts.found();
        throw unusable(
          start.where,
          clash!.name,
          'or another encoded column makes a column that exists already',
          'DUPLICATE_COLUMNS',
        );
      },
      columns: () => columns,
      apply: (row) =>
        row.flatMap((field, index) => classesOf.get(index)?.map((value) => (value === field ? '1' : '0')) ?? [field]),
      touched: () => counts.found().map(({ name }) => name),
      rules: () => Object.fromEntries(counts.found().map(({ index, name }) => [name, classesOf.get(index) ?? []])),
    };
  },
};
