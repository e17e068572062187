import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { runTask } from '../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import { MaskStream } from '../mpc/random.js';
import { csvOf } from '../table/breast-cancer-for-tests.js';
import { coarseClassBias, groupsOfClassBias } from './coarse-classes.js';
import { groupsOfNumberBias } from './coarse-numbers.js';
import { cutPoints } from './metrics.js';

interface Bucket {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly mean_prediction: number;
  readonly mean_label: number;
  readonly bias: number;
}

const ROWS = 2000;
const words = new MaskStream(new Uint8Array(32), 'bias').next(ROWS);
/** Probabilities that say too much by a twentieth, and numbers beside them. */
const rows = Array.from({ length: ROWS }, (_, row) => {
  const chance = (words[4 * row]! % 950) / 1000;
  const label = words[4 * row + 1]! / 2 ** 32 < chance ? 1 : 0;
  return { label, prediction: Number((chance + 0.05).toFixed(3)), amount: 100 * chance, guess: 100 * chance + 3 };
});
type Name = keyof (typeof rows)[number];

let folder: TestFolder;
const table = (name: string, of: readonly Readonly<Record<Name, number>>[]): Promise<void> =>
  folder.table(
    'alice',
    name,
    csvOf(
      ['label', 'prediction', 'amount', 'guess'],
      of.map(({ label, prediction, amount, guess }) => [label, prediction, amount, guess]),
    ),
  );
beforeAll(async () => {
  folder = await testFolder();
  await table('p.csv', rows);
  await table('few.csv', rows.slice(0, 19));
  await table('three.csv', [...rows, { ...rows[0]!, label: 2 }]);
  await table('margin.csv', [...rows, { ...rows[0]!, prediction: 1.5 }]);
  await table(
    'same.csv',
    rows.map((row) => ({ ...row, prediction: 0.5 })),
  );
});
afterAll(() => folder.remove());

const evaluate = (config: JsonObject = {}): Promise<TaskRunResult> =>
  runTask('prediction_bias_eval', folder.run({ prediction_data: { alice: 'p.csv' }, ...config }));
const ownOf = ({ partyResults }: TaskRunResult): { rows: number; buckets: Bucket[] } =>
  (partyResults!.alice as { value: never }).value;
function shownOf({ result }: TaskRunResult): Bucket[] {
  const buckets: unknown = result.buckets;
  return buckets as Bucket[];
}
const LINEAR = { objective: 'linear', label_column: 'amount', prediction_column: 'guess' };

/** Exact figures of the rows whose prediction lies in a bucket, worked out plainly. */
function plain({ from, to }: Bucket, label: Name, prediction: Name): Omit<Bucket, 'from' | 'to'> {
  const inside = rows.filter((row) => row[prediction] >= from && row[prediction] <= to);
  const mean = (of: Name): number => inside.reduce((sum, row) => sum + row[of], 0) / inside.length;
  const [mean_prediction, mean_label] = [mean(prediction), mean(label)];
  return { rows: inside.length, mean_prediction, mean_label, bias: mean_prediction - mean_label };
}

describe('prediction_bias_eval', () => {
  for (const [objective, more, label, prediction] of [
    ['classes', {}, 'label', 'prediction'],
    ['numbers', LINEAR, 'amount', 'guess'],
  ] as const) {
    test(`keeps exact figures of ${objective} for the party, of equal frequency or width`, async () => {
      for (const [method, count] of [
        ['equal_frequency', 7],
        ['equal_width', 12],
      ] as const) {
        const outcome = await evaluate({ ...more, bucket_method: method, bucket_num: count });
        const { rows: all, buckets } = ownOf(outcome);
        expect(all).toBe(ROWS);
        expect(buckets).toHaveLength(count);
        expect(buckets.reduce((sum, bucket) => sum + bucket.rows, 0)).toBe(ROWS);
        for (const bucket of buckets) {
          const expected = plain(bucket, label, prediction);
          expect(bucket.rows).toBe(expected.rows);
          for (const name of ['mean_prediction', 'mean_label', 'bias'] as const)
            expect(bucket[name]).toBeCloseTo(expected[name], 9);
        }
        const ends = buckets.map(({ to, from }) => to - from);
        if (method === 'equal_width') expect(Math.max(...ends)).toBeLessThan(Math.min(...ends) * 1.2);
        else expect(Math.max(...buckets.map((each) => each.rows))).toBeLessThan((1.1 * ROWS) / count);
        const report = JSON.parse(await folder.text('alice', String(outcome.result.output_report))) as JsonObject;
        expect(report).toEqual({
          format: 'taskchain/prediction-bias-report/v1',
          party: 'alice',
          ...ownOf(outcome),
        });
      }
    });
  }

  test('shows others rounded figures of fixed buckets, whatever the parameters', async () => {
    for (const [more, label, prediction] of [
      [{}, 'label', 'prediction'],
      [LINEAR, 'amount', 'guess'],
    ] as const) {
      const outcome = await evaluate(more);
      const other = await evaluate({
        ...more,
        bucket_method: 'equal_width',
        bucket_num: 37,
        min_item_cnt_per_bucket: 1,
      });
      expect(other.result).toEqual(outcome.result);
      const { bias } = plain({ from: -Infinity, to: Infinity } as Bucket, label, prediction);
      for (const bucket of shownOf(outcome)) {
        expect(bucket.rows % 20).toBe(0);
        expect(Math.abs(bucket.bias - bias)).toBeLessThan(0.2);
        expect(bucket.bias).toBeCloseTo(bucket.mean_prediction - bucket.mean_label, 6);
        expect(JSON.stringify([bucket.mean_prediction, bucket.bias])).not.toMatch(/\d\.\d{4}/);
      }
    }
    for (const { from, to, mean_label: label } of shownOf(await evaluate())) {
      for (const cut of [from, to]) expect(Math.round(cut * 20) / 20).toBe(cut);
      expect(Number(label.toFixed(2))).toBe(label);
    }
  });

  test('merges buckets of fewer rows than it was asked for, and has one of a single value', async () => {
    const { buckets } = ownOf(
      await evaluate({ bucket_method: 'equal_width', bucket_num: 100, min_item_cnt_per_bucket: 300 }),
    );
    expect(Math.min(...buckets.map((each) => each.rows))).toBeGreaterThanOrEqual(300);
    for (const bucket_method of ['equal_width', 'equal_frequency'])
      expect(ownOf(await evaluate({ bucket_method, prediction_data: { alice: 'same.csv' } })).buckets).toHaveLength(1);
  });

  test('withholds figures of under 20 rows from others, and gives them to the party', async () => {
    const outcome = await evaluate({ prediction_data: { alice: 'few.csv' }, min_item_cnt_per_bucket: 5 });
    const why = expect.stringContaining('fewer rows') as unknown;
    expect(outcome.result).toEqual({
      party: 'alice',
      ...{ output_report: null, rows: null, buckets: null },
      withheld: { output_report: why, rows: why, buckets: why },
    });
    expect(ownOf(outcome).rows).toBe(19);
    expect(ownOf(outcome).buckets.length).toBeGreaterThan(1);
  });

  test('says no more of the label than the bits that are counted', () => {
    // As `leaves` says.
    expect([100, 2000].map((size) => Math.ceil(groupsOfClassBias(size, 20)[0]!.ofLabel))).toEqual([28, 152]);
    expect(groupsOfNumberBias()[0]!.ofLabel).toBe(420);
    for (const size of [100, 400, 2000]) {
      const [group] = groupsOfClassBias(size, 20);
      const scores = Float64Array.from({ length: size }, (_, row) => ((row % 20) + 0.5) / 20);
      const seen = new Set<string>();
      // Of one cell, all numbers of positives: of the others each is as likely to tell.
      const places = scores.map((_, row) => row).filter((row) => row % 20 === 0);
      for (let positives = 0; positives <= places.length; positives += 1) {
        const labels = new Float64Array(size);
        for (const row of places.slice(0, positives)) labels[row] = 1;
        seen.add(JSON.stringify((coarseClassBias(cutPoints(labels, scores), 20).buckets as JsonObject[])[0]));
      }
      expect(Math.log2(seen.size)).toBeLessThanOrEqual(group!.ofLabel / Math.min(20, size / 20));
    }
  });

  test('fails on what is no class or no probability', async () => {
    for (const [name, code, column] of [
      ['three.csv', 'LABEL_NOT_BINARY', 'label'],
      ['margin.csv', 'PREDICTION_OUT_OF_RANGE', 'prediction'],
    ] as const) {
      const failure = evaluate({ prediction_data: { alice: name } });
      await expect(failure).rejects.toMatchObject({ code, details: { party: 'alice', column } });
      await evaluate({ prediction_data: { alice: name }, objective: 'linear' });
    }
    await expect(evaluate({ label_column: 'nope' })).rejects.toMatchObject({ code: 'COLUMN_NOT_FOUND' });
    expect(await folder.temporaries()).toEqual([]);
  });

  test('parameters are refused where they cannot work', () => {
    const pointers = (task_config: JsonObject): string[] =>
      checkTaskParams('prediction_bias_eval', { sf_init_config: { parties: ['alice'] }, task_config }).map(
        ({ pointer }) => pointer.slice('/task_config'.length),
      );
    const data = { prediction_data: { alice: 'p.csv' } };
    expect(pointers(data)).toEqual([]);
    expect(pointers({ prediction_data: 'p.csv' })).toEqual(['/prediction_data']);
    expect(pointers({ ...data, bucket_method: 'equal_range' })).toEqual(['/bucket_method']);
    expect(pointers({ ...data, bucket_num: 0 })).toEqual(['/bucket_num']);
    expect(pointers({ ...data, output_report: { bob: 'r.json' } })).not.toEqual([]);
  });
});
