import { TaskFailure } from '../contract/task-type.js';
import type { Where } from '../table/column-faults.js';
import { columnIndexes } from '../table/csv-reader.js';
import type { Evaluate } from './parts.js';
import { readExpression, type Expression } from './read-expression.js';
import { valueOf, type Type } from './value.js';

/** The expression on the rows of a table with these columns. Throws TaskFailure COLUMN_NOT_FOUND. */
export function bindExpression({ bind }: Expression, where: Where, columns: readonly string[]): Evaluate {
  return bind({
    field(column, type) {
      const [index] = columnIndexes({ ...where, columns }, [column]);
      return (row) => valueOf(row[index!]!, type);
    },
  });
}

/** The expression of a text. Throws TaskFailure INVALID_PARAMS for one that was not checked before, as it looked like a reference. */
export function checkedExpression(text: string, wanted?: Type): Expression {
  const read = readExpression(text, wanted);
  if (typeof read === 'string') throw new TaskFailure('INVALID_PARAMS', `An expression cannot be read: ${read}.`);
  return read;
}
