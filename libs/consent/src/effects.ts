import type { PolicyStatement } from './statements.js';

/** The parties that the owner of these datasets lets read the effects of their columns: those that a policy in force names for each of them. */
export function effectsReaders(
  datasets: readonly string[],
  policies: readonly PolicyStatement[],
  now: string,
): readonly string[] {
  const [first = [], ...rest] = datasets.map((dataset) =>
    policies
      .filter((policy) => policy.dataset === dataset && Date.parse(policy.expires_at) > Date.parse(now))
      .flatMap(({ effects_to: readers }) => readers ?? []),
  );
  return first.filter((party) => rest.every((readers) => readers.includes(party)));
}
