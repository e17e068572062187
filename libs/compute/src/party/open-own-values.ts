import type { OwnValue } from '../contract/task-type.js';
import type { FileRoots } from './input-files.js';
import type { Owner } from './owner.js';

/** The values out of the party's own results that a task names, by marker. Throws TaskFailure PARTY_RESULT_UNAVAILABLE. */
export async function openOwnValues(
  owner: Owner,
  roots: FileRoots,
  named: Readonly<Record<string, OwnValue>>,
): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const [marker, each] of Object.entries(named)) {
    // Imported when it is needed: few tasks name a party's own result.
    const { openValue } = await import('./party-results.js');
    values[marker] = await openValue(owner, roots, each);
  }
  return values;
}
