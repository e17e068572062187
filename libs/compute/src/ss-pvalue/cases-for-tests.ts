import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import type { TestFolder } from '../contract/run-for-tests.js';
import { csvOf } from '../table/breast-cancer-for-tests.js';
import type { Features } from './slices-for-tests.js';

/** What statsmodels finds of a column: its weight, z and p. */
export interface Found {
  readonly w: number;
  readonly z: number;
  readonly p: number;
}

/** A fit by statsmodels. */
export interface Case {
  readonly kind: 'logistic' | 'linear';
  readonly label: string;
  readonly features: Features;
  readonly rows: number;
  /** By column, and of the intercept (const). */
  readonly tests: Readonly<Record<string, Found>>;
}

const read = (path: string): Promise<string> => readFile(new URL(`../../../../../${path}`, import.meta.url), 'utf8');
const CANCER = { alice: 'breast-cancer/alice/breast-cancer', bob: 'breast-cancer/bob/breast-cancer' };
const CREDIT = { alice: 'credit-scoring/alice/bank', bob: 'credit-scoring/bob/registry' };
const FILES = { 'breast-cancer': CANCER, linear: CANCER, 'german-credit': CREDIT, scorecard: CREDIT };

export type CaseName = keyof typeof FILES;

/** The figures of a case. Its tables are written as `<name>.csv` of both parties: the rows that both have, with the columns of the fit. */
export async function aligned(folder: TestFolder, name: CaseName): Promise<Case> {
  const cases = JSON.parse(await read('libs/compute/src/ss-pvalue/statsmodels-for-tests.json')) as Record<string, Case>;
  const { features, label } = cases[name]!;
  const tableOf = async (party: 'alice' | 'bob'): Promise<Map<string, Record<string, string>>> => {
    const rows = parse(await read(`examples/${FILES[name][party]}.csv`), { columns: true }) as Record<string, string>[];
    return new Map(rows.map((row) => [row.id!, row]));
  };
  const [alice, bob] = [await tableOf('alice'), await tableOf('bob')];
  const ids = [...alice.keys()].filter((id) => bob.has(id)).sort();
  for (const [party, rows, names] of [
    ['alice', alice, [...features.alice, label]],
    ['bob', bob, features.bob],
  ] as const) {
    const cells = ids.map((id) => names.map((each) => rows.get(id)![each]!));
    await folder.table(party, `${name}.csv`, csvOf(names, cells));
  }
  return cases[name]!;
}
