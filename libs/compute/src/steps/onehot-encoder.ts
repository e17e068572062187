import { MAX_ONEHOT_CLASSES } from '../rules/rule-types.js';
import type { StepKind } from './step.js';
import { ValueCounts, sortedClasses } from './value-counts.js';

/** Replaces a column by one 0/1 column a class, named `<column>_<class>`; a gap is 0 in all of them. */
export const onehotEncoder: StepKind<'onehot_encoder'> = {
  op: 'onehot_encoder',
  title: 'One-hot encoder',
  description: `Replaces a column by a 0/1 column for each of its classes (${MAX_ONEHOT_CLASSES} at most).`,
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
    const counts = new ValueCounts(start, MAX_ONEHOT_CLASSES);
    const drop = start.options.drop === 'first' ? 'first' : 'none';
    return {
      observe: (row) => counts.observe(row),
      learn: () => ({
        op: 'onehot_encoder',
        columns: counts
          .found()
          .map(({ name, values }) => ({ column: name, kind: 'category', classes: sortedClasses(values), drop })),
      }),
    };
  },
};
