import { fittingNames } from '../contract/inline-result.js';
import type { JsonObject } from '../contract/task-type.js';

/** What leaves a party whose table was rewritten by rules. */
export interface Rewritten {
  readonly output: string;
  /** In steps of the smallest group of rows that a figure may cover. */
  readonly rows: number;
  /** Columns of the input that were changed. The names of made ones hold values (a class), and stay with the party. */
  readonly touched: string[];
}

/** The result of a task that rewrites the tables of its parties. `key` names the list of changed columns, which is cut where it is long. */
export function rewrittenResult(
  parties: Readonly<Record<string, { readonly value: Rewritten }>>,
  key: string,
): JsonObject {
  const byParty = <T>(of: (value: Rewritten) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(parties).map(([party, { value }]) => [party, of(value)]));
  const { inline, truncated } = fittingNames(byParty(({ touched }) => touched));
  return {
    output_paths: byParty(({ output }) => output),
    rows: byParty(({ rows }) => rows),
    [key]: inline,
    ...(truncated && { [`${key}_truncated`]: true }),
  };
}
