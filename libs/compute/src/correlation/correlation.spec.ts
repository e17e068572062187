import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkTaskParams } from '../catalogue/check-params.js';
import { breastCancer, csvOf } from '../table/breast-cancer-for-tests.js';
import { permutation, SEED_BYTES } from '../mpc/random.js';
import { STATE_BITS, add, decode, encode, fromBytes, toBytes, type RingVector } from '../mpc/ring.js';
import { NEUTRAL } from '../party/party-program.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { runTask } from '../catalogue/run-task.js';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import { runPearsonCorrelation, runVif } from './correlation-run.js';
import { STEPS, plainProduct, varianceInflation } from './matrix.js';
import { columnNamer } from '../contract/column-names.js';

type Grid = Record<string, Record<string, number>>;

/** 509 patients, 30 features: alice has the first 15, bob the others. */
let patients: Awaited<ReturnType<typeof breastCancer>>;
let folder: TestFolder;
const columnOf = (at: number): number[] => patients.rows.map((row) => row[at]!);

beforeAll(async () => {
  folder = await testFolder();
  patients = await breastCancer();
  const part = (from: number, to: number): string =>
    csvOf(
      ['id', ...patients.features.slice(from, to)],
      patients.rows.map((row, at) => [`p${at}`, ...row.slice(from, to)]),
    );
  await folder.table('alice', 't.csv', part(0, 15));
  await folder.table('bob', 't.csv', part(15, 30));
  await folder.table('alice', 'a.csv', part(0, 2));
  await folder.table('bob', 'b.csv', part(2, 5));
  await folder.table('carol', 'c.csv', part(5, 6));
});
afterAll(() => folder.remove());

/** Textbook correlation, in two passes over plain doubles. */
function correlation(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const sum = (of: (at: number) => number): number => x.reduce((total, _, at) => total + of(at), 0);
  const product = sum((at) => (x[at]! - mx) * (y[at]! - my));
  return product / Math.sqrt(sum((at) => (x[at]! - mx) ** 2) * sum((at) => (y[at]! - my) ** 2));
}

/** 1 / (1 - R^2) of a least-squares fit of `target` on `others`, by the normal equations. */
function inflation(target: readonly number[], others: readonly (readonly number[])[]): number {
  const size = others.length;
  const rows = others.map((left) => [...others.map((right) => correlation(left, right)), correlation(left, target)]);
  for (let pivot = 0; pivot < size; pivot += 1) {
    for (let row = 0; row < size; row += 1) {
      if (row === pivot) continue;
      const factor = rows[row]![pivot]! / rows[pivot]![pivot]!;
      for (let at = pivot; at <= size; at += 1) rows[row]![at]! -= factor * rows[pivot]![at]!;
    }
  }
  const explained = rows.reduce((sum, row, at) => sum + (row[size]! / row[at]!) * correlation(others[at]!, target), 0);
  return 1 / (1 - explained);
}

/** Half a step of a correlation, and what double precision adds. */
const STEP = 0.0005 + 1e-9;
const both = { alice: 't.csv', bob: 't.csv' };
const three = {
  sf_init_config: { parties: ['alice', 'bob', 'carol'], address: 'local' },
  task_config: { input_data: { alice: 'a.csv', bob: 'b.csv', carol: 'c.csv' } } as JsonObject,
};
const hashes = ({ artifacts }: TaskRunResult): string[][] => artifacts.map(({ name, sha256 }) => [name, sha256]);

describe('pearson_correlation', () => {
  test('is that of plain arithmetic on the breast cancer tables, within and across parties', async () => {
    const { result, artifacts } = await runTask('pearson_correlation', folder.run({ input_data: both }));
    expect(result).toMatchObject({
      output_report: 'artifact:chain-1/task-1/pearson_correlation.json',
      rows: 500,
    });
    expect(result).not.toHaveProperty('correlation_matrix_truncated');
    expect(artifacts.map(({ name }) => name)).toEqual(['pearson_correlation.json']);
    const matrix = result.correlation_matrix as Grid;
    expect(Object.keys(matrix)).toEqual(patients.features);
    patients.features.forEach((left, i) =>
      patients.features.forEach((right, j) => {
        expect(Math.abs(matrix[left]![right]! - correlation(columnOf(i), columnOf(j)))).toBeLessThanOrEqual(STEP);
        expect(matrix[left]![right]).toBe(matrix[right]![left]);
      }),
    );
    patients.features.forEach((name) => expect(matrix[name]![name]).toBe(1));
    const report = JSON.parse(await folder.text('alice', String(result.output_report))) as JsonObject;
    expect(report).toMatchObject({ type: 'pearson_correlation', rows: 500, correlation_matrix: matrix });
    expect((report.columns as Record<string, string[]>).bob).toEqual(patients.features.slice(15));
  });

  test('takes three parties, and one alone', async () => {
    const { result } = await runTask('pearson_correlation', folder.run({}, { params: three }));
    const matrix = result.correlation_matrix as Grid;
    expect(Object.keys(matrix)).toEqual(patients.features.slice(0, 6));
    patients.features.slice(0, 6).forEach((left, i) =>
      patients.features.slice(0, 6).forEach((right, j) => {
        expect(Math.abs(matrix[left]![right]! - correlation(columnOf(i), columnOf(j)))).toBeLessThanOrEqual(STEP);
      }),
    );
    const alone = await runTask('pearson_correlation', folder.run({ input_data: { alice: 'a.csv' } }));
    const [first, second] = patients.features as [string, string];
    expect((alone.result.correlation_matrix as Grid)[first]![second]).toBe(matrix[first]![second]);
  });

  test('gives the same report again', async () => {
    const [first, second] = [
      await runTask('pearson_correlation', folder.run({ input_data: both })),
      await runTask('pearson_correlation', folder.run({ input_data: both }, { attempt: 2 })),
    ];
    expect(second.result).toEqual(first.result);
    expect(hashes(second)).toEqual(hashes(first));
  });

  test('takes chosen columns, tells columns of one name apart, and writes a report to each party where asked', async () => {
    const rows = Array.from({ length: 40 }, (_, at) => [at, (at * 7) % 11]);
    await folder.table('alice', 'same.csv', csvOf(['x', '值'], rows));
    await folder.table(
      'bob',
      'same.csv',
      csvOf(
        ['x', 'y'],
        rows.map(([x, y]) => [-x!, y!]),
      ),
    );
    const { result, artifacts } = await runTask(
      'pearson_correlation',
      folder.run({
        input_data: { alice: 'same.csv', bob: 'same.csv' },
        columns: { alice: ['x', '值'], bob: ['x'] },
        output_report: 'out/r.json',
      }),
    );
    const matrix = result.correlation_matrix as Grid;
    expect(Object.keys(matrix)).toEqual(['alice.x', '值', 'bob.x']);
    expect(matrix['alice.x']!['bob.x']).toBe(-1);
    expect([result.output_report, artifacts]).toEqual(['out/r.json', []]);
    expect(await folder.text('bob', 'out/r.json')).toBe(await folder.text('alice', 'out/r.json'));
  });

  test('tells of a table too wide for a result, and keeps the rest in the report', async () => {
    const names = Array.from({ length: 120 }, (_, at) => `column_${at}`);
    const rows = Array.from({ length: 300 }, (_, row) => names.map((_, at) => Math.sin(row * (at + 1.5))));
    await folder.table('alice', 'wide.csv', csvOf(names, rows));
    const { result } = await runTask('pearson_correlation', folder.run({ input_data: { alice: 'wide.csv' } }));
    expect(result.correlation_matrix_truncated).toBe(true);
    const report = JSON.parse(await folder.text('alice', String(result.output_report))) as { correlation_matrix: Grid };
    expect(Object.keys(report.correlation_matrix)).toEqual(names);
  });

  test('shows the others no value: only names, sizes, uniform bytes and opened correlations cross', async () => {
    const crossed: CrossedMessage[] = [];
    await runPearsonCorrelation(folder.run({ input_data: both }), (message) => crossed.push(message));
    const names = (from: number, to: number): string => JSON.stringify(patients.features.slice(from, to));
    const texts = crossed.filter(({ body }) => typeof body === 'string').map(({ from, to, body }) => [from, to, body]);
    expect(texts.slice(0, -1).sort()).toEqual(
      [
        ['alice', 'bob', '[]'],
        ['bob', 'alice', '[]'],
        ['alice', 'bob', `{"rows":509,"least":20,"names":${names(0, 15)}}`],
        ['bob', 'alice', `{"rows":509,"least":20,"names":${names(15, 30)}}`],
        ['alice', NEUTRAL, '{"rows":509,"columns":15}'],
        ['bob', NEUTRAL, '{"rows":509,"columns":15}'],
      ].sort(),
    );
    // What bob tells at the end are the correlations of his own columns.
    const [from, to, blocks] = texts.at(-1)! as [string, string, string];
    expect([from, to]).toEqual(['bob', 'alice']);
    const { bob, ...others } = JSON.parse(blocks) as Record<string, number[]>;
    expect(others).toEqual({});
    bob!.forEach((value, at) => {
      const [i, j] = [15 + Math.floor(at / 15), 15 + (at % 15)];
      expect(Number(value.toFixed(3))).toBe(value);
      expect(Math.abs(value - correlation(columnOf(i), columnOf(j)))).toBeLessThanOrEqual(STEP);
    });

    const shares = crossed.filter(({ body, from }) => typeof body !== 'string' && from !== NEUTRAL);
    const toDealer = crossed.filter(({ body, to }) => typeof body !== 'string' && to === NEUTRAL);
    expect(toDealer.map(({ from: sender, bytes }) => [sender, bytes]).sort()).toEqual([
      ['alice', SEED_BYTES],
      ['bob', SEED_BYTES],
    ]);
    // Masked columns of 509 rows, the three rounds of the rounding, and 15 * 15 rounded products, each way.
    const sizes = shares.filter(({ from, to }) => from === 'alice' && to === 'bob').map(({ bytes }) => bytes);
    expect([sizes[0], sizes.at(-1), sizes.length]).toEqual([509 * 15 * 16, 225 * 16, 5]);
    // What was opened is rounded: neither party could have read a further digit.
    const [ofAlice, ofBob] = ['alice', 'bob'].map((party) => {
      const { body } = shares.findLast(({ from }) => from === party)!;
      return fromBytes(body as Uint8Array, 225);
    }) as [RingVector, RingVector];
    for (const steps of decode(add(ofAlice, ofBob), 0)) expect(Math.abs(steps)).toBeLessThanOrEqual(1000);
    const bytes = Buffer.concat(shares.map(({ body }) => Buffer.from(body as Uint8Array)));
    const counts = new Float64Array(256);
    for (const byte of bytes) counts[byte]! += 1;
    const even = bytes.length / 256;
    expect(counts.reduce((sum, count) => sum + (count - even) ** 2 / even, 0)).toBeLessThan(420);

    // No standardised value crosses as it would be masked, nor a raw one as text or as a double.
    const forms = new Set<string>();
    for (let at = 0; at < 30; at += 1) {
      const values = columnOf(at);
      const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
      const norm = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0));
      const standard = values.map((v) => (v - mean) / norm);
      const fixed = Buffer.from(toBytes(encode(standard, STATE_BITS)));
      for (let row = 0; row < values.length; row += 1) {
        forms.add(fixed.subarray(row * 16, row * 16 + 6).toString('hex'));
        const double = Buffer.alloc(8);
        double.writeDoubleLE(values[row]!);
        forms.add(double.toString('hex'));
      }
    }
    expect(forms.size).toBeGreaterThan(20_000);
    let windows = 0;
    for (const { body } of crossed) {
      const hex = Buffer.from(body).toString('hex');
      for (let at = 0; at + 16 <= hex.length; at += 2, windows += 1) {
        if (forms.has(hex.slice(at, at + 12)) || forms.has(hex.slice(at, at + 16))) throw new Error('a value crossed');
      }
    }
    expect(windows).toBeGreaterThan(250_000);
    expect(blocks).not.toMatch(/p\d/);
  });

  test('fails with a code that says what to do, and never with a value', async () => {
    const rows = (count: number, of: (row: number) => (number | string)[]): (number | string)[][] =>
      Array.from({ length: count }, (_, row) => of(row));
    await folder.table(
      'alice',
      'x.csv',
      csvOf(
        ['x', 'y'],
        rows(100, (row) => [row, row % 3]),
      ),
    );
    await folder.table(
      'bob',
      'short.csv',
      csvOf(
        ['z'],
        rows(99, (row) => [row * row]),
      ),
    );
    await folder.table(
      'bob',
      'flat.csv',
      csvOf(
        ['z'],
        rows(100, () => [0.1]),
      ),
    );
    await folder.table(
      'bob',
      'gap.csv',
      csvOf(
        ['z', 'w'],
        rows(100, (row) => [row === 6 ? '' : row, row % 4]),
      ),
    );
    await folder.table(
      'bob',
      'text.csv',
      csvOf(
        ['z'],
        rows(100, (row) => [`t${row}`]),
      ),
    );
    await folder.table(
      'alice',
      'four.csv',
      csvOf(
        ['x'],
        rows(4, (row) => [row]),
      ),
    );
    const many = Array.from({ length: 1001 }, (_, at) => `c${at}`);
    await folder.table(
      'alice',
      'many.csv',
      csvOf(
        many,
        rows(30, (row) => many.map((_, at) => row * (at + 2) + (row % 2))),
      ),
    );
    await folder.table(
      'bob',
      'lone.csv',
      csvOf(
        ['w', 'z'],
        rows(100, (row) => [row % 4 === 1 ? 7 : row < 2 ? 8 : 9, row < 4 ? row : 9]),
      ),
    );
    const cases: [JsonObject, object][] = [
      [
        { input_data: { alice: 'x.csv', bob: 'lone.csv' } },
        { code: 'GROUP_TOO_SMALL', details: { party: 'bob', column: 'z', min_rows: 20 } },
      ],
      [
        { input_data: { alice: 'x.csv', bob: 'short.csv' } },
        { code: 'NOT_ALIGNED', message: expect.not.stringMatching(/99|100/) },
      ],
      [
        { input_data: { alice: 'x.csv', bob: 'flat.csv' } },
        { code: 'CONSTANT_COLUMN', details: { party: 'bob', column: 'z' } },
      ],
      [
        { input_data: { alice: 'x.csv', bob: 'gap.csv' } },
        { code: 'CAST_FAILED', details: { party: 'bob', column: 'z', row: 7 } },
      ],
      [
        { input_data: { alice: 'x.csv', bob: 'text.csv' }, columns: ['x', 'z'] },
        { code: 'CAST_FAILED', details: { party: 'bob', column: 'z', row: 1 } },
      ],
      [{ input_data: { alice: 'x.csv', bob: 'short.csv' }, columns: ['nope'] }, { code: 'COLUMN_NOT_FOUND' }],
      [{ input_data: { bob: 'text.csv' } }, { code: 'COLUMN_NOT_FOUND' }],
      [{ input_data: { alice: 'four.csv' } }, { code: 'GROUP_TOO_SMALL', details: { party: 'alice', min_rows: 20 } }],
      [
        { input_data: { alice: 'many.csv' }, columns: { alice: many.slice(1, 17) } },
        { code: 'GROUP_TOO_SMALL', details: { min_rows: 32 } },
      ],
      [{ input_data: { alice: 'many.csv' }, columns: many.slice(1) }, { code: 'GROUP_TOO_SMALL' }],
      [{ input_data: { alice: 'many.csv' }, columns: many }, { code: 'TOO_MANY_COLUMNS' }],
      [{ input_data: { alice: 'none.csv' } }, { code: 'FILE_NOT_FOUND' }],
    ];
    for (const [config, expected] of cases) {
      const error = await runTask('pearson_correlation', folder.run(config)).catch((e: unknown) => e);
      expect(error).toMatchObject({ ...expected, retryable: false });
    }
    expect(await folder.temporaries()).toEqual([]);
  });

  test('stops within 2 s when told to, and leaves nothing', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `c${at}`);
    const rows = Array.from({ length: 6000 }, (_, row) => names.map((_, at) => Math.sin(row * (at + 1)).toFixed(5)));
    await folder.table('alice', 'large.csv', csvOf(names, rows));
    await folder.table(
      'bob',
      'large.csv',
      csvOf(
        names.map((name) => `b${name}`),
        rows,
      ),
    );
    const controller = new AbortController();
    let stopped = 0;
    const run = folder.run(
      { input_data: { alice: 'large.csv', bob: 'large.csv' }, output_report: 'out/stopped.json' },
      {
        signal: controller.signal,
        progress: (_, stage) => {
          if (!stage.startsWith('multiplying') || stopped > 0) return;
          stopped = performance.now();
          controller.abort(new Error('cancelled'));
        },
      },
    );
    await expect(runPearsonCorrelation(run)).rejects.toThrow('cancelled');
    expect(performance.now() - stopped).toBeLessThan(2000);
    expect(await folder.temporaries()).toEqual([]);
    await expect(readFile(`${folder.path}/data/alice/out/stopped.json`)).rejects.toThrow('ENOENT');
  });
});

describe('vif', () => {
  test('is 1 / (1 - R^2) of a plain regression on the columns of both parties', async () => {
    const chosen = [0, 4, 9, 17, 21, 29];
    const columns = chosen.map((at) => patients.features[at]!);
    const { result, artifacts } = await runTask('vif', folder.run({ input_data: both, columns }));
    const factors = result.vif_values as Record<string, number>;
    expect(Object.keys(factors)).toEqual(columns);
    chosen.forEach((at) => {
      const others = chosen.filter((other) => other !== at).map(columnOf);
      const plain = inflation(columnOf(at), others);
      // Two digits of a factor below 30.
      expect(Math.abs(factors[patients.features[at]!]! / plain - 1)).toBeLessThan(0.1);
    });
    expect(artifacts.map(({ name }) => name)).toEqual(['vif.json']);
    expect(await folder.text('alice', String(result.output_report))).not.toContain('correlation');
  });

  test('finds the strong collinearity of all 30 columns, the same each time', async () => {
    const config = { input_data: both, columns: patients.features };
    const [first, second] = [await runTask('vif', folder.run(config)), await runTask('vif', folder.run(config))];
    const factors = first.result.vif_values as Record<string, number>;
    // Radius and perimeter are nearly proportional.
    expect(factors[patients.features[0]!]).toBeGreaterThan(100);
    Object.values(factors).forEach((factor) => expect(factor).toBeGreaterThan(1));
    Object.values(factors).forEach((factor) => expect(factor).toBeLessThanOrEqual(1000));
    expect(second.result).toEqual(first.result);
    expect(hashes(second)).toEqual(hashes(first));
  });

  test('is large where other columns determine one, also across parties, and leaves the rest as they are', async () => {
    const x = Array.from({ length: 50 }, (_, at) => Math.sin(at * 3));
    const y = Array.from({ length: 50 }, (_, at) => Math.cos(at * at));
    const free = Array.from({ length: 50 }, (_, at) => (at * 17) % 23);
    await folder.table(
      'alice',
      'v.csv',
      csvOf(
        ['x', 'free'],
        x.map((v, at) => [v, free[at]!]),
      ),
    );
    await folder.table(
      'bob',
      'v.csv',
      csvOf(
        ['y', 'sum'],
        y.map((v, at) => [v, v + 2 * x[at]!]),
      ),
    );
    const { result } = await runTask(
      'vif',
      folder.run({ input_data: { alice: 'v.csv', bob: 'v.csv' }, columns: ['x', 'free', 'y', 'sum'] }),
    );
    const { x: ofX, y: ofY, sum } = result.vif_values as Record<string, number>;
    for (const factor of [ofX, ofY, sum]) expect(factor).toBeGreaterThanOrEqual(100);
    const plain = inflation(free, [x, y]);
    expect(Math.abs((result.vif_values as Record<string, number>).free! / plain - 1)).toBeLessThan(0.06);
  });

  test('opens no correlation to a party that has neither column, but to the first', async () => {
    const crossed: CrossedMessage[] = [];
    const params = { ...three, task_config: { ...three.task_config, columns: patients.features.slice(0, 6) } };
    await runVif(folder.run({}, { params }), (message) => crossed.push(message));
    const told = crossed.filter(({ body }) => typeof body === 'string' && !body.startsWith('{"rows"'));
    const named = told.filter(({ body }) => !String(body).startsWith('[['));
    expect(
      named.map(({ from, to, body }) => [from, to, Object.keys(JSON.parse(String(body)) as object)]).sort(),
    ).toEqual([
      ['bob', 'alice', ['bob', 'carol']],
      ['carol', 'alice', ['carol']],
    ]);
  });

  test('of a matrix is that of its inverse', () => {
    const entry = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(entry, entry), { minLength: 12, maxLength: 40 }), (rows) => {
        const x = rows.map(([v], at) => v + Math.sin(at));
        const y = rows.map(([, v], at) => v + Math.cos(at * 2));
        const r = correlation(x, y);
        const factors = varianceInflation([
          [1, r],
          [r, 1],
        ]);
        for (const factor of factors)
          expect(Math.abs(factor / Math.min(1 / (1 - r * r), STEPS / 2) - 1)).toBeLessThan(0.06);
      }),
    );
  });
});

describe('whoever chooses a column', () => {
  test('reads at most eleven bits of the other column from one correlation, however it is coded', async () => {
    const CODED = 30;
    const rows = 1_000;
    const chance = permutation(2 ** 12, 3);
    const labels = Array.from({ length: rows }, (_, row) => chance[row]! % 2);
    const codes: Record<string, (row: number) => number> = {
      'powers of two': (row) => 2 ** row,
      'powers of 1.3': (row) => 1.3 ** row,
      'a row and its weight': (row) => row + 1,
    };
    await folder.table(
      'bob',
      'labels.csv',
      csvOf(
        ['y'],
        labels.map((label) => [label]),
      ),
    );
    const guesses: Record<string, number> = {};
    for (const [name, code] of Object.entries(codes)) {
      const column = labels.map((_, row) => (row < CODED ? code(row) : 0));
      await folder.table(
        'alice',
        'code.csv',
        csvOf(
          ['code'],
          column.map((value) => [value]),
        ),
      );
      const input = { alice: 'code.csv', bob: 'labels.csv' };
      const { result } = await runTask('pearson_correlation', folder.run({ input_data: input }));
      const opened = (result.correlation_matrix as Grid).code!.y!;
      // The attacker even knows how many labels are 1, and so the sum of the codes of those that are, up to a step.
      const [mean, share] = [
        column.reduce((sum, each) => sum + each, 0) / rows,
        labels.reduce((sum, each) => sum + each, 0) / rows,
      ];
      const spread = Math.sqrt(column.reduce((sum, each) => sum + (each - mean) ** 2, 0) * rows * share * (1 - share));
      let rest = opened * spread + rows * mean * share;
      guesses[name] = 0;
      for (let row = CODED - 1; row >= 0; row -= 1) {
        const guess = Number(rest >= code(row));
        rest -= guess * code(row);
        guesses[name] += Number(guess === labels[row]);
      }
    }
    console.info(`labels read of 30 from one correlation: ${JSON.stringify(guesses)}; 15 by guessing`);
    // 2,001 values are 11 bits; 15 of 30 are guessed, and four more by chance at most.
    for (const right of Object.values(guesses)) expect(right).toBeLessThanOrEqual(25);
  });
});

describe('parts of a correlation', () => {
  test('a plain product is symmetric and has the sums of squares on its diagonal', () => {
    expect(Array.from(plainProduct(Float64Array.of(1, 2, 3, 4), 2))).toEqual([10, 14, 14, 20]);
  });

  test('columns get their own names, or their party in front where two have one', () => {
    const nameOf = columnNamer({ alice: ['a', 'b'], bob: ['b'] });
    expect([nameOf('alice', 'a'), nameOf('alice', 'b'), nameOf('bob', 'b')]).toEqual(['a', 'alice.b', 'bob.b']);
  });

  test('parameters are refused where they cannot work', () => {
    const pointers = (type: string, task_config: JsonObject): string[] =>
      checkTaskParams(type, { sf_init_config: { parties: ['alice', 'bob'] }, task_config }).map(
        ({ pointer }) => pointer,
      );
    expect(pointers('pearson_correlation', { input_data: both })).toEqual([]);
    expect(pointers('pearson_correlation', { input_data: both, columns: ['${tasks.a.result.b}'] })).toEqual([]);
    expect(pointers('vif', { input_data: both })).toEqual(['/task_config/columns']);
    expect(pointers('vif', { input_data: { carol: 'x' }, columns: ['a'] })).toEqual(['/task_config/input_data/carol']);
    expect(pointers('pearson_correlation', { input_data: both, columns: [] })).toEqual(['/task_config/columns']);
    expect(pointers('pearson_correlation', { input_data: both, method: 'spearman' })).toEqual(['/task_config/method']);
  });
});
