import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from '@jest/globals';
import type { TestFolder } from '../contract/run-for-tests.js';
import {
  copyExampleTables,
  exampleRun,
  exampleTasks,
  onLargeTables,
  runExample,
  type ExampleTask,
} from './examples-for-tests.js';
import { shell } from '../script/script-for-tests.js';
import { SITE_TYPES } from './at-sites.js';
import { runAtSites } from './at-sites-for-tests.js';
import { taskTypes } from './task-types.js';
import type { TaskRun, TaskRunResult, TaskType } from '../contract/task-type.js';
import { describeRunner, type RunnerSample } from './conformance-for-tests.js';
import { native } from './native.js';

const missing = { alice: 'no-such-table.csv', bob: 'no-such-table.csv', carol: 'no-such-table.csv' };

/** Only alice lets files be encrypted; another party may fail on its policy before alice fails on the file. */
function missingOf(type: string): object {
  if (type === 'union') return { alice: [missing.alice, 'neither.csv'] };
  if (type === 'sql' || type === 'script') return { alice: { loans: missing.alice } };
  return type === 'encrypt' ? { alice: missing.alice } : missing;
}

/** Rows of a large table: several reads of its file. Some types take so few of its bytes that it has to be longer, and to some a row costs ten times as much. */
const LARGE_ROWS = 15_000;
const LONG_ROWS = 30_000;
const LONG_TYPES: readonly string[] = [
  ...['cast', 'feature_filter', 'expr', 'case_when', 'groupby_statistics'],
  ...['biclassification_eval', 'regression_eval', 'prediction_bias_eval'],
];
const SLOW_ROWS = 1_500;
const SLOW_TYPES: readonly string[] = ['scorecard', 'ss_glm', 'ss_pvalue', 'ss_xgb'];

function rowsFor(type: string): number {
  if (SLOW_TYPES.includes(type)) return SLOW_ROWS;
  return LONG_TYPES.includes(type) ? LONG_ROWS : LARGE_ROWS;
}

/** The last task of a type's example, after those before it have run. */
function sampleOf({
  type,
  configSchema,
  approximate,
}: Pick<TaskType, 'type' | 'configSchema' | 'approximate'>): RunnerSample {
  const properties = configSchema.properties as Record<string, unknown>;
  const input = ['input_data', 'input_paths', 'train_data', 'prediction_data', 'test_data'].find(
    (key) => key in properties,
  );
  return {
    type,
    async prepare(folder) {
      await copyExampleTables(folder);
      const tasks = await exampleTasks(`tasks/${type}`);
      const at = tasks.findLastIndex((task) => task.task_type === type);
      if (type === 'http') return callOf(folder);
      if (type === 'script') return commandOf(folder, tasks[at]!);
      const run = exampleRun(folder, tasks[at]!, await runExample(folder, tasks.slice(0, at)));
      // A site has no results to encrypt: encrypt.spec.ts does that.
      if (type === 'encrypt') delete (run.params.task_config as { results?: unknown }).results;
      return run;
    },
    enlarge: (folder, run) => onLargeTables(folder, run, rowsFor(type)),
    ...(SITE_TYPES.includes(type) && {
      again: {
        how: ' at sites',
        run: async (folder, run) => asOnOneMachine(type, await runAtSites(folder, type, run)),
      },
    }),
    newKeys: type === 'encrypt',
    approximate,
    silent: type === 'diagnostic',
    isKilled: type === 'psi',
    ...(input && {
      failing: { config: { [input]: missingOf(type) }, code: 'FILE_NOT_FOUND' },
    }),
  };
}

/** The ciphertext of a party lies with it at its site, else with nobody under a name that begins with the party's. */
function asOnOneMachine(type: string, outcome: TaskRunResult): TaskRunResult {
  if (type !== 'encrypt') return outcome;
  const artifacts = outcome.artifacts.map((each) => ({ ...each, name: each.name.replace('/', '-') }));
  return { ...outcome, artifacts };
}

/** A run of the example with a command that is allowed here. */
function commandOf(folder: TestFolder, task: ExampleTask): TaskRun {
  const clean = shell('cat in/loans.csv > out/table.csv', { timeoutMs: 60_000, outputBytes: 1024 ** 3 });
  return { ...exampleRun(folder, task, {}), scripts: { clean } };
}

/** A call of a service that answers here: the example's is nowhere. */
async function callOf(folder: TestFolder): Promise<TaskRun> {
  return folder.run({ url: `http://127.0.0.1:${(service.address() as AddressInfo).port}/` }, { callsToPrivate: true });
}

const service = createServer((_request, response) => response.end('answered'));
beforeAll(() => new Promise<void>((listening) => service.listen(0, '127.0.0.1', listening)));
afterAll(() => void service.close());

describeRunner(native, taskTypes.filter(({ onlyOn }) => onlyOn === undefined).map(sampleOf));
