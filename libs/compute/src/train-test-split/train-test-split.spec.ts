import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { runTask } from '../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import { permutation } from '../mpc/random.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { csvOf } from '../table/breast-cancer-for-tests.js';
import { runTrainTestSplit } from './train-test-split-run.js';

const ROWS = 203;
const label = (row: number): string => (row % 5 < 2 ? 'yes' : row % 5 === 2 ? 'no' : 'ä, "b"');
let folder: TestFolder;
const rowsOf = <T>(count: number, of: (row: number) => T): T[] => Array.from({ length: count }, (_, row) => of(row));
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

beforeAll(async () => {
  folder = await testFolder();
  const all = rowsOf(ROWS, (row) => row);
  await folder.table(
    'alice',
    't.csv',
    csvOf(
      ['id', 'y'],
      all.map((row) => [row, quoted(label(row))]),
    ),
  );
  await folder.table(
    'bob',
    't.csv',
    csvOf(
      ['id', 'b'],
      all.map((row) => [row, row * row]),
    ),
  );
  await folder.table(
    'carol',
    't.csv',
    csvOf(
      ['id'],
      all.map((row) => [row]),
    ),
  );
});
afterAll(() => folder.remove());

const both = { alice: 't.csv', bob: 't.csv' };
const split = (config: JsonObject, more = {}): Promise<TaskRunResult> =>
  runTask('train_test_split', folder.run({ input_data: both, ...config }, more));
const parties = (...names: string[]) => ({ sf_init_config: { parties: names, address: 'local' } });

/** The numbers of a party's rows in both parts. */
async function partsOf({ result }: TaskRunResult, party: string): Promise<{ train: number[]; test: number[] }> {
  const ids = async (key: string): Promise<number[]> => {
    const [, ...rows] = await folder.rows(party, (result[key] as Record<string, string>)[party]!);
    return rows.map(([id]) => Number(id));
  };
  return { train: await ids('train_paths'), test: await ids('test_paths') };
}
const ascending = (values: readonly number[]): number[] => [...values].sort((one, other) => one - other);

describe('train_test_split', () => {
  test('gives three parties the same rows, each once, in the order of the table', async () => {
    const task_config = { input_data: { ...both, carol: 't.csv' }, train_size: 0.7, random_state: 5 };
    const params = { ...parties('alice', 'bob', 'carol'), task_config };
    const outcome = await runTask('train_test_split', folder.run({}, { params }));
    const { train, test: others } = await partsOf(outcome, 'alice');
    // The first 142 in the order that the seed gives.
    expect(train).toEqual(ascending(Array.from(permutation(ROWS, 5).slice(0, 142))));
    expect(ascending([...train, ...others])).toEqual(rowsOf(ROWS, (row) => row));
    expect(others).toEqual(ascending(others));
    for (const party of ['bob', 'carol']) expect(await partsOf(outcome, party)).toEqual({ train, test: others });
    expect(outcome.result).toEqual({
      train_paths: Object.fromEntries(
        ['alice', 'bob', 'carol'].map((party) => [party, `artifact:chain-1/task-1/${party}/train.csv`]),
      ),
      test_paths: Object.fromEntries(
        ['alice', 'bob', 'carol'].map((party) => [party, `artifact:chain-1/task-1/${party}/test.csv`]),
      ),
      rows: 200,
      train_size: 0.7,
    });
    expect(outcome.partyResults!.bob).toMatchObject({
      value: { rows: 203, train_rows: 142, test_rows: 61, train_path: expect.stringContaining('bob/train.csv') },
    });
  });

  test('gives each class its share, and the columns as they were', async () => {
    const outcome = await split({ train_size: 0.7, label_column: { alice: 'y' } });
    const { train, test: others } = await partsOf(outcome, 'bob');
    expect(await partsOf(outcome, 'alice')).toEqual({ train, test: others });
    const inTrain = (value: string): number => train.filter((row) => label(row) === value).length;
    // 82, 41 and 80 rows: 57.4, 28.7 and 56, and 142 in all.
    expect(['yes', 'no', 'ä, "b"'].map(inTrain)).toEqual([57, 29, 56]);
    const [header, ...rows] = await folder.rows('alice', (outcome.result.test_paths as { alice: string }).alice);
    expect(header).toEqual(['id', 'y']);
    expect(rows.map(([id, y]) => [Number(id), y])).toEqual(others.map((row) => [row, label(row)]));
  });

  test.each<JsonObject>([{}, { label_column: { alice: 'y' } }, { label_column: { bob: 'half' } }])(
    'gives the same rows again, and others by another seed: %j',
    async (config) => {
      await folder.table(
        'bob',
        't.csv',
        csvOf(
          ['id', 'b', 'half'],
          rowsOf(ROWS, (row) => [row, row * row, row % 2]),
        ),
      );
      const first = await split(config);
      const again = await split(config, { attempt: 2, taskId: 'task-2' });
      expect(await partsOf(again, 'bob')).toEqual(await partsOf(first, 'bob'));
      const other = await split({ ...config, random_state: 1 }, { taskId: 'task-3' });
      expect(await partsOf(other, 'bob')).not.toEqual(await partsOf(first, 'bob'));
    },
  );

  test('takes the first rows without shuffle', async () => {
    const parts = await partsOf(await split({ shuffle: false, train_size: 0.5 }), 'bob');
    expect(parts).toEqual({ train: rowsOf(102, (row) => row), test: rowsOf(101, (row) => row + 102) });
  });

  test('takes one party alone, and writes to the given paths', async () => {
    const task_config = { input_data: { alice: 't.csv' }, label_column: { alice: 'y' } };
    const outputs = { train_output: { alice: 'out/train.csv' }, test_output: { alice: 'artifact:rest.csv' } };
    const params = { ...parties('alice'), task_config: { ...task_config, ...outputs } };
    const outcome = await runTask('train_test_split', folder.run({}, { params }));
    expect(outcome.result).toMatchObject({
      train_paths: { alice: 'out/train.csv' },
      test_paths: { alice: 'artifact:chain-1/task-1/alice/rest.csv' },
      train_size: 0.75,
    });
    const { train, test: others } = await partsOf(outcome, 'alice');
    expect([train.length, others.length]).toEqual([152, 51]);
  });

  test('sends numbers of rows, and by label_column one bit a row of the party of the label', async () => {
    for (const [config, bytes] of [
      [{}, []],
      [{ label_column: { alice: 'y' } }, [['alice', 'bob', 26]]],
    ] as const) {
      const crossed: CrossedMessage[] = [];
      await runTrainTestSplit(folder.run({ input_data: both, ...config }), (message) => crossed.push(message));
      const texts = crossed.filter(({ body }) => typeof body === 'string');
      expect(texts.map(({ from, body }) => [from, JSON.parse(body as string)])).toEqual(
        expect.arrayContaining(['alice', 'bob'].map((from) => [from, { rows: 203, least: 20 }])),
      );
      expect(texts).toHaveLength(2);
      const others = crossed.filter(({ body }) => typeof body !== 'string');
      expect(others.map(({ from, to, body }) => [from, to, (body as Uint8Array).byteLength])).toEqual(bytes);
    }
  });

  test('takes a label of one value, and a missing value as another one', async () => {
    await folder.table(
      'alice',
      'one.csv',
      csvOf(
        ['y'],
        rowsOf(40, () => [1]),
      ),
    );
    await folder.table(
      'alice',
      'gaps.csv',
      csvOf(
        ['y', 'z'],
        rowsOf(40, (row) => [row < 20 ? '' : 1, row]),
      ),
    );
    const alone = (path: string) => ({ input_data: { alice: path }, label_column: { alice: 'y' }, train_size: 0.5 });
    expect((await split(alone('one.csv'))).result.rows).toBe(40);
    const { result } = await split(alone('gaps.csv'));
    const [, ...train] = await folder.rows('alice', (result.train_paths as { alice: string }).alice);
    expect(train.filter(([y]) => y === '')).toHaveLength(10);
    expect(train).toHaveLength(20);
  });

  test('fails with a code that says what to do, and never with a number of rows or a value', async () => {
    const table = (
      party: string,
      name: string,
      count: number,
      y: (row: number) => number | string = (row) => row % 2,
    ) =>
      folder.table(
        party,
        name,
        csvOf(
          ['id', 'y'],
          rowsOf(count, (row) => [row, y(row)]),
        ),
      );
    for (const party of ['alice', 'bob'])
      for (const count of [0, 1, 19, 20, 39]) await table(party, `${count}.csv`, count);
    await table('alice', 'lone.csv', 60, (row) => Number(row === 7));
    await table('alice', 'many.csv', 400, (row) => row % 17);
    await table('bob', '60.csv', 60);
    await table('bob', '400.csv', 400);
    const of = (name: string, bob = name) => ({ input_data: { alice: `${name}.csv`, bob: `${bob}.csv` } });
    const byLabel = { label_column: { alice: 'y' } };
    const few = { code: 'GROUP_TOO_SMALL', details: { min_rows: 20 } };
    const cases: [JsonObject, object][] = [
      [of('0'), few],
      [of('1'), few],
      [of('0', '1'), few],
      [of('19'), few],
      [of('19', '20'), { ...few, details: { party: 'alice', min_rows: 20 } }],
      [of('20', '39'), { code: 'NOT_ALIGNED', message: expect.not.stringMatching(/\d/) }],
      [
        { ...of('39'), train_size: 0.03 },
        { code: 'INSUFFICIENT_ROWS', details: { rows: 20, train_size: 0.03 } },
      ],
      [
        { ...of('39'), train_size: 0.97 },
        { code: 'INSUFFICIENT_ROWS', details: { rows: 20, train_size: 0.97 } },
      ],
      [
        { ...of('lone', '60'), ...byLabel },
        { code: 'GROUP_TOO_SMALL', details: { party: 'alice', column: 'y', min_rows: 20 } },
      ],
      [
        { ...of('20'), ...byLabel },
        { code: 'GROUP_TOO_SMALL', details: { party: 'alice', column: 'y' } },
      ],
      [
        { ...of('many', '400'), ...byLabel },
        { code: 'TOO_MANY_LABEL_VALUES', details: { max_values: 16 } },
      ],
      [
        { ...of('20'), label_column: { alice: 'none' } },
        { code: 'COLUMN_NOT_FOUND', details: { party: 'alice' } },
      ],
      [of('no-such-table', '20'), { code: 'FILE_NOT_FOUND' }],
      [
        { ...of('20'), train_output: { alice: 'same.csv' }, test_output: { alice: 'same.csv' } },
        { code: 'OUTPUT_CONFLICT' },
      ],
    ];
    for (const [config, expected] of cases) {
      const error = await split(config).catch((each: unknown) => each);
      expect(error).toMatchObject({ ...expected, retryable: false });
    }
    expect(await folder.temporaries()).toEqual([]);
    // The smallest that passes: a row in one part.
    expect((await split({ ...of('20'), train_size: 0.05 })).result.rows).toBe(20);
  });

  test('is refused before it runs where its parameters do not go together', () => {
    const faults = (config: JsonObject) =>
      checkTaskParams('train_test_split', { ...parties('alice', 'bob'), task_config: { input_data: both, ...config } });
    expect(faults({})).toEqual([]);
    expect(faults({ label_column: { alice: 'y' }, shuffle: true })).toEqual([]);
    expect(faults({ train_size: '${tasks.a.result.b}', label_column: '${tasks.a.result.c}' })).toEqual([]);
    const pointers = (config: JsonObject): string[] => faults(config).map(({ pointer }) => pointer);
    expect(pointers({ label_column: { alice: 'y' }, shuffle: false })).toEqual(['/task_config/shuffle']);
    expect(pointers({ label_column: { alice: 'y', bob: 'y' } })).toEqual(['/task_config/label_column']);
    expect(pointers({ label_column: { carol: 'y' } })).toEqual(['/task_config/label_column/carol']);
    for (const train_size of [0, 1, -0.5, 80, '0.5']) {
      expect(pointers({ train_size })).toEqual(['/task_config/train_size']);
    }
    expect(pointers({ random_state: 0.5, test_size: 0.2 })).toEqual(
      expect.arrayContaining(['/task_config/random_state', '/task_config/test_size']),
    );
  });
});
