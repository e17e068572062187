import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConsentJson, PolicyStatement } from '#libs/consent';
import { TestOwner } from '#libs/testing';
import { checkTaskParams } from '../catalogue/check-params.js';
import { runTask } from '../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, OpenedEntry, TaskParams, TaskRunResult } from '../contract/task-type.js';
import { taskHash } from '../party/hashes.js';

const ROWS = 5_000;
const BOUNDS = { age: { min: 0, max: 100 }, pay: { min: 0, max: 10_000 } };
const config = (more: { readonly [key: string]: ConsentJson } = {}) => ({
  input_data: { alice: 'dataset:alice/c@1' },
  epsilon: 1,
  ...more,
});
type Column = Record<string, number | null> & { histogram: { from: number; to: number; counts: number[] } | null };
const columnsOf = (result: JsonObject) => result.statistics as unknown as Record<string, Column>;

interface Of {
  readonly policy?: Partial<PolicyStatement>;
  readonly taskId?: string;
  readonly type?: string;
  readonly from?: Readonly<Record<string, string>>;
  /** Whether the owner approves the task, which is in a chain of the owner's. */
  readonly approve?: boolean;
}
const statementOf = (
  task: { readonly [key: string]: ConsentJson },
  { taskId = 't', type = 'table_statistics', from = {}, approve = false }: Of,
) => ({
  ...{ chain_id: 'chain-1', task_id: taskId, task_type: type, proposer: approve ? 'alice' : null, from },
  params: { sf_init_config: { parties: ['alice'], address: 'local' }, task_config: task },
});

describe('table_statistics with epsilon', () => {
  let folder: TestFolder;
  let owner: TestOwner;
  let noted: OpenedEntry[];

  beforeEach(async () => {
    folder = await testFolder();
    noted = [];
    // Row 7 has no age, row 8 a word for it, row 9 a pay that is out of bounds.
    const cells = (row: number): string =>
      `${row},${row === 7 ? '' : row === 8 ? 'old' : row % 101},${row === 9 ? 1e12 : 5_000}`;
    const rows = Array.from({ length: ROWS }, (_, row) => cells(row));
    await folder.table('alice', 'c.csv', `id,age,pay\n${rows.join('\n')}\n`);
    await folder.table('alice', 'few.csv', 'id,age,pay\n1,42,1\n');
    owner = await TestOwner.claim(join(folder.path, 'data'), 'alice');
  });
  afterEach(() => folder.remove());

  async function run(task: { readonly [key: string]: ConsentJson }, of: Of = {}): Promise<TaskRunResult> {
    const { policy = {}, taskId = 't', type = 'table_statistics', approve = false } = of;
    const statement = statementOf(task, of);
    const { params } = statement;
    const columns = ['id', 'age', 'pay'].map((name) => ({ name, type: 'number' }));
    const statements = [
      ...(await Promise.all(
        ['c.csv', 'c.csv', 'few.csv'].map(async (file, at) =>
          owner.sign({ ...(await owner.dataset('c', file, at + 1)), columns } as never),
        ),
      )),
      await owner.sign({
        ...{ kind: 'policy', dataset: 'c', expires_at: '2999-01-01T00:00:00Z' },
        rules: [{ effect: 'allow', task_types: ['table_statistics', 'fillna'] }],
        ...{ budget: { epsilon: 3 }, bounds: BOUNDS },
        ...policy,
      } as never),
      ...(approve ? [await owner.approve(statement)] : []),
    ];
    const consent = { task: statement, byAdmin: true, statements: { alice: statements }, params: params as TaskParams };
    const opened = (_: string, entry: OpenedEntry): void => void noted.push(entry);
    return runTask(type, { ...folder.run(task, { taskId, params: params as never, opened }), consent });
  }
  it('gives others noisy figures near the exact ones, and never the same twice', async () => {
    const all = { figures: ['count', 'sum', 'mean', 'quartiles', 'histogram'], columns: ['age'] };
    const { result } = await run(config(all));
    expect(result).toMatchObject({
      rows: { alice: null },
      suppressed: { alice: [] },
      epsilon: 1,
      epsilon_each: { alice: 1 / 6 },
      withheld: { 'rows.*': expect.any(String) as unknown, 'statistics.*.max': expect.any(String) as unknown },
    });
    const age = columnsOf(result).age!;
    // Noise of scale 6 is beyond 150 once in 10^10 draws.
    expect(Math.abs(age.count! - (ROWS - 2))).toBeLessThan(150);
    expect(Math.abs(age.mean! - 50)).toBeLessThan(3);
    expect(age.sum! / age.count!).toBeCloseTo(age.mean!, 6);
    for (const [name, near] of [
      ['25%', 25],
      ['50%', 50],
      ['75%', 75],
    ] as const)
      expect(Math.abs(age[name]! - near)).toBeLessThan(8);
    expect(age).toMatchObject({ std: null, min: null, max: null, histogram: { from: 0, to: 100 } });
    expect(age.histogram!.counts).toHaveLength(10);
    const again = await run(config(all));
    expect(columnsOf(again.result).age!.sum).not.toBe(age.sum);
  });

  it('draws what was asked alone, for the columns that have bounds, and splits epsilon over them', async () => {
    const { result } = await run(config({ figures: ['mean'] }));
    expect(Object.keys(result.statistics as object)).toEqual(['age', 'pay']);
    expect(result).toMatchObject({
      epsilon_each: { alice: 1 / 4 },
      statistics: { age: { '50%': null, sum: null, histogram: null } },
      withheld: { 'statistics.*.50%': 'It was not asked for.', 'statistics.*.sum': expect.any(String) as unknown },
    });
    expect(result.withheld).not.toHaveProperty(['statistics.*.mean']);
    // A pay of 10^12 counts as 10,000.
    expect(Math.abs(columnsOf(result).pay!.mean! - 5_000)).toBeLessThan(200);
  });

  it('neither refuses nor leaves out what is small: that would show it', async () => {
    const { result } = await run(config({ input_data: { alice: 'dataset:alice/c@3' } }));
    expect(result).toMatchObject({ suppressed: { alice: [] }, rows: { alice: null } });
    expect(Object.keys(result.statistics as object)).toEqual(['age', 'pay']);
  });

  it('spends the budget of the owner over all tasks and versions, by repeats as well, and no more', async () => {
    await run(config());
    await run(config({ input_data: { alice: 'dataset:alice/c@2' } }), { taskId: 'u' });
    await run(config({ epsilon: 0.7 }), { taskId: 'v' });
    await expect(run(config({ epsilon: 0.301 }), { taskId: 'w' })).rejects.toMatchObject({
      code: 'BUDGET_EXHAUSTED',
      retryable: false,
      details: { party: 'alice', dataset: 'c', opened: 2.7, asked: 0.301, limit: 3 },
    });
    await run(config({ epsilon: 0.2 }), { taskId: 'w' });
    // 0.1 + 0.2 + 0.7 and more are exact in thousandths.
    await run(config({ epsilon: 0.1 }), { taskId: 'w' });
    await expect(run(config({ epsilon: 0.001 }), { taskId: 'w' })).rejects.toMatchObject({ code: 'BUDGET_EXHAUSTED' });
    expect(noted.map(({ epsilon }) => epsilon)).toEqual([1, 1, 0.7, 0.2, 0.1]);
    expect(noted[0]).toMatchObject({ datasets: ['c'], bits: {}, figures: {} });
  });

  it('counts what was made of a dataset with it', async () => {
    const fill = {
      input_data: { alice: 'dataset:alice/c@1' },
      columns: { alice: ['pay'] },
      method: 'constant',
      value: 0,
    };
    const { artifacts } = await run(fill, { type: 'fillna', taskId: 'fill' });
    const from = { fill: taskHash(statementOf(fill, { type: 'fillna', taskId: 'fill' })) };
    const filled = artifacts.find(({ name }) => name.endsWith('.csv'))!.name;
    const derived = { input_data: { alice: `artifact:chain-1/fill/${filled}` }, epsilon: 2 };
    await run(derived, { from });
    await expect(run(config({ epsilon: 1.5 }))).rejects.toMatchObject({
      code: 'BUDGET_EXHAUSTED',
      details: { dataset: 'c', opened: 2, asked: 1.5 },
    });
  });

  it('asks for what the owner has to write', async () => {
    await expect(run(config(), { policy: { budget: { bits: 100 } } })).rejects.toMatchObject({
      code: 'BUDGET_EXHAUSTED',
      message: expect.stringMatching(/"budget: \{epsilon: 2\}"/) as unknown,
      details: { opened: 0, asked: 1, limit: 0 },
    });
    await expect(run(config({ columns: ['id'] }))).rejects.toMatchObject({
      code: 'BOUNDS_MISSING',
      retryable: false,
      message: expect.stringMatching(/no bounds of column "id"/) as unknown,
      details: { party: 'alice', column: 'id' },
    });
    await expect(run(config(), { policy: { bounds: {} } })).rejects.toMatchObject({ code: 'BOUNDS_MISSING' });
    await expect(run(config(), { policy: { bounds: { age: { min: 5, max: 5 } } } })).rejects.toMatchObject({
      code: 'BOUNDS_MISSING',
      message: expect.stringMatching(/min is below max/) as unknown,
    });
  });

  it('takes no bounds from an approval, a plain file, or an unclaimed folder', async () => {
    const approved = { approve: true, policy: { rules: [], bounds: {} } };
    await expect(run(config(), approved)).rejects.toMatchObject({ code: 'BOUNDS_MISSING' });
    await expect(run(config({ input_data: { alice: 'c.csv' } }), { approve: true })).rejects.toMatchObject({
      code: 'BOUNDS_MISSING',
      message: expect.stringMatching(/datasets register/) as unknown,
    });
    await rm(join(owner.root, '.party'), { recursive: true });
    const unclaimed = folder.run({ input_data: { alice: 'c.csv' }, epsilon: 1 });
    await expect(runTask('table_statistics', unclaimed)).rejects.toMatchObject({
      code: 'BOUNDS_MISSING',
      message: expect.stringMatching(/parties claim/) as unknown,
    });
  });

  it('gives the party itself exact figures', async () => {
    const { result } = await run(config({ output_report: 'own.json' }));
    expect(result.output_report).toBe('own.json');
    const report = JSON.parse(await readFile(join(owner.root, 'own.json'), 'utf8')) as JsonObject;
    expect(report).toMatchObject({
      rows: ROWS,
      columns: { age: { count: ROWS - 2, min: 0, max: 100 }, pay: { max: 1e12 } },
    });
  });
});

describe('parameters of table_statistics', () => {
  const faults = (more: object) =>
    checkTaskParams('table_statistics', {
      sf_init_config: { parties: ['alice'], address: 'local' },
      task_config: { input_data: { alice: 'c.csv' }, ...more },
    });

  it('take an epsilon of thousandths, and figures with it alone', () => {
    expect([0.001, 0.29, 0.57, 1.1, 100].flatMap((epsilon) => faults({ epsilon, figures: ['mean'] }))).toEqual([]);
    expect(faults({ epsilon: 0.0005 })).toHaveLength(1);
    expect(faults({ epsilon: 0.1234 })).toMatchObject([{ pointer: '/task_config/epsilon' }]);
    expect(faults({ figures: ['mean'] })).toMatchObject([{ pointer: '/task_config/figures' }]);
  });
});
