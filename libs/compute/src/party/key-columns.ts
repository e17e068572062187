import { TaskFailure } from '../contract/task-type.js';
import type { RowSet } from './row-sets.js';

/** What a party says of a key that could open values: by its name alone, so it says nothing of the rows. */
export const KEYS_NOT_ALLOWED = 'KEYS_NOT_ALLOWED';

/**
 * Whether matching these rows by `keys` tells no more than who is in the table: nobody chose the rows, or it was by these columns.
 * Rows that another party chose by other columns are known to it, and each match would be a value of one of them.
 */
export const haveRowsKeys = (sets: readonly RowSet[], keys: readonly string[]): boolean =>
  keys.length === 0 ||
  sets.every(
    ({ chosen, whole, by }) =>
      !chosen || whole || (by?.length === keys.length && keys.every((key) => by.includes(key))),
  );

/**
 * Refuses keys by which another party could read values: one that lists a member with each value of a second column learns which one
 * it is. A single column whose values all differ says who is in the table. All others the owner has to name. `sets` are the rows
 * that were read, as far as they are known. Throws TaskFailure KEYS_NOT_ALLOWED.
 */
export function requireKeys(
  party: string,
  keys: readonly string[],
  sets: readonly RowSet[],
  areNamed: () => boolean,
): void {
  const isIdentifier = keys.length === 1 && sets.length > 0 && haveRowsKeys(sets, keys);
  if (isIdentifier || areNamed()) return;
  const why =
    keys.length > 1
      ? `${keys.length} key columns open the values of some of them to whoever lists these. Take one column whose values all differ`
      : 'another column chose the rows, or what chose them is not known, so this one would open its values. Take the columns that chose them';
  throw new TaskFailure(
    KEYS_NOT_ALLOWED,
    `Party ${party}: ${why}. Or let the owner name the key columns in the rule of its policy that decides on the task: columns: { keys: [...] }.`,
    false,
    { party, keys: [...keys] },
  );
}
