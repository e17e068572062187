import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';

/** The patients that both tables of the example have, with all 30 features. */
export interface Patients {
  readonly features: readonly string[];
  /** Features, then the label. */
  readonly rows: readonly (readonly number[])[];
}

async function read(example: string): Promise<Record<string, string>[]> {
  const url = new URL(`../../../../../examples/${example}.csv`, import.meta.url);
  return parse(await readFile(url), { columns: true }) as Record<string, string>[];
}

/** Joins the example's two vertical tables by id: 509 rows that a test may split horizontally. */
export async function breastCancer(): Promise<Patients> {
  const [alice, bob] = [await read('breast-cancer/alice/breast-cancer'), await read('breast-cancer/bob/breast-cancer')];
  const byId = new Map(bob.map((row) => [row.id!, row]));
  const joined = alice.flatMap((row) => (byId.has(row.id!) ? [{ ...row, ...byId.get(row.id!) }] : []));
  return patientsOf(joined);
}

/** All 569 patients of the data set, in the order of their made-up ids: those of the three hospitals of the example. */
export async function everyPatient(): Promise<Patients> {
  const tables = ['alice', 'bob', 'carol'].flatMap((party) => [`${party}/hospital`, `${party}/hospital-test`]);
  const rows = (await Promise.all(tables.map((table) => read(`federated-training/${table}`)))).flat();
  return patientsOf(rows.sort((one, other) => (one.id! < other.id! ? -1 : 1)));
}

function patientsOf(rows: readonly Record<string, string>[]): Patients {
  const features = Object.keys(rows[0]!).filter((name) => name !== 'id' && name !== 'y');
  return { features, rows: rows.map((row) => [...features, 'y'].map((name) => Number(row[name]))) };
}

/** Rows as a CSV table. */
export function csvOf(header: readonly string[], rows: readonly (readonly (number | string)[])[]): string {
  return `${[header, ...rows].map((row) => row.join(',')).join('\n')}\n`;
}
