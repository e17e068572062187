import { TaskFailure } from '../contract/task-type.js';

/** A party's table, as messages name it. */
export interface Where {
  readonly party: string;
  readonly label: string;
}

/** A field of a numeric column is not a number. Names the row, never the field's text. */
export function castFailed(where: Where, column: string, rowNumber: number): TaskFailure {
  return new TaskFailure(
    'CAST_FAILED',
    `Party ${where.party}: column ${JSON.stringify(column)} of ${where.label} is no number in data row ${rowNumber}. Mend the field, or encode or drop the column first.`,
    false,
    { party: where.party, column, row: rowNumber },
  );
}

/** A column has no value to learn from, or too many different ones. */
export function unusable(where: Where, column: string, why: string, code = 'COLUMN_UNUSABLE'): TaskFailure {
  return new TaskFailure(
    code,
    `Party ${where.party}: column ${JSON.stringify(column)} of ${where.label} ${why}.`,
    false,
    {
      party: where.party,
      column,
    },
  );
}
