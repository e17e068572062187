import type { DatasetStatement } from './statements.js';
import type { UseRequest } from './judge.js';

/** A version of a dataset that goes into a task. `statement` is absent where it is not known. */
interface UsedVersion {
  readonly name: string;
  readonly statement: Pick<DatasetStatement, 'rows' | 'purposes'> | undefined;
}

/** By dataset: rows of the shortest version, 0 where one is not known, and the purposes that all versions allow. */
export function datasetFacts(versions: readonly UsedVersion[]): Pick<UseRequest, 'datasets' | 'rows' | 'purposes'> {
  const rows: Record<string, number> = {};
  const purposes: Record<string, readonly string[]> = {};
  for (const { name, statement } of versions) {
    const of = statement?.rows ?? 0;
    rows[name] = Math.min(of, rows[name] ?? of);
    const allowed = statement?.purposes;
    if (allowed !== undefined) purposes[name] = purposes[name]?.filter((each) => allowed.includes(each)) ?? allowed;
  }
  return { datasets: Object.keys(rows), rows, purposes };
}
