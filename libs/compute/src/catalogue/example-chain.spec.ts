import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from './check-params.js';
import { copyExampleTables, exampleTasks, runExample, type ExampleTask } from './examples-for-tests.js';
import type { JsonObject } from '../contract/task-type.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';

let folder: TestFolder;
let tasks: ExampleTask[];
beforeAll(async () => {
  folder = await testFolder();
  await copyExampleTables(folder);
  tasks = await exampleTasks('breast-cancer');
});
afterAll(() => folder.remove());

describe('the breast cancer example', () => {
  test('has no fault', () => {
    for (const task of tasks)
      expect([task.task_id, checkTaskParams(task.task_type, task.task_params)]).toEqual([task.task_id, []]);
  });

  test("runs from two hospitals' tables to a model better than either has", async () => {
    const results = await runExample(folder, tasks);
    expect(results.intersect).toMatchObject({
      intersection_count: 509,
      reports: [
        { party: 'alice', original_count: 550 },
        { party: 'bob', original_count: 552 },
      ],
    });
    expect(results.describe).toMatchObject({ rows: { alice: 500, bob: 500 } });
    expect(Object.keys((results.describe as JsonObject).statistics as JsonObject)).toHaveLength(31);
    const { metrics } = results.evaluate as { metrics: { auc: number; accuracy: number } };
    expect(metrics.auc).toBeGreaterThan(0.97);
    expect(metrics.accuracy).toBeGreaterThan(0.93);
    expect(await folder.temporaries()).toEqual([]);
  });
});
