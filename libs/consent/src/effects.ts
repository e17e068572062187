import type { PolicyStatement } from './statements.js';

/** The fields of a policy that name other parties as readers of what a task otherwise opens to nobody else. */
export type ReadersField = 'effects_to' | 'coefficients_to';

/** The parties that the owner of these datasets lets read effects or coefficients: those that a policy in force names for each of them. */
export function readersOf(
  field: ReadersField,
  datasets: readonly string[],
  policies: readonly PolicyStatement[],
  now: string,
): readonly string[] {
  const [first = [], ...rest] = datasets.map((dataset) =>
    policies
      .filter((policy) => policy.dataset === dataset && Date.parse(policy.expires_at) > Date.parse(now))
      .flatMap((policy) => policy[field] ?? []),
  );
  return first.filter((party) => rest.every((readers) => readers.includes(party)));
}
