import { MIN_GROUP_ROWS, type PolicyStatement } from './statements.js';

/** The smallest group of rows of these datasets that a figure for others may cover, by their newest policies. */
export function leastGroupRows(datasets: readonly string[], policies: readonly PolicyStatement[]): number {
  const asked = policies.filter(({ dataset }) => datasets.includes(dataset));
  return Math.max(MIN_GROUP_ROWS, ...asked.map(({ min_group_rows: rows }) => rows ?? 0));
}
