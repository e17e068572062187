import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CrossedMessage } from '../party/run-parties.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { runTask } from '../catalogue/run-task.js';
import { runTableStatistics } from './table-statistics-run.js';

const csv = (header: string, of: (row: number) => string, rows: number): string =>
  [header, ...Array.from({ length: rows }, (_, row) => of(row)), ''].join('\n');

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
  await folder.table(
    'alice',
    'a.csv',
    csv('id,age,few,name', (row) => `${row},${row < 20 ? 10 * (row + 1) : ''},${row < 19 ? row : ''},n${row}`, 21),
  );
  await folder.table(
    'bob',
    'b.csv',
    csv('id,pay', (row) => `${row},5`, 20),
  );
});
afterAll(() => folder.remove());

describe('table_statistics', () => {
  test('describes to the party itself as pandas does, and to others without the extremes, rounded', async () => {
    const { result, artifacts, partyResults } = await runTask(
      'table_statistics',
      folder.run({ input_data: { alice: 'a.csv', bob: 'b.csv' }, columns: ['age', 'pay', 'few'] }),
    );
    expect(partyResults).toMatchObject({
      alice: {
        value: {
          rows: 21,
          statistics: {
            age: { count: 20, mean: 105, min: 10, '25%': 57.5, '50%': 105, '75%': 152.5, max: 200 },
            few: { count: 19, max: 18 },
          },
        },
      },
      bob: { value: { rows: 20, statistics: { pay: { mean: 5, std: 0, min: 5, max: 5 } } } },
    });
    const none = { min: null, '25%': null, '50%': null, '75%': null, max: null };
    expect(result).toMatchObject({
      output_report: 'artifact:chain-1/task-1/statistics.json',
      rows: { alice: 20, bob: 20 },
      suppressed: { alice: ['few'], bob: [] },
      // Winsorised, the deviation is 43.7; a step of the standard error, 9.8, is 10.
      statistics: { age: { count: 20, mean: 110, std: 40, ...none }, pay: { count: 20, mean: 5, std: 0, ...none } },
      withheld: {
        'statistics.*.min': expect.any(String) as unknown,
        'statistics.*.50%': expect.any(String) as unknown,
      },
    });
    expect(artifacts.map(({ name, mediaType }) => [name, mediaType])).toEqual([
      ['statistics.json', 'application/json'],
    ]);
    const report = JSON.parse(await folder.text('alice', result.output_report as string)) as Record<string, unknown>;
    expect([report.statistics, report.withheld]).toEqual([result.statistics, result.withheld]);
  });

  test('finds the numeric columns, and names a column of both parties by its party', async () => {
    const { result } = await runTask('table_statistics', folder.run({ input_data: { alice: 'a.csv', bob: 'b.csv' } }));
    expect(Object.keys(result.statistics as object)).toEqual(['alice.id', 'age', 'bob.id', 'pay']);
  });

  test('writes to each party a report of its columns, exact, where a path is given', async () => {
    const { result, artifacts } = await runTask(
      'table_statistics',
      folder.run({ input_data: { alice: 'a.csv', bob: 'b.csv' }, output_report: 'out/s.json' }),
    );
    expect([result.output_report, artifacts]).toEqual(['out/s.json', []]);
    const report = JSON.parse(await folder.text('bob', 'out/s.json')) as object;
    expect(report).toMatchObject({ rows: 20, columns: { pay: { min: 5 } } });
    expect(report).not.toHaveProperty('columns.age');
  });

  test('shows what single rows would be seen in to the party alone', async () => {
    await folder.table('alice', 'few.csv', `a\n${[...Array(19).keys()].join('\n')}\n`);
    const run = folder.run({ input_data: { alice: 'few.csv', bob: 'b.csv' } });
    const { result, partyResults } = await runTask('table_statistics', run);
    expect(Object.keys(result.statistics as object)).toEqual(['id', 'pay']);
    expect(result).toMatchObject({
      rows: { alice: null, bob: 20 },
      suppressed: { alice: [], bob: [] },
      statistics: { pay: { count: 20 } },
      withheld: { 'rows.alice': expect.stringContaining('fewer rows') as unknown },
    });
    expect(partyResults!.alice).toMatchObject({
      value: { rows: 19, statistics: { a: { count: 19, mean: 9, max: 18 } } },
    });
  });

  test('what crosses is which of the named columns a party lacks, and nothing else', async () => {
    const crossedBy = async (columns: unknown): Promise<unknown[][]> => {
      const crossed: CrossedMessage[] = [];
      const run = folder.run({ input_data: { alice: 'a.csv', bob: 'b.csv' }, ...(columns !== null && { columns }) });
      await runTableStatistics(run, (message) => crossed.push(message));
      return crossed.map(({ from, to, body }) => [from, to, body]).sort();
    };
    expect(await crossedBy(['age', 'pay', 'few'])).toEqual([
      ['alice', 'bob', '[["pay"]]'],
      ['bob', 'alice', '[["age","few"]]'],
    ]);
    const nothing = (text: string) => [
      ['alice', 'bob', text],
      ['bob', 'alice', text],
    ];
    expect(await crossedBy({ alice: ['age'], bob: ['pay'] })).toEqual(nothing('[[]]'));
    expect(await crossedBy(null)).toEqual(nothing('[]'));
  });
});
