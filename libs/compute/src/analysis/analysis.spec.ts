import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { STATE_BITS, encode, toBytes } from '../mpc/ring.js';
import { NEUTRAL } from '../party/party-program.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { runTask } from '../catalogue/run-task.js';
import type { JsonObject } from '../contract/task-type.js';
import { runAnalysis } from './analysis-run.js';

type Grid = Record<string, Record<string, number>>;

const ROWS = 60;
/** Columns of two parties; `null` is a gap. */
const COLUMNS: Readonly<Record<string, Readonly<Record<string, readonly (number | string | null)[]>>>> = {
  alice: {
    id: made((row) => `r${row}`),
    age: made((row) => 20 + ((row * 7919) % 53) + 0.123456789),
    amount: made((row) => Math.sin(row) * 1000),
    flat: made(() => 4),
    lone: made((row) => (row === 5 ? 1 : 0)),
    rare: made((row) => (row < 3 ? row : null)),
    x: made((row) => (row * row) % 17),
  },
  bob: {
    income: made((row) => 31 * ((row * 104_729) % 97) - 0.987654321),
    open: made((row) => (row === 7 ? null : row % 11)),
    x: made((row) => (row === 9 ? null : Math.cos(row))),
  },
};
function made<T>(of: (row: number) => T): T[] {
  return Array.from({ length: ROWS }, (_, row) => of(row));
}
const valuesOf = (party: string, column: string): number[] =>
  COLUMNS[party]![column]!.filter((v) => v !== null) as number[];
const csv = (columns: Readonly<Record<string, readonly (number | string | null)[]>>): string =>
  [Object.keys(columns), ...made((row) => Object.values(columns).map((column) => column[row] ?? ''))]
    .map((row) => `${row.join(',')}\n`)
    .join('');

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
  for (const [party, columns] of Object.entries(COLUMNS)) await folder.table(party, 't.csv', csv(columns));
});
afterAll(() => folder.remove());

const both = { alice: 't.csv', bob: 't.csv' };
const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
const covariance = (x: readonly number[], y: readonly number[]): number =>
  mean(x.map((v, at) => (v - mean(x)) * (y[at]! - mean(y))));
const correlation = (x: readonly number[], y: readonly number[]): number =>
  covariance(x, y) / Math.sqrt(covariance(x, x) * covariance(y, y));

describe('analysis', () => {
  test('describes every column, correlates those that are whole, and tells why of the others', async () => {
    const { result, artifacts, partyResults } = await runTask('analysis', folder.run({ input_data: both }));
    expect(result).toMatchObject({
      output_report: 'artifact:chain-1/task-1/analysis.json',
      rows: ROWS,
      suppressed: { alice: ['rare'], bob: [] },
      not_correlated: { flat: 'constant', lone: 'few_differ', open: 'gaps', 'bob.x': 'gaps' },
    });
    const places = {
      age: 'alice',
      amount: 'alice',
      flat: 'alice',
      lone: 'alice',
      'alice.x': 'alice',
      income: 'bob',
      open: 'bob',
      'bob.x': 'bob',
    };
    const statistics = result.statistics as Grid;
    expect(Object.keys(statistics)).toEqual(Object.keys(places));
    for (const [name, party] of Object.entries(places)) {
      const values = valuesOf(party, name.split('.').at(-1)!);
      expect(statistics[name]).toMatchObject({ count: values.length - (values.length % 20), min: null, max: null });
      const std = Math.sqrt(covariance(values, values));
      expect(Math.abs(statistics[name]!.mean! - mean(values))).toBeLessThanOrEqual(std / 5);
    }
    expect(partyResults!.alice).toMatchObject({
      value: { rows: ROWS, statistics: { age: { count: ROWS, min: Math.min(...valuesOf('alice', 'age')) } } },
    });
    const matrix = result.correlation_matrix as Grid;
    const whole = ['age', 'amount', 'alice.x', 'income'] as const;
    expect(Object.keys(matrix)).toEqual(whole);
    const columnOf = (name: (typeof whole)[number]): number[] => valuesOf(places[name], name.split('.').at(-1)!);
    for (const left of whole) {
      expect(Object.keys(matrix[left]!)).toEqual(whole);
      for (const right of whole) {
        expect(Math.abs(matrix[left]![right]! - correlation(columnOf(left), columnOf(right)))).toBeLessThanOrEqual(
          0.0005 + 1e-9,
        );
      }
    }
    const report = JSON.parse(await folder.text('alice', String(result.output_report))) as JsonObject;
    const { output_report: _, ...told } = result;
    expect(report).toEqual({
      type: 'analysis',
      ...told,
      columns: { alice: ['age', 'amount', 'x'], bob: ['income'] },
    });
    expect(artifacts.map(({ name }) => name)).toEqual(['analysis.json']);
  });

  test('gives the same as the two types that it stands for', async () => {
    const columns = { alice: ['age', 'amount'], bob: ['income'] };
    const run = (type: string) => runTask(type, folder.run({ input_data: both, columns }));
    const { result } = await run('analysis');
    expect(result.statistics).toEqual((await run('table_statistics')).result.statistics);
    expect(result.correlation_matrix).toEqual((await run('pearson_correlation')).result.correlation_matrix);
  });

  test('gives each party a report of its own columns where a path is given', async () => {
    const { result, artifacts } = await runTask(
      'analysis',
      folder.run({ input_data: both, output_report: 'out/a.json' }),
    );
    expect([result.output_report, artifacts]).toEqual(['out/a.json', []]);
    const reportOf = async (party: string): Promise<JsonObject> =>
      JSON.parse(await folder.text(party, 'out/a.json')) as JsonObject;
    const bob = await reportOf('bob');
    expect(bob).toMatchObject({ type: 'analysis', rows: ROWS, not_correlated: { open: 'gaps', x: 'gaps' } });
    expect(Object.keys(bob.statistics as object)).toEqual(['income', 'open', 'x']);
    expect(bob.correlation_matrix).toEqual(result.correlation_matrix);
    expect((await reportOf('alice')).correlation_matrix).toEqual(result.correlation_matrix);
  });

  test('works where a party has nothing to correlate, for one party, and without any correlation', async () => {
    const columns = { alice: ['age'], bob: ['open'] };
    const { result } = await runTask('analysis', folder.run({ input_data: both, columns }));
    expect(result).toMatchObject({ not_correlated: { open: 'gaps' }, correlation_matrix: { age: { age: 1 } } });
    const alone = await runTask('analysis', folder.run({ input_data: { alice: 't.csv' }, columns: ['flat'] }));
    expect(alone.result).toMatchObject({ statistics: { flat: { mean: 4 } }, correlation_matrix: {} });
  });

  test('keeps within a result what does not fit, and tells so', async () => {
    const wide = Object.fromEntries(
      Array.from({ length: 300 }, (_, at) => [
        `column_${at}`,
        made((row) => (at > 25 && row === 0 ? null : row ** (at % 3))),
      ]),
    );
    await folder.table('alice', 'wide.csv', csv(wide));
    const { result } = await runTask('analysis', folder.run({ input_data: { alice: 'wide.csv' } }));
    expect(result).toMatchObject({ statistics_truncated: true, not_correlated_truncated: true });
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(60 * 1024);
    const report = JSON.parse(await folder.text('alice', String(result.output_report))) as JsonObject;
    expect(Object.keys(report.statistics as object)).toHaveLength(300);
  });

  test('shows the others no value: only names, sizes, uniform bytes and opened correlations cross', async () => {
    const crossed: CrossedMessage[] = [];
    const columns = { alice: ['age', 'amount', 'flat', 'x'], bob: ['income', 'open'] };
    await runAnalysis(folder.run({ input_data: both, columns }), (message) => crossed.push(message));
    const texts = crossed.flatMap(({ from, to, body }) =>
      typeof body === 'string' ? [[from, to, body] as const] : [],
    );
    const own = correlation(valuesOf('bob', 'income'), valuesOf('bob', 'income'));
    expect(texts.slice(0, -1).toSorted()).toEqual(
      [
        ['alice', 'bob', '[[]]'],
        ['bob', 'alice', '[[]]'],
        ['alice', 'bob', `{"rows":${ROWS},"least":20,"names":["age","amount","x"],"others":["flat"]}`],
        ['bob', 'alice', `{"rows":${ROWS},"least":20,"names":["income"],"others":["open"]}`],
        ['alice', NEUTRAL, `{"rows":${ROWS},"columns":3}`],
        ['bob', NEUTRAL, `{"rows":${ROWS},"columns":1}`],
      ].toSorted(),
    );
    const { bob } = JSON.parse(texts.at(-1)![2]) as { bob: number[] };
    expect(bob).toHaveLength(1);
    expect(bob[0]).toBeCloseTo(own, 10);

    const shares = crossed.filter(({ body, from }) => typeof body !== 'string' && from !== NEUTRAL);
    // The masked columns, five rounds of the rounding, and the rounded products.
    const sizesOf = (party: string): number[] =>
      shares.filter(({ from, to }) => from === party && to !== NEUTRAL).map(({ bytes }) => bytes);
    for (const [party, columns] of [
      ['alice', 3],
      ['bob', 1],
    ] as const) {
      const sizes = sizesOf(party);
      expect([sizes[0], sizes.at(-1), sizes.length]).toEqual([ROWS * columns * 16, 3 * 16, 5]);
    }
    // No value crosses as text, as a double, or standardised as it would be masked.
    const forms = ['age', 'amount', 'income'].flatMap((name) => {
      const values = valuesOf(name === 'income' ? 'bob' : 'alice', name);
      const norm = Math.sqrt(covariance(values, values) * ROWS);
      const fixed = Buffer.from(
        toBytes(
          encode(
            values.map((v) => (v - mean(values)) / norm),
            STATE_BITS,
          ),
        ),
      );
      return values.flatMap((value, row) => [
        Buffer.from(String(value)),
        Buffer.from(Float64Array.of(value).buffer),
        fixed.subarray(row * 16, row * 16 + 6),
      ]);
    });
    for (const { body } of crossed) {
      const bytes = Buffer.from(body);
      for (const form of forms) if (form.length > 4) expect(bytes.includes(form)).toBe(false);
    }
    const bytes = Buffer.concat(shares.map(({ body }) => Buffer.from(body as Uint8Array)));
    const ones = bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    // Bits of fair coins, within five deviations.
    expect(Math.abs(ones - bytes.length * 4)).toBeLessThan(5 * Math.sqrt(bytes.length * 2));
  });

  test('fails with a code that says what to do', async () => {
    await folder.table(
      'bob',
      'short.csv',
      csv({ y: made((row) => row) })
        .split('\n')
        .slice(0, 41)
        .join('\n'),
    );
    await folder.table('alice', 'four.csv', 'a\n1\n2\n3\n4\n');
    await folder.table('alice', 'text.csv', csv({ t: made((row) => `t${row}`) }));
    const cases: [JsonObject, object][] = [
      [
        { input_data: { alice: 't.csv', bob: 'short.csv' } },
        { code: 'NOT_ALIGNED', message: expect.not.stringMatching(/[46]0/) },
      ],
      [{ input_data: { alice: 'four.csv' } }, { code: 'GROUP_TOO_SMALL', details: { party: 'alice', min_rows: 20 } }],
      [{ input_data: { alice: 't.csv' }, columns: ['nope'] }, { code: 'COLUMN_NOT_FOUND' }],
      [{ input_data: { alice: 'text.csv' } }, { code: 'COLUMN_NOT_FOUND' }],
      [{ input_data: { alice: 'text.csv' }, columns: ['t'] }, { code: 'NON_NUMERIC' }],
      [{ input_data: { alice: 'none.csv' } }, { code: 'FILE_NOT_FOUND' }],
    ];
    for (const [config, expected] of cases) {
      const error = await runTask('analysis', folder.run(config)).catch((e: unknown) => e);
      expect(error).toMatchObject({ ...expected, retryable: false });
    }
    expect(await folder.temporaries()).toEqual([]);
    expect(
      checkTaskParams('analysis', {
        sf_init_config: { parties: ['alice'] },
        task_config: { input_data: both, method: 'spearman' },
      }).map(({ pointer }) => pointer),
    ).toEqual(['/task_config/method', '/task_config/input_data/bob']);
  });
});
