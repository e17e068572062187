import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConsentJson } from '#libs/consent';
import type { JsonObject } from '../contract/task-type.js';
import { OwnedRuns } from './owned-runs-for-tests.js';

type Config = { readonly [key: string]: ConsentJson };

describe('the smallest group of rows, as the owner of a dataset raises it', () => {
  let runs: OwnedRuns;
  beforeEach(async () => {
    runs = await OwnedRuns.claim('bob');
  });
  afterEach(() => runs.folder.remove());

  /** Bob's table of `rows` rows, and alice's beside it. */
  const tables = async (rows: number, cells: (row: number) => Record<string, number>, label = (row: number) => row) => {
    const all = Array.from({ length: rows }, (_, row) => row);
    const columns = Object.keys(cells(0));
    return {
      bob: await runs.table('bob', 'b', [columns, ...all.map((row) => Object.values(cells(row)))]),
      alice: await runs.table('alice', 'a', [['y'], ...all.map((row) => [label(row)])]),
    };
  };
  const noise = (row: number, seed = 1): number => ((row + 1) * (7919 * seed + 31)) % 1009;
  let count = 0;
  const result = async (floor: number, type: string, config: Config, parties = ['alice', 'bob']) => {
    runs.policy('bob', 'b', { min_group_rows: floor });
    const taskId = `${type}-${(count += 1)}`;
    return (await runs.run(type, taskId, config, { parties })).result as Record<string, JsonObject>;
  };
  const refusal = (code: string, rows: number) => ({ code, details: { min_rows: rows } });

  test('table_statistics and analysis: rows, values and windows', async () => {
    const { bob, alice } = await tables(400, (row) => ({ x: noise(row), few: Number(row < 30) }));
    const config = { input_data: { bob } };
    const at20 = await result(20, 'table_statistics', config, ['bob']);
    const at150 = await result(150, 'table_statistics', config, ['bob']);
    expect([at20.rows, at150.rows]).toEqual([400, 300].map((bob) => ({ bob })));
    const quartile = (of: typeof at20): unknown => (of.statistics!.x as JsonObject)['25%'];
    expect(quartile(at20)).toEqual(expect.any(Number));
    expect(quartile(at150)).toBeNull();
    expect(await result(401, 'table_statistics', config, ['bob'])).toMatchObject({
      rows: { bob: null },
      statistics: {},
    });
    const both = { input_data: { alice, bob } };
    expect((await result(20, 'analysis', both)).not_correlated).toEqual({});
    expect((await result(31, 'analysis', both)).not_correlated).toEqual({ few: 'few_differ' });
  });

  test('an approval: the newest policy says it, where there is one', async () => {
    const { bob } = await tables(100, (row) => ({ x: noise(row) }));
    const run = (taskId: string) =>
      runs.run('table_statistics', taskId, { input_data: { bob } }, { parties: ['bob'], approved: true });
    runs.policy('bob', 'b', null);
    expect((await run('none')).result).toMatchObject({ rows: { bob: 100 } });
    runs.policy('bob', 'b', { rules: [], min_group_rows: 60 });
    expect((await run('newest')).result).toMatchObject({ rows: { bob: 60 } });
  });

  test('what was made of the dataset', async () => {
    const { bob } = await tables(100, (row) => ({ x: noise(row) }));
    const scaled = await result(60, 'standard_scaler', { input_data: { bob }, columns: { bob: ['x'] } }, ['bob']);
    const path = scaled.output_paths!.bob as string;
    const seen = await result(60, 'table_statistics', { input_data: { bob: path } }, ['bob']);
    expect(seen.rows).toEqual({ bob: 60 });
  });

  test('validation: counts of rows', async () => {
    const { bob } = await tables(100, (row) => ({ x: row }));
    const config = { input_data: { bob }, schema: { x: { type: 'number', max: 69 } }, rows: { max: 99 } };
    const found = (floor: number) =>
      result(floor, 'validation', config, ['bob']).catch((error: { details: unknown }) => error.details);
    expect(JSON.stringify(await found(20))).toMatch(/30 to 40 %.*100 to 119 rows/);
    expect(JSON.stringify(await found(31))).toMatch(/under 31 rows.*93 to 123 rows/);
  });

  test('pearson_correlation: rows, rows apart, and the count that another party reports', async () => {
    const { bob, alice } = await tables(100, (row) => ({ x: noise(row), few: Number(row < 30) }));
    const config = (column: string) => ({ input_data: { alice, bob }, columns: { alice: ['y'], bob: [column] } });
    expect(await result(20, 'pearson_correlation', config('x'))).toMatchObject({ rows: 100 });
    expect(await result(60, 'pearson_correlation', config('x'))).toMatchObject({ rows: 60 });
    await result(30, 'pearson_correlation', config('few'));
    await expect(result(31, 'pearson_correlation', config('few'))).rejects.toMatchObject(
      refusal('GROUP_TOO_SMALL', 31),
    );
  });

  test('evaluations: rows and buckets', async () => {
    for (const [type, curve, label] of [
      ['biclassification_eval', 'buckets', (row: number) => row % 2],
      ['regression_eval', 'by_prediction', noise],
      ['prediction_bias_eval', 'buckets', (row: number) => row % 2],
    ] as const) {
      const { bob } = await tables(4_000, (row) => ({ label: label(row), prediction: (row % 40) / 40 }));
      const config = { prediction_data: { bob } };
      const sizes = async (floor: number): Promise<number[]> => {
        const seen = await result(floor, type, config, ['bob']);
        const buckets: unknown = (seen.curves ?? seen)[curve];
        return (buckets as { rows: number }[]).map(({ rows }) => rows);
      };
      expect((await sizes(20)).length).toBeGreaterThanOrEqual(10);
      expect(await sizes(1_500)).toEqual([1_500, 1_500]);
      const hidden = await result(4_001, type, config, ['bob']);
      expect(hidden).toMatchObject({ rows: null, [type === 'prediction_bias_eval' ? 'buckets' : 'metrics']: null });
    }
  });

  test('train, and evaluation of its model', async () => {
    const { bob } = await tables(100, (row) => ({ x: noise(row) / 1009, y: row % 2 }));
    const config = { train_data: { bob }, model: 'logistic', features: ['x'], label: 'y' };
    await expect(result(101, 'train', config, ['bob'])).rejects.toMatchObject(refusal('INSUFFICIENT_ROWS', 101));
    const trained = await result(60, 'train', config, ['bob']);
    const model = trained.model_paths!.bob as string;
    const seen = await result(60, 'evaluation', { model: { bob: model }, test_data: { bob }, label: 'y' }, ['bob']);
    expect(seen.rows).toBe(60);
  });

  const vertical = (of: { alice: string; bob: string }, features: string[], more: Config = {}): Config => ({
    ...{ train_data: of, features: { bob: features }, label: 'y', label_party: 'alice' },
    ...more,
  });

  test('ss_lr: rows to train on, and rows apart', async () => {
    const of = await tables(
      100,
      (row) => ({ x: noise(row) / 1009, few: Number(row < 30) }),
      (row) => row % 2,
    );
    const train = (floor: number, feature: string) =>
      result(floor, 'ss_lr', vertical(of, [feature], { params: { epochs: 1 } }));
    await train(30, 'few');
    await expect(train(31, 'few')).rejects.toMatchObject(refusal('GROUP_TOO_SMALL', 31));
    await expect(train(101, 'x')).rejects.toMatchObject(refusal('INSUFFICIENT_ROWS', 101));
  });

  for (const type of ['ss_xgb', 'secureboost']) {
    test(`${type}: rows to train on, buckets, and either side of a split`, async () => {
      const of = await tables(
        400,
        (row) => ({ half: Number(row < 200), odd: row % 2, rare: Number(row < 60) }),
        (row) => Number(row < 200 ? row % 2 === 1 || row % 8 === 0 : row % 3 === 0),
      );
      /** Leaves of one tree. */
      const leaves = async (floor: number, features: string[]): Promise<number> => {
        const params = { num_boost_round: 1, max_depth: 2, sketch_eps: 0.01 };
        const { prediction_output: path } = await result(
          floor,
          type,
          vertical(of, features, { params, prediction_output: `${type}-${floor}.csv` }),
        );
        const rows = await runs.folder.rows('alice', String(path));
        return new Set(rows.slice(1).map((row) => row.at(-1))).size;
      };
      expect(await leaves(20, ['half', 'odd'])).toBe(4);
      expect(await leaves(101, ['half', 'odd'])).toBe(2);
      expect(await leaves(59, ['rare'])).toBe(2);
      expect(await leaves(61, ['rare'])).toBe(1);
      await expect(leaves(201, ['half'])).rejects.toMatchObject(refusal('INSUFFICIENT_ROWS', 402));
    });
  }

  test('secureboost: rows of a value of the label', async () => {
    const of = await tables(
      400,
      (row) => ({ x: noise(row) }),
      (row) => Number(row < 60),
    );
    const params = { num_boost_round: 1 };
    await result(60, 'secureboost', vertical(of, ['x'], { params }));
    await expect(result(61, 'secureboost', vertical(of, ['x'], { params }))).rejects.toMatchObject(
      refusal('GROUP_TOO_SMALL', 61),
    );
  });
});
