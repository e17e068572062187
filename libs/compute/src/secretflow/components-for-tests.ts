import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { findComponentsPython } from '#libs/testing';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import { runTask } from '../catalogue/run-task.js';
import { COMPONENTS_VERSION } from './protocols.js';
import { secretflow } from './secretflow.js';

/** The Python of an environment with SecretFlow's components, which `npm run verify -- --engines` has made beside all clones; undefined without that. */
const componentsPython = findComponentsPython(COMPONENTS_VERSION.lite);

/** Ends the name of tests that need one, where there is none. */
const NO_COMPONENTS = '[skipped: npm run verify -- --engines runs it where it finds Python 3.10, and packages]';

/** Declares tests that need such a Python, in a folder with the tables of `writeTables`; without one they are one test that is skipped, with the reason. */
export async function describeComponents(
  name: string,
  declare: (folder: TestFolder, python: string) => void,
  rows = ROWS,
): Promise<void> {
  if (componentsPython === undefined) return test.skip(`${name} ${NO_COMPONENTS}`, () => undefined);
  const python = componentsPython;
  const folder = await testFolder();
  describe(name, () => {
    beforeAll(() => writeTables(folder, rows));
    afterAll(() => folder.remove());
    declare(folder, python);
  });
}

export const ROWS = 300;

/** A repeatable number from 0 to 1 of a row. */
const noise = (row: number, salt: number): number => {
  const x = Math.sin(row * 12.9898 + salt * 78.233) * 43758.5453;
  return x - Math.floor(x);
};
const centred = (row: number, salt: number): number => Number((4 * noise(row, salt) - 2).toFixed(4));

export const valuesOf = (row: number) => {
  const [a, b, c] = [centred(row, 1), centred(row, 2), centred(row, 3)] as const;
  return { id: `p${1000 + row}`, a, b, c, y: a + c + 0.1 * centred(row, 4) > 0 ? 1 : 0, city: `city ${row % 4}` };
};

/** Tables of alice (id, a, y) and bob (id, b, c, city), of the same people in the same order as `both.csv`, and partly other people in another as `own.csv`. */
export async function writeTables(folder: TestFolder, count = ROWS): Promise<void> {
  const alice = (row: number): string => Object.values({ ...pick(row, 'id', 'a', 'y') }).join(',');
  const bob = (row: number): string => Object.values({ ...pick(row, 'id', 'b', 'c', 'city') }).join(',');
  const rows = Array.from({ length: count }, (_, row) => row);
  const others = rows.map((row) => ((row * 7) % count) + 40);
  const text = (header: string, lines: readonly string[]): string => `${header}\n${lines.join('\n')}\n`;
  await folder.table('alice', 'both.csv', text('id,a,y', rows.map(alice)));
  await folder.table('bob', 'both.csv', text('id,b,c,city', rows.map(bob)));
  await folder.table('alice', 'own.csv', text('id,a,y', rows.map(alice)));
  await folder.table('bob', 'own.csv', text('id,b,c,city', others.map(bob)));
}

function pick(row: number, ...names: (keyof ReturnType<typeof valuesOf>)[]): object {
  const all = valuesOf(row);
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

export const COLUMNS = {
  keys: { alice: ['id'], bob: ['id'] },
  features: { alice: ['a'], bob: ['b', 'c'] },
  label: 'y',
  label_party: 'alice',
} as const;

/** Runs a component as a worker does. */
export function runIt(
  folder: TestFolder,
  config: Record<string, unknown>,
  more: Partial<TaskRun> = {},
  settings: object = {},
): Promise<TaskRunResult> {
  const run = folder.run(config, more);
  const parties = Object.keys(config['input_data'] as object).sort();
  const params = { ...run.params, engine: 'secretflow', sf_init_config: { parties, address: 'local' } };
  return runTask('component', { ...run, params } as TaskRun, [
    secretflow('/nowhere/python', { python: componentsPython ?? '/nowhere/python', ...settings }),
  ]);
}

export const bothInput = (port: string, file = 'both.csv') => ({ alice: { [port]: file }, bob: { [port]: file } });

type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** References by party and output. */
export const outputsOf = ({ result }: TaskRunResult): Outputs => (result as unknown as { outputs: Outputs }).outputs;

/** What both parties bring: a table, and what an earlier component has left. */
export const withLeft = (earlier: TaskRunResult, port: string, left: string, file = 'both.csv') =>
  Object.fromEntries(
    ['alice', 'bob'].map((party) => [party, { input_ds: file, [port]: outputsOf(earlier)[party]![left]! }]),
  );
