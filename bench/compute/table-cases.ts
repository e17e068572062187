import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { inverse, Matrix } from 'ml-matrix';
import { localCases } from './local-cases.js';
import { error, type Outcome, type Paths, type TypeCase } from './case.js';
import { DIFFERING_ROWS, written } from './written.js';
import {
  correlations,
  differing,
  largestDifference,
  moments,
  numbers,
  quantile,
  readColumns,
  weights,
} from './reference.js';
import { cell, cityOf, names, type TableShape } from './tables.js';

const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);

const DIFFERENCE = ['largest difference from plain arithmetic', '与直接计算的最大差'] as const;
const RELATIVE = ['largest relative difference from plain arithmetic', '与直接计算的最大相对差'] as const;

const inputs = (paths: Paths): { input_data: Paths } => ({ input_data: paths });

/** Cases of the types that prepare, describe, check and carry tables: each party has `rows` rows of 10 columns. */
export function tableCases(rows: number): TypeCase[] {
  const tables: Record<string, TableShape> = {
    alice: { rows, columns: [0, 8], city: true },
    bob: { rows, columns: [8, 16], city: true, gaps: true },
  };
  const aligned: Record<string, TableShape> = {
    alice: { rows, columns: [0, 9] },
    bob: { rows, columns: [9, 18] },
  };
  const column = (at: number): Float64Array => Float64Array.from({ length: rows }, (_, key) => cell(key, at));
  const known = (): Float64Array => column(8).filter((_, key) => key % 10 !== 0);
  const city = (): string[] => Array.from({ length: rows }, (_, key) => cityOf(key));
  const all = (): Float64Array[] => Array.from({ length: 18 }, (_, at) => column(at));
  /** A step of bob's gapless column x9. */
  const numeric = (type: string, config: object, expected: () => ArrayLike<number>): TypeCase => ({
    type,
    tables,
    config: (paths) => ({ ...inputs(paths), columns: { alice: ['x1'], bob: ['x9'] }, ...config }),
    of: DIFFERENCE,
    figure: async (outcome) => error(largestDifference(numbers(await written(outcome, 'x9')), expected())),
  });
  const minmax = (): Float64Array => {
    const values = column(9);
    const [least, greatest] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
    return values.map((value) => (value - least) / (greatest - least));
  };
  /** The number of edges below each value. */
  const binned = (edges: readonly number[]): Float64Array =>
    column(9).map((value) => edges.filter((edge) => edge < value).length);
  const tenths = (): number[] => Array.from({ length: 9 }, (_, at) => quantile(column(9), (at + 1) / 10));
  const steps = (type: string, list: readonly object[]): TypeCase => ({
    ...numeric(type, {}, minmax),
    config: (paths) => ({ ...inputs(paths), steps: list }),
  });
  const correlated = (type: string, figure: TypeCase['figure'], of: TypeCase['of'] = DIFFERENCE): TypeCase => ({
    type,
    tables: aligned,
    config: (paths) => ({ ...inputs(paths), columns: { alice: names(0, 9), bob: names(9, 18) } }),
    of,
    figure,
  });
  const matrix = ({ result }: Outcome): string => {
    const { correlation_matrix: found } = result as { correlation_matrix: Record<string, Record<string, number>> };
    const expected = correlations(all()).flat();
    return error(largestDifference(Object.values(found).flatMap(Object.values<number>), expected));
  };

  return [
    {
      type: 'psi',
      tables: { alice: aligned.alice!, bob: { ...aligned.bob!, firstKey: rows / 2 } },
      config: (paths) => ({ keys: { alice: ['id'], bob: ['id'] }, input_paths: paths }),
      of: ['rows other than those of a plain join', '与普通连接不同的行数'],
      figure: async (outcome) => {
        const { output_paths: paths } = outcome.result as { output_paths: Record<string, string> };
        const ids = async (party: string): Promise<string[]> =>
          (await readColumns(outcome.file(party, paths[party]!), ['id'])).id!;
        const [own, peer] = [await ids('alice'), await ids('bob')];
        return String(differing(own, peer) + Math.abs(new Set(own).size - rows / 2));
      },
    },
    {
      type: 'psi_count',
      tables: { alice: aligned.alice!, bob: { ...aligned.bob!, firstKey: rows / 2 } },
      config: (paths) => ({ keys: { alice: ['id'], bob: ['id'] }, input_paths: paths, receiver: 'alice' }),
      of: ['common keys that were not counted', '没有数到的共有键'],
      figure: (outcome) => {
        const { intersection_count: count } = outcome.kept('alice') as { intersection_count: number };
        return Promise.resolve(String(Math.abs(count - rows / 2)));
      },
    },
    {
      type: 'fillna',
      tables,
      config: (paths) => ({ ...inputs(paths), columns: { alice: ['x1'], bob: ['x8'] }, method: 'median' }),
      of: DIFFERENCE,
      figure: async (outcome) => {
        const median = quantile(known(), 0.5);
        const expected = column(8).map((value, key) => (key % 10 === 0 ? median : value));
        return error(largestDifference(numbers(await written(outcome, 'x8')), expected));
      },
    },
    numeric('standard_scaler', {}, () => {
      const { mean, deviation } = moments(column(9));
      return column(9).map((value) => (value - mean) / deviation(0));
    }),
    numeric('minmax_scaler', {}, minmax),
    {
      type: 'label_encoder',
      tables,
      config: (paths) => ({ ...inputs(paths), columns: ['city'] }),
      of: DIFFERING_ROWS,
      figure: async (outcome) => {
        const places = new Map([...new Set(city())].sort().map((name, at) => [name, String(at)]));
        const expected = city().map((name) => places.get(name));
        return String(differing(await written(outcome, 'city'), expected as string[]));
      },
    },
    {
      type: 'onehot_encoder',
      tables,
      config: (paths) => ({ ...inputs(paths), columns: ['city'] }),
      of: DIFFERING_ROWS,
      figure: async (outcome) => {
        const reference = (outcome.result as { output_paths: Record<string, string> }).output_paths.bob!;
        const columns = Object.entries(await readColumns(outcome.file('bob', reference), ['city_*']));
        const held = city().map((_, row) =>
          columns.flatMap(([name, fields]) => (fields[row] === '0' ? [] : [`${name}=${fields[row]}`])).join(),
        );
        return String(
          differing(
            held,
            city().map((name) => `city_${name}=1`),
          ),
        );
      },
    },
    numeric('quantile_binning', { bin_num: 10 }, () => binned(tenths())),
    numeric('equal_width_binning', { bin_num: 10 }, () => {
      const values = column(9);
      const [least, greatest] = [quantile(values, 0), quantile(values, 1)];
      return binned(Array.from({ length: 9 }, (_, at) => least + (greatest - least) * ((at + 1) / 10)));
    }),
    {
      type: 'table_statistics',
      tables,
      // The exact figures are the party's own.
      config: (paths) => ({ ...inputs(paths), output_report: 'own.json' }),
      of: RELATIVE,
      figure: (outcome) => {
        const own = Object.keys(tables).map((party) => outcome.own(party, 'own.json') as { columns: object });
        const statistics = Object.assign({}, ...own.map(({ columns }) => columns)) as Record<
          string,
          Record<string, number>
        >;
        const errors = Array.from({ length: 16 }, (_, at) => {
          const values = at === 8 ? known() : column(at);
          const { mean, deviation } = moments(values);
          const quartiles = [0, 0.25, 0.5, 0.75, 1].map((share) => quantile(values, share));
          const { count, mean: m, std, min, '25%': q1, '50%': q2, '75%': q3, max } = statistics[`x${at}`]!;
          const expected = [values.length, mean, deviation(1), ...quartiles];
          const ratios = [count, m, std, min, q1, q2, q3, max].map((each, i) => each! / expected[i]!);
          return largestDifference(ratios, expected.fill(1));
        });
        return error(Math.max(...errors));
      },
    },
    correlated('pearson_correlation', matrix),
    correlated(
      'vif',
      ({ result }) => {
        const { vif_values: found } = result as { vif_values: Record<string, number> };
        const expected = inverse(new Matrix(correlations(all()))).diagonal();
        const ratios = Object.values(found).map((value, at) => value / expected[at]!);
        return error(largestDifference(ratios, expected.fill(1)));
      },
      RELATIVE,
    ),
    correlated('analysis', matrix),
    {
      type: 'train_test_split',
      tables: { alice: { ...aligned.alice!, labelOf: 9 }, bob: aligned.bob! },
      config: (paths) => ({ ...inputs(paths), train_size: 0.75, label_column: { alice: 'y' } }),
      of: [
        'rows that are in another part at the other party, in none, or beyond the share of their class',
        '在另一方属于另一部分、不属于任何部分，或超出其类别份额的行数',
      ],
      figure: async (outcome) => {
        const part = async (key: string, party: string, name: string): Promise<string[]> =>
          (await readColumns(outcome.file(party, outcome.result[key][party]), [name]))[name]!;
        const both = async (key: string) => differing(await part(key, 'alice', 'id'), await part(key, 'bob', 'id'));
        const train = await part('train_paths', 'alice', 'y');
        const test = await part('test_paths', 'alice', 'y');
        const onesOf = (labels: readonly string[]): number => labels.filter((each) => each === '1').length;
        const beyond = Math.abs(onesOf(train) - 0.75 * (onesOf(train) + onesOf(test)));
        const lost = Math.abs(rows - train.length - test.length);
        return String((await both('train_paths')) + (await both('test_paths')) + lost + Math.floor(beyond));
      },
    },
    {
      type: 'woe_binning',
      tables: { alice: { ...aligned.alice!, labelOf: 9 }, bob: aligned.bob! },
      config: (paths) => ({
        ...inputs(paths),
        columns: { alice: names(0, 9), bob: names(9, 18) },
        label_column: { alice: 'y' },
      }),
      of: DIFFERENCE,
      figure: async (outcome) => {
        const { y } = await readColumns(outcome.file('alice', 'table.csv'), ['y']);
        return error(largestDifference(numbers(await written(outcome, 'x9')), weights(binned(tenths()), y!)));
      },
    },
    steps('preprocessing', [
      { op: 'fillna', method: 'median', columns: { bob: ['x8'] } },
      { op: 'minmax_scaler', columns: { alice: ['x1'], bob: ['x9'] } },
      { op: 'label_encoder', columns: ['city'] },
    ]),
    steps('feature_engineering', [
      { op: 'quantile_binning', columns: { alice: ['x2'], bob: ['x10'] }, bin_num: 10 },
      { op: 'onehot_encoder', columns: ['city'] },
      { op: 'minmax_scaler', columns: { alice: ['x1'], bob: ['x9'] } },
    ]),
    ...localCases(rows),
    {
      ...numeric('substitution', {}, minmax),
      before: {
        type: 'minmax_scaler',
        config: (paths) => ({ ...inputs(paths), columns: { alice: ['x1'], bob: ['x9'] } }),
      },
      config: (paths, before) => ({ ...inputs(paths), rules: (before as { rules_paths: Paths }).rules_paths }),
    },
    {
      ...numeric('sql', {}, () => column(9).map((value) => 2 * value)),
      tables: { bob: tables.bob! },
      config: (paths) => ({ input_data: { bob: { t: paths.bob } }, sql: 'SELECT * REPLACE (2 * x9 AS x9) FROM t' }),
    },
    {
      type: 'validation',
      tables,
      config: (paths) => ({
        ...inputs(paths),
        schema: { id: { type: 'string', required: true, unique: true }, city: { enum: [...new Set(city())] } },
        party_schemas: { bob: { x9: { type: 'number', required: true, max: 900 } } },
      }),
      of: ['faults reported besides those that were planted, or not reported', '多报或漏报的问题数'],
      figure: (outcome) => {
        const { output_reports: reports = {} } = (outcome.report.failure?.details ?? {}) as {
          output_reports?: Record<string, string>;
        };
        const findings = Object.values(reports).flatMap(
          (each) => (outcome.json(each) as { findings: { rule: string; count: number }[] }).findings,
        );
        const planted = column(9).filter((value) => value > 900).length;
        const counts = findings.map(({ rule, count }) => (rule === 'max' ? Math.abs(count - planted) : count));
        return String(findings.length === 0 ? planted : counts.reduce((sum, each) => sum + each, 0));
      },
    },
    {
      type: 'encrypt',
      tables,
      policy: { version: 1, encrypt: { recipients: [recipient] } },
      config: (paths) => ({ ...inputs(paths), recipients: [recipient] }),
      of: ['files that the age format decrypts to anything else', '用 age 格式解密后与原文件不同的文件数'],
      figure: async (outcome) => {
        const { files } = outcome.result as { files: { artifact: string }[] };
        const decrypter = new Decrypter();
        decrypter.addIdentity(identity);
        const plain = new Set(
          await Promise.all(['alice', 'bob'].map((party) => sha256(outcome.file(party, 'table.csv')))),
        );
        for (const { artifact } of files) {
          const sealed = await readFile(outcome.file('', artifact));
          plain.delete(
            createHash('sha256')
              .update(await decrypter.decrypt(sealed))
              .digest('hex'),
          );
        }
        return String(plain.size);
      },
    },
  ];
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
