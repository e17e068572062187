import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import type { TestFolder } from '../contract/run-for-tests.js';
import { csvOf } from '../table/breast-cancer-for-tests.js';

/** What scikit-learn or statsmodels finds. */
export interface GlmCase {
  readonly features: Readonly<Record<'alice' | 'bob', readonly string[]>>;
  readonly label: string;
  readonly coefficients: Readonly<Record<string, number>>;
  readonly intercept: number;
  readonly explained: number | null;
  /** By id. */
  readonly predictions: Readonly<Record<string, number>>;
}

const read = (path: string): Promise<string> => readFile(new URL(`../../../../../${path}`, import.meta.url), 'utf8');

/** The figures of all cases. */
export async function glmCases(): Promise<Record<string, GlmCase>> {
  return JSON.parse(await read('libs/compute/src/ss-glm/references-for-tests.json')) as Record<string, GlmCase>;
}

/** Writes `credit.csv` of both parties: the customers that both have, with the columns of all cases. Returns their ids. */
export async function writeCredit(folder: TestFolder): Promise<string[]> {
  const tableOf = async (path: string): Promise<Map<string, Record<string, string>>> => {
    const rows = parse(await read(`examples/credit-scoring/${path}.csv`), { columns: true }) as Record<
      string,
      string
    >[];
    return new Map(rows.map((row) => [row.id!, row]));
  };
  const [alice, bob] = [await tableOf('alice/bank'), await tableOf('bob/registry')];
  const ids = [...alice.keys()].filter((id) => alice.get(id)!.credit_amount && bob.get(id)?.age).sort();
  const own = ['id', 'duration', 'installment_commitment', 'existing_credits', 'credit_amount', 'bad'];
  const rows = ids.map((id) => {
    const row = alice.get(id)!;
    return [
      ...own.map((name) => row[name]!),
      Number(row.credit_amount) * Number(row.bad),
      Math.log(Number(row.duration)),
    ];
  });
  await folder.table('alice', 'credit.csv', csvOf([...own, 'loss', 'log_duration'], rows));
  const theirs = ['age', 'residence_since', 'num_dependents'];
  await folder.table(
    'bob',
    'credit.csv',
    csvOf(
      theirs,
      ids.map((id) => theirs.map((name) => bob.get(id)![name]!)),
    ),
  );
  return ids;
}
