import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConsentJson } from '#libs/consent';
import type { TaskRunResult } from '../contract/task-type.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';

type Config = { readonly [key: string]: ConsentJson };
type Paths = { readonly alice: string };

const ROWS = 200;
const noise = (row: number, seed: number): number => ((row + 1) * (7919 * seed + 31)) % 1009;
const upTo = (count: number): number[] => [...Array(count).keys()];
/** Bob asks for parts of alice's table; alice has approved each text that chooses rows. */
describe('whoever writes what chooses rows of another party', () => {
  let runs: OwnedRuns;
  let table: string;
  const alone = { parties: ['alice'] };
  const approved = { ...alone, approved: true, statement: { proposer: 'bob' } };

  beforeEach(async () => {
    runs = await OwnedRuns.claim('alice');
    const rows = upTo(ROWS).map((row) => [row, row % 2, noise(row, 1) / 1009, noise(row, 2)]);
    table = await runs.table('alice', 'c', [['id', 'y', 'p', 'income'], ...rows]);
  });
  afterEach(() => runs.folder.remove());

  const filter = async (taskId: string, condition: string, from = table): Promise<{ kept: string; rest: string }> => {
    const config = { input_data: { alice: from }, conditions: { alice: condition } };
    const { result } = await runs.run('condition_filter', taskId, config, approved);
    return { kept: (result.output_paths as Paths).alice, rest: (result.rest_paths as Paths).alice };
  };
  const union = async (taskId: string, ...alice: string[]): Promise<string> => {
    const { result } = await runs.run('union', taskId, { input_data: { alice } }, alone);
    return (result.output_paths as Paths).alice;
  };
  const isShown = async (taskId: string, alice: string, more: Config = {}): Promise<boolean> => {
    const config = { input_data: { alice }, ...more };
    const { result } = await runs.run('table_statistics', `figures-${taskId}`, config, alone);
    return (result.rows as { alice: number | null }).alice !== null;
  };

  test('waits for alice, whatever her policy allows; alice does not', async () => {
    const tasks: Record<string, Config> = {
      expr: { new_columns: { alice: [{ column: 'a', expression: 'id == 7 ? income : 0' }] } },
      case_when: { new_columns: { alice: [{ column: 'a', cases: [{ when: 'id == 7', then: 'income' }] }] } },
      condition_filter: { conditions: { alice: 'id == 7' } },
    };
    for (const [type, config] of Object.entries(tasks)) {
      const run = (taskId: string, more: object) =>
        runs.run(type, `${type}-${taskId}`, { input_data: { alice: table }, ...config }, { ...alone, ...more });
      await expect(run('asked', { statement: { proposer: 'bob' } })).rejects.toMatchObject({
        code: 'APPROVAL_REQUIRED',
        message: expect.stringContaining('does what a text of its author says') as unknown,
      });
      await run('approved', approved);
      await run('own', { statement: { proposer: 'alice' } });
    }
  });

  test('learns nothing of one row by any later type', async () => {
    const { kept } = await filter('one', 'id == 7 && income >= 0');
    const [row] = (await runs.folder.rows('alice', kept)).slice(1);
    expect(row![0]).toBe('7');
    const bob = await runs.table('bob', 'b', [
      ['id', 'y', 'b'],
      [7, 1, 3],
    ]);
    const both = { alice: kept, bob };
    // Bob's own table is large enough, so alice's is the one that ends a training.
    const long = await runs.table('bob', 'long', [['id', 'y', 'b'], ...upTo(ROWS).map((row) => [row, row % 2, 3])]);
    const vertical = {
      train_data: { alice: kept, bob: long },
      features: { alice: ['p', 'income'], bob: ['b'] },
      label: 'y',
      label_party: 'alice',
    };
    const columns = { alice: ['income'], bob: ['b'] };
    const later: [type: string, config: Config, parties: string[]][] = [
      ['table_statistics', { input_data: { alice: kept } }, ['alice']],
      ['biclassification_eval', { prediction_data: kept, label_column: 'y', prediction_column: 'p' }, ['alice']],
      ['regression_eval', { prediction_data: kept, label_column: 'y', prediction_column: 'p' }, ['alice']],
      ['prediction_bias_eval', { prediction_data: kept, label_column: 'y', prediction_column: 'p' }, ['alice']],
      ['validation', { input_data: { alice: kept }, schema: { income: { type: 'number', max: 500 } } }, ['alice']],
      ['analysis', { input_data: both }, ['alice', 'bob']],
      ['pearson_correlation', { input_data: both, columns }, ['alice', 'bob']],
      ['vif', { input_data: both, columns }, ['alice', 'bob']],
      ['woe_binning', { input_data: both, columns: { bob: ['b'] }, label_column: { alice: 'y' } }, ['alice', 'bob']],
      ['stability', { base_data: { alice: table }, input_data: { alice: kept } }, ['alice']],
      ['train_test_split', { input_data: both, label_column: { alice: 'y' } }, ['alice', 'bob']],
      ['sample', { input_data: { alice: kept }, fraction: 0.5, label_column: { alice: 'y' } }, ['alice']],
      ['ss_lr', { ...vertical, params: { epochs: 1 } }, ['alice', 'bob']],
      ['ss_xgb', { ...vertical, params: { num_boost_round: 1 } }, ['alice', 'bob']],
      ['secureboost', { ...vertical, params: { num_boost_round: 1 } }, ['alice', 'bob']],
      ['train', { train_data: { alice: kept }, model: 'logistic', features: ['p'], label: 'y' }, ['alice']],
      ['psi', { input_paths: both, keys: { alice: ['id'], bob: ['id'] } }, ['alice', 'bob']],
    ];
    const seen: Record<string, unknown> = {};
    for (const [type, config, parties] of later) {
      seen[type] = await runs.run(type, `later-${type}`, config, { parties }).then(
        ({ result }: TaskRunResult) => {
          // Nothing of the row but in the party's own result.
          expect(JSON.stringify(result)).not.toContain(row![3]!);
          return 'rows' in result ? result.rows : (result.stable ?? Object.keys(result));
        },
        ({ code }: { code: string }) => code,
      );
    }
    expect(seen).toEqual({
      table_statistics: { alice: null },
      biclassification_eval: null,
      regression_eval: null,
      prediction_bias_eval: null,
      validation: 'GROUP_TOO_SMALL',
      analysis: 'GROUP_TOO_SMALL',
      pearson_correlation: 'GROUP_TOO_SMALL',
      vif: 'GROUP_TOO_SMALL',
      woe_binning: 'GROUP_TOO_SMALL',
      stability: { alice: null },
      train_test_split: 'GROUP_TOO_SMALL',
      sample: { alice: 0 },
      ss_lr: 'GROUP_TOO_SMALL',
      ss_xgb: 'GROUP_TOO_SMALL',
      secureboost: 'GROUP_TOO_SMALL',
      train: 'GROUP_TOO_SMALL',
      psi: 'KEYS_NOT_ALLOWED',
    });
  });

  test('gets no figures of all rows but one, also by the rest of a filter or by filters in turn', async () => {
    expect(await isShown('whole', table)).toBe(true);
    const { kept, rest } = await filter('one', 'id == 7');
    expect(await isShown('rest', rest)).toBe(false);
    const half = await filter('half', 'id < 100');
    expect(await isShown('half', half.kept)).toBe(true);
    expect(await isShown('half-but-one', (await filter('but-one', 'id != 7', half.kept)).kept)).toBe(false);
    // What was taken out, put back.
    expect(await isShown('both', await union('both', rest, kept))).toBe(true);
  });

  test('gets no figures of a table that has a row twice', async () => {
    const { kept } = await filter('one', 'id == 7');
    expect(await isShown('twice', await union('twice', table, kept))).toBe(false);
    const { kept: many } = await filter('many', 'id < 100');
    expect(await isShown('many-twice', await union('many-twice', table, many))).toBe(false);
  });

  test('gets no figures of groups with and without a row, nor of few groups', async () => {
    const groups = async (taskId: string, alice: string, by: string): Promise<string> => {
      const config = { input_data: { alice }, by: { alice: [by] }, columns: { alice: ['income'] } };
      return ((await runs.run('groupby_statistics', taskId, config, alone)).result.output_paths as Paths).alice;
    };
    expect(await isShown('two', await groups('two', table, 'y'))).toBe(false);
    const mean = { columns: { alice: ['income_mean'] } };
    const rows = upTo(ROWS).map((row) => [row, row % 25, noise(row, 1)]);
    const many = await runs.table('alice', 'e', [['id', 'g', 'income'], ...rows]);
    expect(await isShown('all', await groups('all', many, 'g'), mean)).toBe(true);
    // The groups have the same first rows without this one.
    const { rest } = await filter('one', 'id == 150', many);
    expect(await isShown('but-one', await groups('but-one', rest, 'g'), mean)).toBe(false);
  });

  test('gets no verdict of all rows but one', async () => {
    const stable = async (taskId: string, alice: string): Promise<unknown> => {
      const config = { base_data: { alice: table }, input_data: { alice }, columns: { alice: ['income'] } };
      return ((await runs.run('stability', taskId, config, alone)).result.stable as { alice: unknown }).alice;
    };
    const { rest } = await filter('one', 'id == 7');
    expect(await stable('whole', table)).toBe(true);
    expect(await stable('but-one', rest)).toBeNull();
  });

  test('matches no rows by a column that did not choose them', async () => {
    const bob = await runs.table('bob', 'b', [['id'], ...upTo(ROWS).map((id) => [id])]);
    const match = (taskId: string, alice: string): Promise<string> =>
      runs.run('psi', taskId, { input_paths: { alice, bob }, keys: { alice: ['id'], bob: ['id'] } }).then(
        () => 'matched',
        ({ code }: { code: string }) => code,
      );
    const rich = await filter('rich', 'income > 500');
    expect(await match('by-income', rich.kept)).toBe('KEYS_NOT_ALLOWED');
    // A filter by the key itself does not make up for it.
    expect(await match('then-by-id', (await filter('all', 'id >= 0', rich.kept)).kept)).toBe('KEYS_NOT_ALLOWED');
    expect(await match('joined', await union('joined', rich.kept, rich.rest))).toBe('KEYS_NOT_ALLOWED');
    const some = await filter('some', 'id < 100');
    expect(await match('by-id', some.kept)).toBe('matched');
    // Whole tables are whole together.
    const more = await runs.table('alice', 'd', [
      ['id', 'y', 'p', 'income'],
      ...upTo(30).map((row) => [row + 500, 0, 1, 2]),
    ]);
    expect(await match('whole', await union('whole', table, more))).toBe('matched');
  });
});
