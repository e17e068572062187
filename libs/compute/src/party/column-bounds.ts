import type { ColumnBounds, PolicyStatement, Statement } from '#libs/consent';
import { TaskFailure } from '../contract/task-type.js';
import { namesOf } from './lineage.js';

/** By column: the least and the largest value that its owner states. */
export type BoundsByColumn = ReadonlyMap<string, ColumnBounds>;

export const boundsMissing = (party: string, why: string, column?: string): TaskFailure =>
  new TaskFailure('BOUNDS_MISSING', `Party ${party}: ${why}`, false, {
    party,
    ...(column !== undefined && { column }),
  });

/** That a column has no bounds, and what its owner has to write. */
export const columnWithoutBounds = (party: string, column: string): TaskFailure =>
  boundsMissing(
    party,
    `the policy states no bounds of column ${JSON.stringify(column)}, and epsilon needs them. The owner writes ` +
      `"bounds: {${JSON.stringify(column)}: {min: …, max: …}}" into the policy, from what the values mean and not from the table, ` +
      'and signs it with "task-chain policies set". Or leave the column out.',
    column,
  );

/**
 * The bounds that the owner's policies state for the datasets which a run has read. Throws TaskFailure BOUNDS_MISSING where a file has gone in that is
 * no dataset, since no policy speaks of it, and where least is not below largest.
 */
export function boundsOf(
  party: string,
  statements: ReadonlyMap<string, Statement>,
  read: { readonly versions: readonly string[]; readonly plain: boolean },
): BoundsByColumn {
  if (read.plain || read.versions.length === 0) {
    const why =
      'with epsilon a task reads datasets alone, and what was made of them: the bounds of a column stand in the policy of its dataset. ' +
      'The owner registers the table with "task-chain datasets register", and the task names that dataset.';
    throw boundsMissing(party, why);
  }
  const names = namesOf(read.versions);
  const policies = [...statements.values()].filter(
    (each): each is PolicyStatement => each.kind === 'policy' && names.includes(each.dataset),
  );
  const bounds = new Map(policies.flatMap((policy) => Object.entries(policy.bounds ?? {})));
  for (const [column, { min, max }] of bounds) {
    if (min >= max) {
      throw boundsMissing(party, `the bounds of column ${JSON.stringify(column)} are none: min is below max.`, column);
    }
  }
  return bounds;
}
