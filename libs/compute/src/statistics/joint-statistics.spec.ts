import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConsentJson, PolicyStatement } from '#libs/consent';
import { runAtSites } from '../catalogue/at-sites-for-tests.js';
import { checkTaskParams } from '../catalogue/check-params.js';
import type { JsonObject, OpenedEntry, TaskRunResult } from '../contract/task-type.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { jointStatistics } from './joint-statistics.js';
import { runTableStatistics } from './table-statistics-run.js';

const PARTIES = ['alice', 'bob', 'carol'];
const ROWS = 2_000;
const AGE = { columns: ['age'] };
const BOUNDS = { age: { min: 0, max: 100 }, pay: { min: 0, max: 10_000 } };
type Column = Record<string, number | null> & { histogram: { from: number; to: number; counts: number[] } | null };
interface Joint {
  readonly parties: string[];
  readonly epsilon: number;
  readonly epsilon_each: number;
  readonly statistics: Record<string, Column>;
}
const jointOf = (result: JsonObject): Joint => result.joint as unknown as Joint;

describe('table_statistics with joint', () => {
  let runs: OwnedRuns;
  let opened: { party: string; epsilon: number | undefined }[];
  let crossed: CrossedMessage[];
  let tables: Record<string, string>;

  beforeEach(async () => {
    runs = await OwnedRuns.claim(...PARTIES);
    opened = [];
    crossed = [];
    tables = {};
    for (const [at, party] of PARTIES.entries()) {
      // Ages of 0 to 100 in all: a third of them with each party. One row has none.
      const rows = Array.from({ length: ROWS }, (_, row) => [row, row === 7 ? '' : (3 * row + at) % 101, 5_000]);
      tables[party] = await runs.table(party, 'c', [['id', 'age', 'pay'], ...rows]);
      runs.policy(party, 'c', { bounds: BOUNDS, budget: { epsilon: 10 } });
    }
  });
  afterEach(() => runs.folder.remove());

  async function run(config: { readonly [key: string]: ConsentJson }, parties = PARTIES): Promise<TaskRunResult> {
    const task = {
      input_data: Object.fromEntries(parties.map((party) => [party, tables[party]!])),
      ...{ epsilon: 4, joint: true, ...config },
    };
    const note = (party: string, { epsilon }: OpenedEntry): void => void opened.push({ party, epsilon });
    const prepared = await runs.prepare('table_statistics', 't', task, { parties, opened: note });
    return runTableStatistics(prepared, (message) => crossed.push(message));
  }
  const policy = (party: string, bounds: PolicyStatement['bounds']): void =>
    runs.policy(party, 'c', { ...(bounds && { bounds }), budget: { epsilon: 10 } });

  it('gives figures near those of all rows together, and those of no party', async () => {
    const { result, artifacts } = await run({ ...AGE, figures: ['count', 'sum', 'mean', 'quartiles', 'histogram'] });
    expect(result).toMatchObject({
      output_report: 'artifact:chain-1/t/statistics.json',
      rows: { alice: null, bob: null, carol: null },
      suppressed: { alice: [], bob: [], carol: [] },
      statistics: null,
      joint: { parties: PARTIES, epsilon: 4, epsilon_each: 1 },
      withheld: {
        'rows.*': expect.any(String) as unknown,
        statistics: expect.any(String) as unknown,
        'joint.statistics.*.std': expect.any(String) as unknown,
      },
    });
    const { age } = jointOf(result).statistics as { age: Column };
    // Three draws of scale 1 are beyond 60 once in 10^24.
    expect(Math.abs(age.count! - 3 * (ROWS - 1))).toBeLessThan(60);
    expect(Math.abs(age.mean! - 50)).toBeLessThan(1);
    expect(age.sum! / age.count!).toBeCloseTo(age.mean!, 6);
    [25, 50, 75].forEach((near) => expect(Math.abs(age[`${near}%`]! - near)).toBeLessThan(4));
    expect(age).toMatchObject({ std: null, min: null, max: null, histogram: { from: 0, to: 100 } });
    for (const part of age.histogram!.counts) expect(Math.abs(part - (3 * ROWS) / 10)).toBeLessThan(120);
    const report = JSON.parse(await runs.folder.text('alice', result.output_report as string)) as JsonObject;
    expect(report).toMatchObject({ type: 'table_statistics', joint: result.joint, statistics: null });
    expect(artifacts.map(({ name }) => name)).toEqual(['statistics.json']);
  });

  it('is of two parties as well, and keeps the exact figures for each party itself', async () => {
    const { result, partyResults } = await run({ ...AGE, output_report: 'own.json' }, ['alice', 'bob']);
    expect(jointOf(result).parties).toEqual(['alice', 'bob']);
    expect(Object.keys(partyResults!)).toEqual(['alice', 'bob']);
    const report = JSON.parse(await runs.folder.text('bob', 'own.json')) as JsonObject;
    expect(report).toMatchObject({ rows: ROWS, columns: { age: { count: ROWS - 1, min: 0, max: 100 } } });
  });

  it('comes at sites to the same at each: nobody but the parties adds up', async () => {
    const task = {
      input_data: tables as Record<string, ConsentJson>,
      epsilon: 4,
      joint: true,
      ...AGE,
      figures: ['count', 'mean'],
    };
    const { result } = await runAtSites(
      runs.folder,
      'table_statistics',
      await runs.prepare('table_statistics', 't', task, { parties: PARTIES }),
    );
    const { age } = jointOf(result).statistics as { age: Column };
    expect(Math.abs(age.count! - 3 * (ROWS - 1))).toBeLessThan(60);
    expect(Math.abs(age.mean! - 50)).toBeLessThan(1);
    // A sum that lacks a mask or a party is far from a count of rows.
    expect(result).toMatchObject({ statistics: null, joint: { parties: PARTIES, epsilon: 4, epsilon_each: 2 } });
  });

  it('takes the columns that have bounds, and splits epsilon over them and the draws', async () => {
    const { result } = await run({ figures: ['mean', 'quartiles'] });
    expect(Object.keys(jointOf(result).statistics)).toEqual(['age', 'pay']);
    expect(jointOf(result).epsilon_each).toBe(4 / 6);
    expect(Math.abs(jointOf(result).statistics.pay!.mean! - 5_000)).toBeLessThan(100);
  });

  it('charges each owner the whole epsilon, and sends nothing of a table whose epsilon is spent', async () => {
    await run({ ...AGE, epsilon: 6 });
    expect(opened).toHaveLength(3);
    expect(opened).toEqual(expect.arrayContaining(PARTIES.map((party) => ({ party, epsilon: 6 }))));
    const between = crossed.filter(({ from, to }) => PARTIES.includes(from) && PARTIES.includes(to));
    expect(between.map(({ body }) => body)).toEqual(Array(6).fill('[["age",0,100]]'));
    crossed = [];
    runs.policy('bob', 'c', { bounds: BOUNDS, budget: { epsilon: 7 } });
    await expect(run({ ...AGE, epsilon: 4 })).rejects.toMatchObject({
      code: 'BUDGET_EXHAUSTED',
      details: { party: 'bob', dataset: 'c', opened: 6, asked: 4, limit: 7 },
    });
    const sent = crossed.filter(({ from }) => from === 'bob').map(({ to, body }) => [to, body]);
    expect(sent.sort()).toEqual(['alice', 'carol'].map((peer) => [peer, '[["age",0,100]]']));
  });

  it('refuses bounds that are not the same for all', async () => {
    policy('carol', { age: { min: 0, max: 120 } });
    await expect(run(AGE)).rejects.toMatchObject({
      code: 'BOUNDS_DIFFER',
      retryable: false,
      message: expect.stringMatching(/column "age": 0 to 100 \((alice|bob)\) and 0 to 120 \(carol\)/) as unknown,
      details: { column: 'age' },
    });
    policy('carol', { age: BOUNDS.age });
    await expect(run({})).rejects.toMatchObject({
      code: 'BOUNDS_DIFFER',
      message: expect.stringMatching(/column "pay": 0 to 10000 \((alice|bob)\) and none \(carol\)/) as unknown,
    });
    await expect(run({ columns: ['age', 'pay'] })).rejects.toMatchObject({
      code: 'BOUNDS_MISSING',
      details: { party: 'carol', column: 'pay' },
    });
    expect(opened).toEqual([]);
    await run(AGE);
  });

  it('refuses a table that lacks a column', async () => {
    tables.bob = await runs.table('bob', 'd', [['id', 'years'], ...Array.from({ length: 30 }, (_, row) => [row, row])]);
    runs.policy('bob', 'd', { bounds: BOUNDS, budget: { epsilon: 10 } });
    await expect(run(AGE)).rejects.toMatchObject({
      code: 'COLUMN_NOT_FOUND',
      details: { party: 'bob', column: 'age' },
    });
    expect(opened).toEqual([]);
  });
});

describe('joint figures', () => {
  it('are read from sums in the order in which parties add them', () => {
    const fine = Array.from({ length: 100 }, (_, part) => Number(part < 50));
    const histogram = Array.from({ length: 10 }, (_, part) => part - 3);
    const all = ['count', 'sum', 'mean', 'quartiles', 'histogram'] as const;
    expect(jointStatistics([4, 2 ** 20, ...fine, ...histogram], { min: 0, max: 100 }, all)).toEqual({
      ...{ count: 4, sum: 300, mean: 75, std: null, min: null, max: null },
      ...{ '25%': 12.5, '50%': 25, '75%': 37.5, histogram: { from: 0, to: 100, counts: histogram } },
    });
    expect(jointStatistics(histogram, { min: 0, max: 100 }, ['histogram'])).toMatchObject({
      ...{ count: null, mean: null, '50%': null, histogram: { counts: histogram } },
    });
  });
});

describe('parameters of table_statistics', () => {
  const faults = (more: object) =>
    checkTaskParams('table_statistics', {
      sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
      task_config: { input_data: { alice: 'c.csv', bob: 'c.csv' }, ...more },
    });

  it('take joint with epsilon, two tables or more, and one list of columns', () => {
    const joint = { joint: true, epsilon: 1 };
    expect([joint, { ...joint, columns: ['age'] }, { joint: false }].flatMap(faults)).toEqual([]);
    expect(faults({ joint: true })).toMatchObject([{ pointer: '/task_config/joint' }]);
    expect(faults({ ...joint, input_data: { alice: 'c.csv' } })).toMatchObject([{ pointer: '/task_config/joint' }]);
    expect(faults({ ...joint, columns: { alice: ['age'], bob: ['age'] } })).toMatchObject([
      { pointer: '/task_config/columns' },
    ]);
  });
});
