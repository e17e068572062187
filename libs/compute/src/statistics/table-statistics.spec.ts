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
  test('describes as pandas does, in the result and in a report of all parties', async () => {
    const { result, artifacts } = await runTask(
      'table_statistics',
      folder.run({ input_data: { alice: 'a.csv', bob: 'b.csv' }, columns: ['age', 'pay', 'few'] }),
    );
    expect(result).toMatchObject({
      output_report: 'artifact:chain-1/task-1/statistics.json',
      rows: { alice: 21, bob: 20 },
      suppressed: { alice: ['few'], bob: [] },
      statistics: {
        age: { count: 20, mean: 105, min: 10, '25%': 57.5, '50%': 105, '75%': 152.5, max: 200 },
        pay: { count: 20, mean: 5, std: 0, min: 5, max: 5 },
      },
    });
    const { age } = result.statistics as Record<string, { std: number }>;
    expect(age!.std).toBeCloseTo(59.160798, 6);
    expect(artifacts.map(({ name, mediaType }) => [name, mediaType])).toEqual([
      ['statistics.json', 'application/json'],
    ]);
    const report = JSON.parse(await folder.text('alice', result.output_report as string)) as Record<string, unknown>;
    expect(report.statistics).toEqual(result.statistics);
  });

  test('finds the numeric columns, and names a column of both parties by its party', async () => {
    const { result } = await runTask('table_statistics', folder.run({ input_data: { alice: 'a.csv', bob: 'b.csv' } }));
    expect(Object.keys(result.statistics as object)).toEqual(['alice.id', 'age', 'bob.id', 'pay']);
  });

  test('writes a report of its own to each party where a path is given', async () => {
    const { result, artifacts } = await runTask(
      'table_statistics',
      folder.run({ input_data: { alice: 'a.csv', bob: 'b.csv' }, output_report: 'out/s.json' }),
    );
    expect([result.output_report, artifacts]).toEqual(['out/s.json', []]);
    expect(await folder.text('bob', 'out/s.json')).not.toMatch(/age/);
  });

  test('refuses what would show single rows', async () => {
    await folder.table('alice', 'few.csv', 'a\n1\n2\n');
    await expect(runTask('table_statistics', folder.run({ input_data: { alice: 'few.csv' } }))).rejects.toMatchObject({
      code: 'GROUP_TOO_SMALL',
      retryable: false,
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
