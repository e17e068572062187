import type { Outcome, Paths } from './case.js';
import { readColumns } from './reference.js';

/** What a case counts that compares rows. */
export const DIFFERING_ROWS = ['rows that differ from plain arithmetic', '与直接计算不同的行数'] as const;

/** Fields of a column of bob's output, whose path stands under `key` of the result. */
export async function written(outcome: Outcome, column: string, key = 'output_paths'): Promise<string[]> {
  const paths = (outcome.result as Record<string, Paths>)[key]!;
  return (await readColumns(outcome.file('bob', paths.bob!), [column]))[column]!;
}
