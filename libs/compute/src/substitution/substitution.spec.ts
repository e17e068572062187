import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { runTask } from '../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { runSubstitution } from './substitution-run.js';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

const RULES = 'artifact:chain-1/learn/alice/rules.json';
const task = (config: JsonObject, more = {}) =>
  runTask('substitution', folder.run({ input_data: { alice: 'test.csv' }, rules: { alice: RULES }, ...config }, more));

/** Learns on one table of alice by these steps. */
async function learn(table: string, ...steps: JsonObject[]): Promise<string[][]> {
  await folder.table('alice', 'train.csv', table);
  const run = folder.run({ input_data: { alice: 'train.csv' }, steps }, { taskId: 'learn' });
  const { result } = await runTask('preprocessing', run);
  expect(result.rules_paths).toEqual({ alice: RULES });
  return folder.rows('alice', (result.output_paths as { alice: string }).alice);
}
/** Applies what was learnt to another table; the rows, the header first. */
async function apply(table: string, config: JsonObject = {}): Promise<string[][]> {
  await folder.table('alice', 'test.csv', table);
  const { result } = await task(config);
  return folder.rows('alice', (result.output_paths as { alice: string }).alice);
}
/** Puts rules into alice's folder, as nobody learnt them. */
async function writeRules(...steps: JsonObject[]): Promise<JsonObject> {
  const file = {
    ...{ format: 'taskchain/rules/v1', party: 'alice' },
    made_by: { task_type: 'woe_binning', chain_id: 'c', task_id: 't' },
    learnt_from: { table: 't.csv', datasets: [] },
    steps,
  };
  await folder.table('alice', 'own-rules.json', JSON.stringify(file));
  return { rules: { alice: 'own-rules.json' } };
}

describe('substitution', () => {
  test('scales, bins, fills and encodes by what was learnt on the other rows', async () => {
    await learn(
      'id,a,b,c,d,e\n1,0,0,red,x,\n2,10,4,blue,y,7\n3,,8,red,y,9\n',
      { op: 'fillna', method: 'constant', value: 5, columns: ['a'] },
      { op: 'minmax_scaler', columns: ['a'] },
      { op: 'equal_width_binning', bin_num: 2, columns: ['b'] },
      { op: 'label_encoder', columns: ['c'] },
      { op: 'onehot_encoder', columns: ['d'] },
      { op: 'standard_scaler', columns: ['d_y', 'e'] },
      { op: 'drop_columns', columns: ['id'] },
    );
    const rows = await apply('e,d,c,b,a,id,more\n8,x,blue,4,20,9,m\n,y,red,4.1,,8,n\n,,,,-10,7,o\n');
    expect(rows[0]).toEqual(['e', 'd_x', 'd_y', 'c', 'b', 'a', 'more']);
    const scaled = (value: number): string => String((value - 2 / 3) / Math.sqrt(2 / 9));
    expect(rows.slice(1).map(([e, x, y, ...rest]) => [e, x, Number(y).toFixed(9), ...rest])).toEqual([
      ['0', '1', Number(scaled(0)).toFixed(9), '0', '0', '2', 'm'],
      ['', '0', Number(scaled(1)).toFixed(9), '1', '1', '0.5', 'n'],
      ['', '0', Number(scaled(0)).toFixed(9), '', '', '-1', 'o'],
    ]);
  });

  test('gives on the same table what the steps gave, and the same again', async () => {
    const table = 'k,a,b\nz,1.1,x\ny,,y\nx,3.3,x\nw,2,\n';
    const steps: JsonObject[] = [
      { op: 'fillna', method: 'mean', columns: ['a'] },
      { op: 'quantile_binning', bin_num: 2, columns: ['a'] },
      { op: 'onehot_encoder', columns: ['b'], drop: 'first' },
      { op: 'select_columns', columns: ['k', 'a', 'b_y'] },
    ];
    const stepped = await learn(table, ...steps);
    expect(await apply(table)).toEqual(stepped);
    expect(await apply(table)).toEqual(stepped);
  });

  test('replaces values by their weight of evidence', async () => {
    const more = await writeRules({
      op: 'woe_binning',
      columns: [
        { column: 'age', kind: 'number', edges: [25, 40], woe: [-0.31, 0.02, 0.4], missing: 0.1 },
        {
          column: 'job',
          kind: 'category',
          categories: [['clerk'], ['none', 'other']],
          woe: [0.2, -0.6],
          missing: null,
        },
      ],
    });
    expect(await apply('age,job\n25,other\n25.1,clerk\n99,none\nNA,null\n', more)).toEqual([
      ['age', 'job'],
      ...[
        ['-0.31', '-0.6'],
        ['0.02', '0.2'],
        ['0.4', '-0.6'],
        ['0.1', 'null'],
      ],
    ]);
    const unseen = { ...more, unseen: 'missing' };
    expect(await apply('age,job\n1,king\n', unseen)).toEqual([
      ['age', 'job'],
      ['-0.31', ''],
    ]);
    const ofMissing = await writeRules({
      op: 'woe_binning',
      columns: [{ column: 'job', kind: 'category', categories: [['clerk']], woe: [0.2], missing: 0.7 }],
    });
    expect(await apply('job\nking\n', { ...ofMissing, unseen: 'missing', missing_values: 'fail' })).toEqual([
      ['job'],
      ['0.7'],
    ]);
  });

  test('fails on an unseen category, or takes it for a missing value', async () => {
    for (const [op, seen, missing] of [
      ['label_encoder', ['c', '0', '', '1'], ['c', '0', '', '']],
      ['onehot_encoder', [], ['c_a,c_b', '1,0', '0,0', '0,0']],
    ] as const) {
      await learn('c\na\nb\n', { op, columns: ['c'] });
      const failure = apply('c\na\n""\nsecret\n');
      await expect(failure).rejects.toMatchObject({
        ...{ code: 'UNSEEN_CATEGORY', retryable: false },
        details: { party: 'alice', column: 'c', row: 3 },
      });
      await failure.catch((error: Error) => expect(error.message).not.toMatch(/secret/));
      const rows = await apply('c\na\n""\nsecret\n', { unseen: 'missing' });
      expect(rows.map((row) => row.join())).toEqual(missing);
      if (seen.length > 0) expect((await apply('c\na\n""\nb\n')).map((row) => row.join())).toEqual(seen);
    }
  });

  test('keeps missing values, or fails on the first that no rule fills', async () => {
    const tables: readonly (readonly [JsonObject, string])[] = [
      [{ op: 'standard_scaler', columns: ['c'] }, 'c\n1\n2\n'],
      [{ op: 'quantile_binning', columns: ['c'] }, 'c\n1\n2\n'],
      [{ op: 'label_encoder', columns: ['c'] }, 'c\n1\n2\n'],
    ];
    for (const [step, table] of tables) {
      await learn(table, step);
      expect((await apply('c,x\nNA,\n1,2\n'))[1]).toEqual(['NA', '']);
      await expect(apply('c,x\n1,\nNA,2\n', { missing_values: 'fail' })).rejects.toMatchObject({
        ...{ code: 'MISSING_VALUE', details: { party: 'alice', column: 'c', row: 2 } },
      });
    }
    await learn('c\n1\n1\n', { op: 'fillna', method: 'mode' }, { op: 'onehot_encoder', columns: ['c'] });
    expect(await apply('c\n1\nNA\n', { missing_values: 'fail' })).toEqual([['c_1'], ['1'], ['1']]);
  });

  test('refuses a table that does not fit', async () => {
    await learn('a,b\n1,2\n3,5\n', { op: 'standard_scaler', columns: ['a', 'b'] });
    const cases: [string, object][] = [
      ['a,c\n1,2\n', { code: 'COLUMN_NOT_FOUND', details: { party: 'alice', column: 'b' } }],
      ['b,a\n1,2\n3,many\n', { code: 'CAST_FAILED', details: { party: 'alice', column: 'a', row: 2 } }],
      ['', { code: 'EMPTY_FILE' }],
    ];
    for (const [table, expected] of cases)
      await expect(apply(table)).rejects.toMatchObject({ ...expected, retryable: false });
    await learn('b\nx\n', { op: 'onehot_encoder', columns: ['b'] });
    await expect(apply('b,b_x\nx,1\n')).rejects.toMatchObject({ code: 'DUPLICATE_COLUMNS' });
    expect(await apply('b,a\n')).toEqual([['b_x', 'a']]);
    const nothing = await writeRules({ op: 'fillna', columns: [{ column: 'a', kind: 'any', fill: null }] });
    await expect(apply('a\n""\n', nothing)).rejects.toMatchObject({ code: 'COLUMN_UNUSABLE' });
    const large = { column: 'a', kind: 'number', shift: 0, factor: 1e308, offset: 0 };
    const more = await writeRules({ op: 'standard_scaler', columns: [large] });
    await expect(apply('a\n1\n100\n', more)).rejects.toMatchObject({ code: 'CAST_FAILED', details: { row: 2 } });
    expect(await folder.temporaries()).toEqual([]);
  });

  test("opens no rules but the party's own, of its chain", async () => {
    await learn('a\n1\n3\n', { op: 'standard_scaler' });
    await folder.table('bob', 'test.csv', 'a\n1\n');
    const bob = { input_data: { bob: 'test.csv' }, rules: { bob: RULES } };
    await expect(task(bob)).rejects.toMatchObject({ code: 'PATH_OUTSIDE_ROOT' });
    for (const path of ['artifact:chain-2/learn/alice/rules.json', '../bob/rules.json'])
      await expect(task({ rules: { alice: path } })).rejects.toMatchObject({ code: 'PATH_OUTSIDE_ROOT' });
    await expect(task({ rules: { alice: 'train.csv' } })).rejects.toMatchObject({ code: 'RULES_INCOMPATIBLE' });
  });

  test('writes to the given path, says which columns changed, and sends nothing', async () => {
    await learn('a,city\n1,Paris\n3,Rome\n', { op: 'onehot_encoder', columns: ['city'] }, { op: 'minmax_scaler' });
    await folder.table('alice', 'test.csv', 'city,k,a\nRome,1,2\n');
    await folder.table('bob', 'b.csv', 'y\n1\n3\n');
    await runTask('minmax_scaler', folder.run({ input_data: { bob: 'b.csv' } }, { taskId: 'of-bob' }));
    const crossed: CrossedMessage[] = [];
    const config = {
      input_data: { alice: 'test.csv', bob: 'b.csv' },
      rules: { alice: RULES, bob: 'artifact:chain-1/of-bob/bob/rules.json' },
      output_data: { alice: 'out/applied.csv' },
    };
    const outcome: TaskRunResult = await runSubstitution(folder.run(config), (message) => crossed.push(message));
    expect(outcome.result).toEqual({
      output_paths: { alice: 'out/applied.csv', bob: 'artifact:chain-1/task-1/bob/table.csv' },
      rows: { alice: 0, bob: 0 },
      columns_substituted: { alice: ['city', 'a'], bob: ['y'] },
    });
    expect(await folder.rows('alice', 'out/applied.csv')).toEqual([
      ['city_Paris', 'city_Rome', 'k', 'a'],
      ['0', '1', '1', '0.5'],
    ]);
    expect(crossed).toEqual([]);
    expect(outcome.partyResults!.alice).toMatchObject({ value: { rows: 1 } });
  });

  test('is refused before it runs where a table has no rules, or rules no table', () => {
    const faults = (config: JsonObject) =>
      checkTaskParams('substitution', {
        sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
        task_config: { input_data: { alice: 't.csv' }, rules: { alice: RULES }, ...config },
      }).map(({ pointer }) => pointer);
    expect(faults({ unseen: 'missing', missing_values: 'fail' })).toEqual([]);
    expect(faults({ rules: '${tasks.learn.result.rules_paths}' })).toEqual([]);
    expect(faults({ input_data: { alice: 't.csv', bob: 't.csv' } })).toEqual(['/task_config/rules/bob']);
    expect(faults({ rules: { alice: RULES, bob: RULES } })).toEqual(['/task_config/rules/bob']);
    expect(faults({ unseen: 'ignore', missing_values: 'drop' })).toEqual([
      '/task_config/unseen',
      '/task_config/missing_values',
    ]);
  });
});
