import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { runTask } from '../catalogue/run-task.js';
import { clearResult, testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { TaskRunResult } from '../contract/task-type.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { runConditionFilter } from './condition-filter-run.js';

let folder: TestFolder;
const TABLE = 'id,age,city\n1,41,Bonn\n2,,Aachen\n3,17,Bonn\n4,x,NA\n';
beforeAll(async () => {
  folder = await testFolder();
  await folder.table('alice', 't.csv', TABLE);
});
afterAll(() => folder.remove());

let count = 0;
const run = (type: string, config: object): Promise<TaskRunResult> =>
  runTask(type, folder.run({ input_data: { alice: 't.csv' }, ...config }, { taskId: `${type}-${(count += 1)}` }));
const rowsOf = ({ result }: TaskRunResult, of: 'output_paths' | 'rest_paths' = 'output_paths') =>
  folder.rows('alice', (result[of] as { alice: string }).alice);
const faults = (type: string, config: object) =>
  checkTaskParams(type, {
    sf_init_config: { parties: ['alice'] },
    task_config: { input_data: { alice: 't.csv' }, ...config },
  }).map(({ pointer, message }) => `${pointer} ${message}`);

describe('expr', () => {
  test('makes columns in order, each on those before it, in the place of one with its name', async () => {
    const made = await run('expr', {
      new_columns: {
        alice: [
          { column: 'half', expression: 'age / 2' },
          { column: 'age', expression: 'half > 10' },
          { column: 'where', expression: 'concat(lower(city), "!")' },
        ],
      },
    });
    expect(await rowsOf(made)).toEqual([
      ['id', 'age', 'city', 'half', 'where'],
      ['1', '1', 'Bonn', '20.5', 'bonn!'],
      ['2', '', 'Aachen', '', 'aachen!'],
      ['3', '0', 'Bonn', '8.5', 'bonn!'],
      ['4', '', 'NA', '', ''],
    ]);
    expect(made.result).toMatchObject({ rows: { alice: 0 }, columns_made: { alice: ['half', 'age', 'where'] } });
    expect(clearResult(made, 'alice')).toEqual({ rows: 4, missing: { half: 2, age: 2, where: 1 } });
  });

  test('fails for a column that is not there, and leaves nothing', async () => {
    const columns = [{ column: 'a', expression: 'income + 1' }];
    await expect(run('expr', { new_columns: { alice: columns } })).rejects.toMatchObject({
      code: 'COLUMN_NOT_FOUND',
      details: { party: 'alice', column: 'income' },
    });
    expect(await folder.temporaries()).toEqual([]);
  });

  test('is refused at creation where a text is no expression', () => {
    const columns = (...expressions: string[]) => ({
      new_columns: { alice: expressions.map((expression, at) => ({ column: `c${at}`, expression })) },
    });
    expect(faults('expr', columns('age + 1', 'age +', 'age + "a"', '${tasks.a.result.text}'))).toEqual([
      expect.stringMatching(
        /^\/task_config\/new_columns\/alice\/1\/expression is no expression: syntax error at line 1/,
      ),
      expect.stringMatching(/^\/task_config\/new_columns\/alice\/2\/expression is no expression: a number is needed/),
    ]);
    expect(faults('expr', { new_columns: { alice: '${tasks.a.result.columns}' } })).toEqual([]);
    expect(faults('expr', { input_data: { alice: 'a', bob: 'b' }, ...columns('1') })).toContain(
      '/task_config/new_columns/bob is required: each table needs its columns',
    );
  });
});

describe('case_when', () => {
  const cases = [
    { when: 'age < 18', then: "'child'" },
    { when: 'city == "Bonn"', then: 'city' },
  ];

  test('takes the first case that holds, else the last value, or none', async () => {
    const columns = [
      { column: 'kind', cases, otherwise: '0' },
      { column: 'other', cases },
    ];
    const made = await run('case_when', { new_columns: { alice: columns } });
    expect((await rowsOf(made)).map((row) => row.slice(3))).toEqual([
      ['kind', 'other'],
      ['Bonn', 'Bonn'],
      ['0', ''],
      ['child', 'child'],
      ['0', ''],
    ]);
  });

  test('is refused at creation where a condition is none', () => {
    const wrong = [{ column: 'a', cases: [{ when: 'age + 1', then: '1' }], otherwise: 'b +' }];
    expect(faults('case_when', { new_columns: { alice: wrong } })).toEqual([
      expect.stringMatching(/alice\/0\/cases\/0\/when is no expression: it must be a bool, and is a number/),
      expect.stringMatching(/alice\/0\/otherwise is no expression: syntax error/),
    ]);
  });
});

describe('condition_filter', () => {
  test('keeps the rows whose condition holds, and the others beside them', async () => {
    const parted = await run('condition_filter', { conditions: { alice: 'age > 18 || city == "Aachen"' } });
    expect(await rowsOf(parted)).toEqual([
      ['id', 'age', 'city'],
      ['1', '41', 'Bonn'],
      ['2', '', 'Aachen'],
    ]);
    expect((await rowsOf(parted, 'rest_paths')).map(([id]) => id)).toEqual(['id', '3', '4']);
    expect(clearResult(parted, 'alice')).toEqual({ rows: 4, kept: 2, missing: 1 });
  });

  test('says to others the rows of the whole table alone', async () => {
    const rows = Array.from({ length: 70 }, (_, row) => row).join('\n');
    await folder.table('alice', 'long.csv', `id\n${rows}\n`);
    await folder.table('bob', 'long.csv', `id\n${rows}\n`);
    const crossed: CrossedMessage[] = [];
    const results = [];
    for (const condition of ['id < 3', 'id < 60']) {
      const tables = { alice: 'long.csv', bob: 'long.csv' };
      const config = { input_data: tables, conditions: { alice: condition, bob: 'true' } };
      const { result } = await runConditionFilter(folder.run(config), (message) => crossed.push(message));
      results.push(result);
    }
    expect(crossed).toEqual([]);
    expect(results[0]).toEqual(results[1]);
    expect(results[0]).toMatchObject({ rows: { alice: 60, bob: 60 } });
  });

  test('is refused at creation where the condition is none', () => {
    expect(faults('condition_filter', { conditions: { alice: 'age' } })).toEqual([]);
    expect(faults('condition_filter', { conditions: { alice: 'age * 2' } })).toEqual([
      expect.stringMatching(/^\/task_config\/conditions\/alice is no expression: it must be a bool/),
    ]);
    const both = { input_data: { alice: 'a', bob: 'b' }, conditions: { alice: 'true' } };
    expect(faults('condition_filter', both)).toContain(
      '/task_config/conditions/bob is required: each table needs its condition',
    );
  });
});

describe('union', () => {
  test('puts tables one after the other, by the names of their columns', async () => {
    await folder.table('alice', 'u.csv', 'city,id,age\nKöln,5,30\n');
    const all = await run('union', { input_data: { alice: ['t.csv', 'u.csv'] } });
    expect(await rowsOf(all)).toEqual([...(await folder.rows('alice', 't.csv')), ['5', '30', 'Köln']]);
    expect(clearResult(all, 'alice')).toEqual({ rows: 5, rows_of_tables: [4, 1] });
  });

  test.each([
    ['has', 'id,age\n5,30\n', 'city'],
    ['has not', 'id,age,city,more\n5,30,Köln,1\n', 'more'],
  ])('refuses tables of which one %s a column that another has', async (_, text, column) => {
    await folder.table('alice', 'v.csv', text);
    await expect(run('union', { input_data: { alice: ['t.csv', 'v.csv'] } })).rejects.toMatchObject({
      code: 'COLUMN_NOT_FOUND',
      details: { column },
    });
  });
});

describe('groupby_statistics', () => {
  test('describes each group, exactly and for its party alone', async () => {
    await folder.table('alice', 'g.csv', 'city,x\nBonn,1\n,5\nBonn,4\nNA,\nKöln,7\n');
    const grouped = await run('groupby_statistics', {
      ...{ input_data: { alice: 'g.csv' }, by: { alice: ['city'] }, columns: { alice: ['x'] } },
    });
    expect(await rowsOf(grouped)).toEqual([
      ['city', 'rows', 'x_count', 'x_sum', 'x_mean', 'x_min', 'x_max', 'x_var'],
      ['Bonn', '2', '2', '5', '2.5', '1', '4', '4.5'],
      ['', '2', '1', '5', '5', '5', '5', ''],
      ['Köln', '1', '1', '7', '7', '7', '7', ''],
    ]);
    expect(grouped.result.rows).toEqual({ alice: 0 });
    expect(clearResult(grouped, 'alice')).toEqual({ rows: 5, groups: 3 });
    const texts = { input_data: { alice: 't.csv' }, by: { alice: ['city'] }, columns: { alice: ['age'] } };
    await expect(run('groupby_statistics', texts)).rejects.toMatchObject({ code: 'CAST_FAILED', details: { row: 4 } });
  });
});

describe('stability', () => {
  const compare = (base: string, later: string, more: object = {}) =>
    run('stability', { base_data: { alice: base }, input_data: { alice: later }, ...more });
  const write = (name: string, rows: readonly string[]) => folder.table('alice', name, `x,city\n${rows.join('\n')}\n`);
  const row = (x: number | string, city: string): string => `${x},${city}`;

  test('is the index over the bins of the earlier table, for its party, and one bit for all', async () => {
    const places = Array.from({ length: 40 }, (_, at) => at);
    await write(
      'before.csv',
      places.map((at) => row(at, at < 20 ? 'Bonn' : 'Aachen')),
    );
    await write(
      'same.csv',
      places.map((at) => row(39 - at, at < 20 ? 'Aachen' : 'Bonn')),
    );
    await write(
      'moved.csv',
      places.map((at) => row(at < 10 ? 'NA' : 30, at < 30 ? 'Bonn' : 'Rome')),
    );
    const same = await compare('before.csv', 'same.csv');
    expect(same.result).toMatchObject({ stable: { alice: true }, withheld: {} });
    expect(clearResult(same, 'alice')).toEqual({ rows_base: 40, rows: 40, index: { x: 0, city: 0 }, shifted: [] });
    const moved = await compare('before.csv', 'moved.csv', { bin_num: 2 });
    const term = (p: number, q: number): number => (p - q) * Math.log(p / q);
    // Halves of x, none of which is missing, against 30 in the upper one; half of the cities against 30 of one and 10 that are new.
    const [x, city] = [
      term(0.5, 1e-4) + term(0.5, 0.75) + term(1e-4, 0.25),
      term(0.5, 0.75) + term(0.5, 1e-4) + term(1e-4, 0.25),
    ];
    const { index, shifted } = clearResult<{ index: { x: number; city: number }; shifted: string[] }>(moved, 'alice');
    expect(index.x).toBeCloseTo(x, 9);
    expect(index.city).toBeCloseTo(city, 9);
    expect(shifted).toEqual(['x', 'city']);
    expect(moved.result.stable).toEqual({ alice: false });
  });

  test('says nothing of a table of few rows to others', async () => {
    // So many that the ledger would let their one bit through.
    await write('few.csv', Array<string>(19).fill(row(1, 'Bonn')));
    const { result } = await compare('before.csv', 'few.csv');
    expect(result).toMatchObject({
      stable: { alice: null },
      withheld: { 'stable.alice': expect.any(String) as unknown },
    });
  });
});

describe('cast and feature_filter', () => {
  test('make fields of a type, and what does not fit missing, or fail', async () => {
    await folder.table('alice', 'c.csv', 'a,b\n1.0,true\n 2 ,0\n1e3,FALSE\n2.5,no\n,NA\n');
    const cast = async (column: string, to: string) => {
      const config = { input_data: { alice: 'c.csv' }, columns: { alice: [column] }, to, misfits: 'missing' };
      return (await rowsOf(await run('cast', config))).slice(1).map((row) => row[column === 'a' ? 0 : 1]);
    };
    expect(await cast('a', 'number')).toEqual(['1', '2', '1000', '2.5', '']);
    expect(await cast('a', 'integer')).toEqual(['1', '2', '1000', '', '']);
    expect(await cast('a', 'text')).toEqual(['1.0', ' 2 ', '1e3', '2.5', '']);
    expect(await cast('b', 'boolean')).toEqual(['1', '0', '0', '', 'NA']);
    const strict = { input_data: { alice: 'c.csv' }, columns: { alice: ['a'] }, to: 'integer' };
    await expect(run('cast', strict)).rejects.toMatchObject({
      code: 'CAST_FAILED',
      message: expect.stringContaining('cannot become integer') as unknown,
      details: { column: 'a', row: 4 },
    });
  });

  test('leave columns out', async () => {
    const left = await run('feature_filter', { columns: { alice: ['age'] } });
    expect((await rowsOf(left))[1]).toEqual(['1', 'Bonn']);
    expect(left.result.columns_dropped).toEqual({ alice: ['age'] });
  });
});
