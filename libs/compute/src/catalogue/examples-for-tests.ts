import { cp, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestFolder } from '../contract/run-for-tests.js';
import { runTask } from './run-task.js';
import type { TaskRunner } from '../contract/task-runner.js';
import type { JsonObject, TaskParams, TaskRun } from '../contract/task-type.js';

/** Compiled, this file lies in dist/libs/compute/src/catalogue. */
const EXAMPLES = fileURLToPath(new URL('../../../../../examples', import.meta.url));

export interface ExampleTask {
  readonly task_id: string;
  readonly task_type: string;
  readonly depends_on?: readonly (string | { readonly task_id: string })[];
  readonly task_params: TaskParams;
}

/**
 * The tasks of `examples/<name>/chain.json`, or of `examples/tasks/<type>.json` for `tasks/<type>`, with paths in place of datasets:
 * nobody has claimed the folders of these tests.
 */
export async function exampleTasks(name: string): Promise<ExampleTask[]> {
  const file = join(EXAMPLES, name.startsWith('tasks/') ? `${name}.json` : `${name}/chain.json`);
  const text = (await readFile(file, 'utf8')).replaceAll(/"dataset:[^/]+\/([^@]+)@1"/g, '"$1.csv"');
  return (JSON.parse(text) as { tasks: ExampleTask[] }).tasks;
}

/** Puts the tables of all examples where their tasks read them, and allows what `encrypt` delivers. */
export async function copyExampleTables(folder: TestFolder): Promise<void> {
  for (const example of await folders(EXAMPLES)) {
    for (const party of await folders(join(EXAMPLES, example)))
      await cp(join(EXAMPLES, example, party), join(folder.path, 'data', party), { recursive: true });
  }
  const recipients = ['age1qtfw50puce2vh2gthyz6scnteddde83pvunkz9qkpu68f0h0r59q2t5qha'];
  await folder.table('alice', '.policy.json', JSON.stringify({ version: 1, encrypt: { recipients } }));
}

/** The run of a task whose parents, and whatever else it refers to, have these results. */
export function exampleRun(folder: TestFolder, task: ExampleTask, results: JsonObject): TaskRun {
  const parents = (task.depends_on ?? []).map((each) => (typeof each === 'string' ? each : each.task_id));
  return folder.run(
    {},
    {
      taskId: task.task_id,
      params: resolve(task.task_params, results) as TaskParams,
      inputs: Object.fromEntries(parents.map((id) => [id, results[id]!])),
    },
  );
}

/** Parameters that name the tables which a task reads. */
const TABLES = /^(base|input|train|test|prediction)_(data|paths)$/;

/**
 * The same run on its own tables, repeated until the shortest has `least` rows; null where it reads none. Keys (`id`) stay
 * unique and in common.
 */
export async function onLargeTables(folder: TestFolder, run: TaskRun, least: number): Promise<TaskRun | null> {
  const config = structuredClone(run.params.task_config);
  const names = Object.keys(config).filter((name) => TABLES.test(name));
  // A table of a party, or several in a list or by their names.
  const places = names.flatMap((name) => {
    const byParty = config[name] as Record<string, string | Record<string, string>>;
    return Object.entries(byParty).flatMap(([party, tables]) =>
      typeof tables === 'string'
        ? [{ party, file: `large-${name}.csv`, of: byParty as Record<string, string>, key: party }]
        : Object.keys(tables).map((key) => ({ party, file: `large-${name}-${key}.csv`, of: tables, key })),
    );
  });
  const lines = await Promise.all(
    places.map(async ({ party, of, key }) => (await folder.text(party, of[key]!)).trimEnd().split('\n')),
  );
  const times = Math.ceil(least / Math.min(...lines.map((each) => each.length - 1)));
  for (const [at, { party, file, of, key }] of places.entries()) {
    const [header, ...rows] = lines[at]!;
    const hasKey = header!.startsWith('id,');
    const again = (copy: number): string[] => rows.map((row) => (hasKey ? row.replace(',', `-${copy},`) : row));
    const all = Array.from({ length: times }, (_, copy) => again(copy).join('\n'));
    of[key] = file;
    await folder.table(party, file, [header, ...all, ''].join('\n'));
  }
  return names.length === 0 ? null : { ...run, params: { ...run.params, task_config: config } };
}

/** Runs tasks one after the other, in the order of their list; the results by task. */
export async function runExample(
  folder: TestFolder,
  tasks: readonly ExampleTask[],
  runners?: readonly TaskRunner[],
): Promise<JsonObject> {
  const results: JsonObject = {};
  for (const task of tasks)
    results[task.task_id] = (await runTask(task.task_type, exampleRun(folder, task, results), runners)).result;
  return results;
}

/** Fills in `${tasks.<id>.result.<path>}` where it is a whole string, as the engine does before it dispatches a task. */
function resolve(value: unknown, results: JsonObject): unknown {
  if (Array.isArray(value)) return value.map((each) => resolve(each, results));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolve(each, results)]));
  }
  const [, taskId, path] = (typeof value === 'string' && /^\$\{tasks\.([\w-]+)\.result\.([\w.]+)\}$/.exec(value)) || [];
  if (!taskId) return value;
  return path!.split('.').reduce<unknown>((at, key) => (at as JsonObject)[key], results[taskId]);
}

async function folders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}
