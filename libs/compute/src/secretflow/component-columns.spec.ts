import { expect, test } from '@jest/globals';
import { clearResult } from '../contract/run-for-tests.js';
import type { TaskRunResult } from '../contract/task-type.js';
import {
  bothInput,
  COLUMNS,
  describeComponents,
  outputsOf,
  ROWS,
  runIt,
  valuesOf,
  withLeft,
} from './components-for-tests.js';

const SELECTED = { 'input/input_ds/feature_selects': ['a', 'b', 'c'] };
const ROW = Array.from({ length: ROWS }, (_, at) => valuesOf(at));

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
function correlation(one: 'a' | 'b' | 'c', other: 'a' | 'b' | 'c'): number {
  const centred = (name: typeof one): number[] => {
    const values = ROW.map((row) => row[name]);
    return values.map((value) => value - mean(values));
  };
  const [x, y] = [centred(one), centred(other)];
  const dot = (p: number[], q: number[]): number => p.reduce((sum, value, at) => sum + value * q[at]!, 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

/** Figures of a report, in its order. */
const figuresIn = (outcome: TaskRunResult, party: string): number[] =>
  [...JSON.stringify(clearResult(outcome, party)).matchAll(/"f":(-?[\d.e-]+)/g)].map(([, value]) => Number(value));

await describeComponents("columns of SecretFlow's components", (folder) => {
  test('ss_pearsonr and ss_vif come to what plain figures are', async () => {
    const semi2k = { ...COLUMNS, label: undefined, label_party: undefined, protocol: 'SEMI2K' };
    const config = { ...semi2k, input_data: bothInput('input_ds'), attrs: SELECTED };
    const matrix = await runIt(folder, { ...config, component: 'stats/ss_pearsonr:1.0.0' }, { taskId: 'pearson' });
    const names = ['a', 'b', 'c'] as const;
    // It divides by one row less than it standardises with.
    const expected = names.flatMap((one) => names.map((other) => (correlation(one, other) * ROWS) / (ROWS - 1)));
    const found = figuresIn(matrix, 'bob');
    expect(found).toHaveLength(9);
    for (const [at, value] of found.entries()) expect(value).toBeCloseTo(expected[at]!, 5);
    expect(figuresIn(matrix, 'alice')).toEqual(found);
    const factors = figuresIn(
      await runIt(folder, { ...config, component: 'stats/ss_vif:1.0.0' }, { taskId: 'vif' }),
      'bob',
    );
    expect(factors).toHaveLength(3);
    expect(factors.filter((factor) => factor < 0.98 || factor > 1.05)).toEqual([]);
    // One party's table is no matter of shares.
    const alone = {
      keys: { bob: ['id'] },
      features: { bob: ['b', 'c'] },
      input_data: { bob: { input_ds: 'both.csv' } },
    };
    const own = await runIt(
      folder,
      { ...alone, component: 'stats/ss_pearsonr:1.0.0', attrs: { 'input/input_ds/feature_selects': ['b', 'c'] } },
      { taskId: 'own' },
    );
    expect(figuresIn(own, 'bob')[1]).toBeCloseTo((correlation('b', 'c') * ROWS) / (ROWS - 1), 5);
  }, 180_000);

  const woe = { component: 'preprocessing/vert_woe_binning:1.0.0', ...COLUMNS, input_data: bothInput('input_ds') };
  const binned = { ...SELECTED, 'input/input_ds/label': ['y'] };

  test('vert_woe_binning gives the other party the weights of its bins, and substitution applies them', async () => {
    const outcome = await runIt(folder, { ...woe, attrs: { ...binned, bin_num: 3 } }, { taskId: 'woe' });
    const [header, ...rows] = await folder.rows('bob', outputsOf(outcome)['bob']!['output_ds']!);
    expect(header).toEqual(['id', 'b', 'c']);
    // Its own order by the weights of c is that of c itself, and weights are those of the label.
    const weights = [...new Set(rows.map(([, , weight]) => Number(weight)))].sort((one, other) => one - other);
    expect(weights).toHaveLength(3);
    const positives = ROW.filter(({ y }) => y === 1).length;
    for (const weight of weights) {
      const inBin = ROW.filter((_, at) => Number(rows[at]![2]) === weight);
      expect(inBin.length).toBe(ROWS / 3);
      const found = inBin.filter(({ y }) => y === 1).length;
      const expected = Math.log(found / positives / ((inBin.length - found) / (ROWS - positives)));
      expect(weight).toBeCloseTo(expected, 4);
    }
    const { alice } = outputsOf(outcome);
    expect((await folder.rows('alice', alice!['output_ds']!))[0]).toEqual(['id', 'a', 'y']);
    const applied = await runIt(
      folder,
      {
        ...{ component: 'preprocessing/substitution:1.0.0', ...COLUMNS, attrs: {} },
        input_data: withLeft(outcome, 'input_rule', 'output_rule'),
      },
      { taskId: 'substitution' },
    );
    expect(await folder.rows('bob', outputsOf(applied)['bob']!['output_ds']!)).toEqual([header, ...rows]);
  }, 180_000);

  test.each([
    ['bins of under 20 rows', 16, 'both.csv'],
    ['bins of under 5 rows of a class', 3, 'one-sided.csv'],
  ])(
    'vert_woe_binning refuses %s',
    async (_, bins, file) => {
      const lines = ROW.map(({ id, b }, at) => `${id},${b},${ROW[at]!.y + 0.001 * b}`);
      await folder.table('bob', 'one-sided.csv', `id,b,c\n${lines.join('\n')}\n`);
      const input_data = { alice: { input_ds: 'both.csv' }, bob: { input_ds: file } };
      const run = runIt(
        folder,
        { ...woe, input_data, attrs: { ...binned, bin_num: bins } },
        { taskId: `bins-${bins}` },
      );
      await expect(run).rejects.toMatchObject({ code: 'GROUP_TOO_SMALL', retryable: false });
      expect(await folder.temporaries()).toEqual([]);
    },
    120_000,
  );
});
