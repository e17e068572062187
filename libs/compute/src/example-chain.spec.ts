import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { expect } from 'expect';
import { checkTaskParams } from './check-params.js';
import { runTask } from './run-task.js';
import type { Json, JsonObject, TaskParams } from './task-type.js';
import { testFolder, type TestFolder } from './run-for-tests.js';

const example = fileURLToPath(new URL('../../../../examples/breast-cancer', import.meta.url));

interface ExampleTask {
  task_id: string;
  task_type: string;
  depends_on: string[];
  task_params: TaskParams;
}

let folder: TestFolder;
let tasks: ExampleTask[];
before(async () => {
  folder = await testFolder();
  for (const party of ['alice', 'bob'])
    await cp(join(example, party), join(folder.path, 'data', party), { recursive: true });
  tasks = (JSON.parse(await readFile(join(example, 'chain.json'), 'utf8')) as { tasks: ExampleTask[] }).tasks;
});
after(() => folder.remove());

/** Fills in `${tasks.<id>.result.<path>}` where it is a whole string, as the engine does before it dispatches a task. */
function resolve(value: Json, results: JsonObject): Json {
  if (Array.isArray(value)) return value.map((each) => resolve(each, results));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolve(each, results)]));
  }
  const [, taskId, path] = (typeof value === 'string' && /^\$\{tasks\.([\w-]+)\.result\.([\w.]+)\}$/.exec(value)) || [];
  if (!taskId) return value;
  return path!.split('.').reduce<Json>((at, key) => (at as JsonObject)[key]!, results[taskId]!);
}

describe('the breast cancer example', () => {
  test('has no fault', () => {
    for (const task of tasks)
      expect([task.task_id, checkTaskParams(task.task_type, task.task_params)]).toEqual([task.task_id, []]);
  });

  test("runs from two hospitals' tables to a model better than either has", async () => {
    const results: JsonObject = {};
    for (const task of tasks) {
      const params = resolve(task.task_params as unknown as Json, results) as unknown as TaskParams;
      const inputs = Object.fromEntries(task.depends_on.map((id) => [id, results[id]!]));
      const run = folder.run({}, { taskId: task.task_id, params, inputs });
      results[task.task_id] = (await runTask(task.task_type, run)).result;
    }
    expect(results.intersect).toMatchObject({
      intersection_count: 509,
      reports: [
        { party: 'alice', original_count: 550 },
        { party: 'bob', original_count: 552 },
      ],
    });
    expect(results.describe).toMatchObject({ rows: { alice: 509, bob: 509 } });
    expect(Object.keys((results.describe as JsonObject).statistics as JsonObject)).toHaveLength(31);
    const { metrics } = results.evaluate as { metrics: { auc: number; accuracy: number } };
    expect(metrics.auc).toBeGreaterThan(0.985);
    expect(metrics.accuracy).toBeGreaterThan(0.93);
    expect(await folder.temporaries()).toEqual([]);
  });
});
