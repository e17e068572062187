import type { PartyContext } from '../party/party-program.js';
import { readNumericColumns, type NumericColumns } from '../table/numeric-columns.js';
import { TaskFailure } from '../contract/task-type.js';
import type { Signature } from './model.js';

/** Values beyond this leave no room for the squares and sums of the fixed point (`mpc/ring.ts`). */
const MAX_SIZE = 2 ** 26;

/**
 * Reads a party's own rows for a horizontal model: the features, the label last. Throws TaskFailure INSUFFICIENT_ROWS,
 * LABEL_NOT_BINARY, NOT_CONVERGED (a value out of range), COLUMN_NOT_FOUND, CAST_FAILED, or what opening the table throws.
 */
export async function readShard(
  context: PartyContext,
  path: string,
  { objective, label, features }: Signature,
  minRows: number,
): Promise<NumericColumns> {
  const names = [...features, label];
  const table = await readNumericColumns(context, path, names, (read) => context.progress(0.1 * read, 'reading'));
  const refuse = (code: string, why: string, details: Record<string, string | number> = {}): TaskFailure =>
    new TaskFailure(code, `Party ${context.party}: ${why}.`, false, { party: context.party, ...details });
  const least = Math.max(minRows, context.minGroupRows);
  if (table.rows < least) {
    const why = `${path} has ${table.rows} rows, and a model of ${features.length} features needs at least ${least}`;
    throw refuse('INSUFFICIENT_ROWS', why, { rows: table.rows, min_rows: least });
  }
  const far = table.values.findIndex((value) => Math.abs(value) > MAX_SIZE);
  if (far >= 0) {
    const column = names[far % table.columns]!;
    const row = Math.floor(far / table.columns) + 1;
    const why = `column ${JSON.stringify(column)} of ${path} is beyond ${MAX_SIZE} in data row ${row}; scale it first`;
    throw refuse('NOT_CONVERGED', why, { column });
  }
  if (objective === 'linear') return table;
  for (let row = 0; row < table.rows; row += 1) {
    const value = table.values[(row + 1) * table.columns - 1]!;
    if (value === 0 || value === 1) continue;
    const why =
      `label ${JSON.stringify(label)} of ${path} is neither 0 nor 1 in data row ${row + 1}; encode it (label_encoder), ` +
      'or train a linear model';
    throw refuse('LABEL_NOT_BINARY', why, { column: label });
  }
  return table;
}

/** Training ran away. */
export function notConverged(): TaskFailure {
  return new TaskFailure(
    'NOT_CONVERGED',
    'Training ran away: its weights or its loss left their range. Lower params.learning_rate, or let standardize be true.',
  );
}

/** Whether weights are finite and of a size that the fixed point holds. */
export function areUsable(weights: ArrayLike<number>): boolean {
  return Array.prototype.every.call(weights, (weight: number) => Math.abs(weight) < MAX_SIZE);
}
