import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';

/** The patients whom both tables of the example know, with all 30 features. */
export interface Patients {
  readonly features: readonly string[];
  /** Features, then the label. */
  readonly rows: readonly (readonly number[])[];
}

/** Joins the example's two vertical tables by id: 509 rows that a test may split horizontally. */
export async function breastCancer(): Promise<Patients> {
  const read = async (party: string): Promise<Record<string, string>[]> => {
    const url = new URL(`../../../../../examples/breast-cancer/${party}/breast-cancer.csv`, import.meta.url);
    return parse(await readFile(url), { columns: true }) as Record<string, string>[];
  };
  const [alice, bob] = [await read('alice'), await read('bob')];
  const byId = new Map(bob.map((row) => [row.id!, row]));
  const joined = alice.flatMap((row) => (byId.has(row.id!) ? [{ ...row, ...byId.get(row.id!) }] : []));
  const features = Object.keys(joined[0]!).filter((name) => name !== 'id' && name !== 'y');
  return { features, rows: joined.map((row) => [...features, 'y'].map((name) => Number(row[name]))) };
}

/** Rows as a CSV table. */
export function csvOf(header: readonly string[], rows: readonly (readonly (number | string)[])[]): string {
  return `${[header, ...rows].map((row) => row.join(',')).join('\n')}\n`;
}
