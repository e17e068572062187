import { isMissing } from '../table/csv-reader.js';
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
    let codes: { index: number; name: string; classes: string[]; code: Map<string, string> }[] = [];
    return {
      observe: (row) => counts.observe(row),
      finish() {
        codes = counts.found().map(({ index, name, values }) => {
          const classes = sortedClasses(values);
          return { index, name, classes, code: new Map(classes.map((value, at) => [value, String(at)])) };
        });
      },
      columns: () => start.columns,
      apply(row) {
        for (const { index, code } of codes) if (!isMissing(row[index]!)) row[index] = code.get(row[index]!)!;
        return row;
      },
      touched: () => codes.map(({ name }) => name),
      rules: () => Object.fromEntries(codes.map(({ name, classes }) => [name, classes])),
    };
  },
};
