import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CrossedMessage } from '../party/run-parties.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { runTask } from '../catalogue/run-task.js';
import type { JsonObject } from '../contract/task-type.js';
import { stepKinds } from './step-kinds.js';
import { runSteps } from './steps-run.js';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

/** Runs steps on alice's table alone and gives the rows of the new table, the header first. */
async function stepped(table: string, ...steps: Record<string, unknown>[]): Promise<string[][]> {
  await folder.table('alice', 't.csv', table);
  const { result } = await runTask('preprocessing', folder.run({ input_data: { alice: 't.csv' }, steps }));
  return folder.rows('alice', (result.output_paths as Record<string, string>).alice!);
}
const column = (rows: string[][], at: number): string[] => rows.slice(1).map((row) => row[at]!);

describe('fillna', () => {
  const table = 'id,a,b\n1,1,x\n2,,y\n3,4,\n4,NA,y\n5,100,y\n';
  test('by the mean fills numeric columns', async () => {
    const rows = await stepped(table, { op: 'fillna', method: 'mean' });
    expect(column(rows, 1)).toEqual(['1', '35', '4', '35', '100']);
    expect(column(rows, 2)).toEqual(['x', 'y', '', 'y', 'y']);
  });
  test('by the median', async () => {
    expect(column(await stepped(table, { op: 'fillna', method: 'median' }), 1)).toEqual(['1', '4', '4', '4', '100']);
  });
  test('by the most frequent value', async () => {
    expect(column(await stepped(table, { op: 'fillna', method: 'mode', columns: ['b'] }), 2)).toEqual([
      'x',
      'y',
      'y',
      'y',
      'y',
    ]);
  });
  test('by a constant', async () => {
    const rows = await stepped(table, { op: 'fillna', method: 'constant', value: -1 });
    expect([column(rows, 1)[1], column(rows, 2)[2]]).toEqual(['-1', '-1']);
  });
  test('as a type of its own lists what it filled', async () => {
    await folder.table('alice', 't.csv', table);
    const { result, artifacts } = await runTask(
      'fillna',
      folder.run({ input_data: { alice: 't.csv' }, output_data: { alice: 'out/f.csv' }, method: 'median' }),
    );
    expect(result).toEqual({
      output_paths: { alice: 'out/f.csv' },
      rules_paths: { alice: 'artifact:chain-1/task-1/alice/rules.json' },
      rows: { alice: 0 },
      columns_filled: { alice: ['a'] },
    });
    expect(artifacts.map(({ name }) => name)).toEqual(['alice/rules.json']);
    expect(JSON.parse(await folder.text('alice', 'artifact:chain-1/task-1/alice/rules.json'))).toEqual({
      format: 'taskchain/rules/v1',
      party: 'alice',
      made_by: { task_type: 'fillna', chain_id: 'chain-1', task_id: 'task-1' },
      learnt_from: { table: 't.csv', datasets: [] },
      steps: [
        {
          op: 'fillna',
          columns: [
            { column: 'id', kind: 'any', fill: '3' },
            { column: 'a', kind: 'any', fill: '4' },
          ],
        },
      ],
    });
  });
});

describe('scalers', () => {
  const table = 'id,a,c\nx,1,5\ny,2,5\nz,3,5\nw,,5\n';
  test('standard_scaler uses the deviation of the population and keeps gaps', async () => {
    const rows = await stepped(table, { op: 'standard_scaler' });
    const a = column(rows, 1);
    expect(Number(a[0])).toBeCloseTo(-Math.sqrt(1.5), 12);
    expect([a[1], a[3]]).toEqual(['0', '']);
    expect(column(rows, 2)).toEqual(['0', '0', '0', '0']);
    expect(column(rows, 0)).toEqual(['x', 'y', 'z', 'w']);
  });
  test('standard_scaler without mean or deviation', async () => {
    expect(column(await stepped(table, { op: 'standard_scaler', with_std: false }), 1)).toEqual(['-1', '0', '1', '']);
    const unshifted = column(await stepped(table, { op: 'standard_scaler', with_mean: false, columns: ['a'] }), 1);
    expect(Number(unshifted[1])).toBeCloseTo(2 / Math.sqrt(2 / 3), 12);
  });
  test('minmax_scaler', async () => {
    expect(column(await stepped(table, { op: 'minmax_scaler', feature_range: [-1, 1] }), 1)).toEqual([
      '-1',
      '0',
      '1',
      '',
    ]);
  });
  test('refuse text, naming the row and not the text', async () => {
    const failure = stepped('a\n1\nsecret\n', { op: 'standard_scaler', columns: ['a'] });
    await expect(failure).rejects.toMatchObject({ code: 'CAST_FAILED', details: { row: 2, column: 'a' } });
    await failure.catch((error: Error) => expect(error.message).not.toMatch(/secret/));
    // Also where the first row is the one that is wrong, and for the first one wrong of several.
    for (const step of [{ op: 'minmax_scaler' }, { op: 'quantile_binning' }, { op: 'fillna', method: 'median' }]) {
      await expect(stepped('a,b\n,1\nsecret,2\n1,3\nx,4\n', { ...step, columns: ['b', 'a'] })).rejects.toMatchObject({
        code: 'CAST_FAILED',
        details: { row: 2, column: 'a' },
      });
    }
  });
  test('refuse a column of text as a whole', async () => {
    const failure = stepped('a,b\n1,x\n2,\n3,y\n', { op: 'standard_scaler', columns: ['a', 'b'] });
    await expect(failure).rejects.toMatchObject({ code: 'NON_NUMERIC', details: { party: 'alice', column: 'b' } });
  });
});

describe('encoders and bins', () => {
  test('label_encoder numbers sorted classes, numbers as numbers', async () => {
    const rows = await stepped('a,b\nred,10\nblue,9\nred,\n', { op: 'label_encoder', columns: ['a', 'b'] });
    expect(rows).toEqual([
      ['a', 'b'],
      ['1', '1'],
      ['0', '0'],
      ['1', ''],
    ]);
  });
  test('onehot_encoder', async () => {
    const table = 'x,a,y\n1,red,2\n3,blue,4\n5,,6\n';
    expect(await stepped(table, { op: 'onehot_encoder', columns: ['a'] })).toEqual([
      ['x', 'a_blue', 'a_red', 'y'],
      ['1', '0', '1', '2'],
      ['3', '1', '0', '4'],
      ['5', '0', '0', '6'],
    ]);
    expect((await stepped(table, { op: 'onehot_encoder', columns: ['a'], drop: 'first' }))[0]).toEqual([
      'x',
      'a_red',
      'y',
    ]);
  });
  test('quantile_binning makes bins of equal size', async () => {
    const rows = await stepped(`a\n${Array.from({ length: 100 }, (_, i) => i ** 2).join('\n')}\n`, {
      op: 'quantile_binning',
      columns: ['a'],
      bin_num: 4,
    });
    const sizes = [0, 1, 2, 3].map((bin) => column(rows, 0).filter((value) => value === String(bin)).length);
    expect(sizes).toEqual([25, 25, 25, 25]);
  });
  test('equal_width_binning makes bins of equal width, each with its upper edge', async () => {
    const rows = await stepped('a\n0\n2.5\n2.6\n5\n10\n', { op: 'equal_width_binning', columns: ['a'], bin_num: 4 });
    expect(column(rows, 0)).toEqual(['0', '0', '1', '1', '3']);
  });
});

describe('lists of steps', () => {
  test('run in order, each on what the one before has left', async () => {
    const rows = await stepped(
      'id,a,b\n1,0,u\n2,,v\n3,10,u\n',
      { op: 'fillna', method: 'mean', columns: ['a'] },
      { op: 'minmax_scaler', columns: ['a'] },
      { op: 'onehot_encoder', columns: ['b'] },
      { op: 'drop_columns', columns: ['id'] },
      { op: 'select_columns', columns: ['b_v', 'a'] },
    );
    expect(rows).toEqual([
      ['a', 'b_v'],
      ['0', '0'],
      ['0.5', '1'],
      ['1', '0'],
    ]);
  });

  test('a list of columns means for each party those it has; one that nobody has fails', async () => {
    await folder.table('alice', 'a.csv', 'id,x\n1,1\n2,3\n');
    await folder.table('bob', 'b.csv', 'id,y\n1,1\n2,5\n');
    const run = (columns: unknown) =>
      runTask('minmax_scaler', folder.run({ input_data: { alice: 'a.csv', bob: 'b.csv' }, columns }));
    expect((await run(['x', 'y'])).result.columns_scaled).toEqual({ alice: ['x'], bob: ['y'] });
    expect((await run({ alice: ['x'] })).result.columns_scaled).toEqual({ alice: ['x'], bob: [] });
    await expect(run(['x', 'z'])).rejects.toMatchObject({ code: 'COLUMN_NOT_FOUND', details: { column: 'z' } });
    await expect(run({ alice: ['y'] })).rejects.toMatchObject({
      code: 'COLUMN_NOT_FOUND',
      details: { party: 'alice' },
    });
    expect(await folder.temporaries()).toEqual([]);
  });

  test('list the columns of the input that they changed, and no class of one that they made', async () => {
    await folder.table('alice', 'c.csv', 'id,city\na,Secretville\nb,Paris\n');
    const steps = [{ op: 'onehot_encoder', columns: ['city'] }, { op: 'standard_scaler' }];
    const { result } = await runTask('preprocessing', folder.run({ input_data: { alice: 'c.csv' }, steps }));
    expect(result.columns_touched).toEqual({ alice: ['city'] });
    expect(JSON.stringify(result)).not.toMatch(/Secretville/);
  });

  test('list of ten thousand changed columns what a result has room for, and say so', async () => {
    const names = Array.from({ length: 10_000 }, (_, at) => `measurement_${at}`);
    await folder.table(
      'alice',
      'wide.csv',
      `${names.join(',')}\n${[1, 2, 3].map((row) => names.map(() => row).join(',')).join('\n')}\n`,
    );
    await folder.table('bob', 'b.csv', 'x\n1\n2\n');
    const { result } = await runTask(
      'standard_scaler',
      folder.run({ input_data: { alice: 'wide.csv', bob: 'b.csv' } }),
    );
    const { alice, bob } = result.columns_scaled as Record<string, string[]>;
    expect(alice!.length).toBeGreaterThan(1000);
    expect(alice).toEqual(names.slice(0, alice!.length));
    expect(bob).toEqual(['x']);
    expect(result.columns_scaled_truncated).toBe(true);
  });

  test('do not write over their own input', async () => {
    await folder.table('alice', 't.csv', 'a\n1\n3\n');
    const paths = { alice: 't.csv' };
    await expect(
      runTask('preprocessing', folder.run({ input_data: paths, output_data: paths, steps: [{ op: 'minmax_scaler' }] })),
    ).rejects.toMatchObject({ code: 'OUTPUT_EXISTS', retryable: false });
    expect(await folder.text('alice', 't.csv')).toBe('a\n1\n3\n');
  });

  test('give the same bytes twice', async () => {
    const table = 'a,b\n1.1,x\n,y\n3.3,x\n';
    const once = await stepped(table, { op: 'fillna', method: 'mean' }, { op: 'standard_scaler' });
    expect(await stepped(table, { op: 'fillna', method: 'mean' }, { op: 'standard_scaler' })).toEqual(once);
  });
});

describe('between the parties', () => {
  const options: Readonly<Record<string, JsonObject>> = {
    fillna: { method: 'mode' },
    quantile_binning: { bin_num: 2 },
    equal_width_binning: { bin_num: 2 },
    cast: { to: 'number' },
  };
  beforeAll(async () => {
    await folder.table('alice', 'a.csv', 'id,x\nk1,1.25\nk2,3.5\nk3,7.75\n');
    await folder.table('bob', 'b.csv', 'id,y\nk1,2.5\nk2,\nk3,9.125\n');
  });

  /** All that crosses while steps run on both tables. */
  async function crossedBy(...steps: JsonObject[]): Promise<unknown[][]> {
    const crossed: CrossedMessage[] = [];
    const run = folder.run({ input_data: { alice: 'a.csv', bob: 'b.csv' } });
    await runSteps(run, { taskType: 'preprocessing', steps, resultKey: 'columns' }, (message) => crossed.push(message));
    return crossed.map(({ from, to, body }) => [from, to, body]).sort();
  }

  for (const { op } of stepKinds) {
    test(`${op} tells which of the named columns a party lacks, and nothing else`, async () => {
      expect(await crossedBy({ op, columns: ['x', 'y'], ...options[op] })).toEqual([
        ['alice', 'bob', '[["y"]]'],
        ['bob', 'alice', '[["x"]]'],
      ]);
    });
  }

  test('a list of steps tells it of each, and not even that of columns which a party names for itself', async () => {
    const steps: JsonObject[] = [
      { op: 'fillna', method: 'mean', columns: ['x', 'y'] },
      { op: 'minmax_scaler', columns: { alice: ['x'], bob: ['y'] } },
      { op: 'standard_scaler' },
    ];
    expect(await crossedBy(...steps)).toEqual([
      ['alice', 'bob', '[["y"],[]]'],
      ['bob', 'alice', '[["x"],[]]'],
    ]);
  });
});
