import type { StepKind } from './step.js';
import { ValueCounts, sortedClasses } from './value-counts.js';

/** Classes to 0, 1, 2, ... in their sorted order, as scikit-learn's LabelEncoder. Gaps stay gaps. */
export const labelEncoder: StepKind<'label_encoder'> = {
  op: 'label_encoder',
  title: 'Label encoder',
  description: 'Replaces the classes of a column by whole numbers from 0. The classes stay with their party.',
  options: {},
  required: ['columns'],
  resultKey: 'columns_encoded',
  start(start) {
    const counts = new ValueCounts(start);
    return {
      observe: (row) => counts.observe(row),
      learn: () => ({
        op: 'label_encoder',
        columns: counts
          .found()
          .map(({ name, values }) => ({ column: name, kind: 'category', classes: sortedClasses(values) })),
      }),
    };
  },
};
