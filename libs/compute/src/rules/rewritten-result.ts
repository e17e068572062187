import { fittingNames } from '../contract/inline-result.js';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import { writtenResult, type WrittenOutcomes, type WrittenTable } from './written-result.js';

/** What leaves a party whose table was rewritten. */
export interface Rewritten extends WrittenTable {
  /** Columns of the input that were changed. The names of made ones hold values (a class), and stay with the party. */
  readonly touched: string[];
}

/** As {@link writtenResult}, with the changed columns of each party under `key`, a list that is cut where it is long. */
export function rewrittenResult(
  outcomes: WrittenOutcomes<Rewritten>,
  key: string,
): TaskRunResult & { readonly result: JsonObject } {
  const touched = Object.entries(outcomes.parties).map(([party, { value }]) => [party, value.touched] as const);
  const { inline, truncated } = fittingNames(Object.fromEntries(touched));
  const written = writtenResult(outcomes);
  return {
    ...written,
    result: { ...written.result, [key]: inline, ...(truncated && { [`${key}_truncated`]: true }) },
  };
}
