import type { TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject } from '../contract/task-type.js';
import { MaskStream } from '../mpc/random.js';
import { csvOf } from '../table/breast-cancer-for-tests.js';
import { writeSlices } from './slices-for-tests.js';

const words = new MaskStream(new Uint8Array(32).fill(23), 'attacks').next(60_000);
/** The same numbers between 0 and 1 in every run. */
export const noise = (at: number): number => words[at % words.length]! / 2 ** 32;
export const rowsOf = <T>(count: number, of: (row: number) => T): T[] =>
  Array.from({ length: count }, (_, row) => of(row));

/** The label of alice, who has no column or these, and columns that bob chooses. */
export interface Attack {
  readonly name: string;
  readonly label: readonly number[];
  readonly own?: readonly (readonly number[])[];
  readonly columns: readonly (readonly number[])[];
  readonly regType?: 'logistic' | 'linear';
}

/** Writes the tables of an attack. Bob's columns are b0, b1, and so on. Returns the parameters of the task. */
export async function attackOn(
  folder: TestFolder,
  { name, label, own = [], columns, regType = 'logistic' }: Attack,
): Promise<JsonObject> {
  const features = { alice: own.map((_, at) => `a${at}`), bob: columns.map((_, at) => `b${at}`) };
  const cells = (each: readonly (readonly number[])[]) => label.map((_, row) => each.map((column) => column[row]!));
  await folder.table('alice', `${name}.csv`, csvOf([...features.alice, 'y'], cells([...own, label])));
  await folder.table('bob', `${name}.csv`, csvOf(features.bob, cells(columns)));
  return {
    model: await writeSlices(folder, features, regType, name),
    ...{ label: 'y', label_party: 'alice' },
    train_data: { alice: `${name}.csv`, bob: `${name}.csv` },
  };
}

/** How many labels are right that bob guesses by his columns and a figure of each. */
export function rightOf(
  label: readonly number[],
  columns: readonly (readonly number[])[],
  z: readonly number[],
): number {
  const score = (row: number): number => columns.reduce((sum, column, at) => sum + z[at]! * column[row]!, 0);
  return label.filter((y, row) => y === Number(score(row) > 0)).length;
}
