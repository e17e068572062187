import { TaskFailure } from '../contract/task-type.js';
import { epsilonOf, thousandthsOf, wholeThousandthsIn } from '../contract/epsilon.js';
import type { OpeningEntry } from './party-ledger.js';

/**
 * Refuses a run whose epsilon, with that of every earlier run on the same dataset, is more than its owner allows (basic composition: C. Dwork
 * et al. 2006). Versions of a dataset and what was made of it count together. A run again counts again, since its noise is new. `limitOf` gives the
 * `budget.epsilon` of a dataset's policy. Throws TaskFailure BUDGET_EXHAUSTED.
 */
export function requireEpsilon(
  party: string,
  entry: OpeningEntry,
  before: readonly OpeningEntry[],
  limitOf: (dataset: string) => number | undefined,
): void {
  if (entry.epsilon === undefined) return;
  for (const dataset of entry.datasets) {
    const opened = before.reduce(
      (sum, each) =>
        sum + (each.epsilon !== undefined && each.datasets.includes(dataset) ? thousandthsOf(each.epsilon) : 0),
      0,
    );
    const asked = thousandthsOf(entry.epsilon);
    const limit = limitOf(dataset);
    if (limit !== undefined && opened + asked <= wholeThousandthsIn(limit)) continue;
    const details = { party, dataset, opened: epsilonOf(opened), asked: epsilonOf(asked), limit: limit ?? 0 };
    throw new TaskFailure('BUDGET_EXHAUSTED', `Party ${party}: ${messageOf({ ...details, limit })}`, false, details);
  }
}

function messageOf(of: {
  readonly dataset: string;
  readonly opened: number;
  readonly asked: number;
  readonly limit: number | undefined;
}): string {
  const { dataset, opened, asked, limit } = of;
  if (limit === undefined) {
    return (
      `the owner of ${dataset} allows no figures with epsilon. The owner writes the epsilon of all tasks together into the policy, such as ` +
      '"budget: {epsilon: 2}", and signs it with "task-chain policies set".'
    );
  }
  return (
    `the task asks an epsilon of ${asked} of the dataset ${dataset}; ${opened} were spent before, and ${limit} is allowed over all tasks. Ask for less, ` +
    'or ask the owner to raise budget.epsilon in the policy. The owner sees what was spent with "task-chain datasets ledger".'
  );
}
