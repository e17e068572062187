import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkTaskParams } from '../catalogue/check-params.js';
import { csvOf } from '../table/breast-cancer-for-tests.js';
import { MaskStream } from '../mpc/random.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type * as Party from './regression-eval-party.js';
import { runRegressionEval } from './regression-eval-run.js';
import { meanOf, numberBuckets, regressionMetrics, type RegressionMetrics } from './regression-metrics.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { runTask } from '../catalogue/run-task.js';
import type { JsonObject, TaskFailure, TaskRun } from '../contract/task-type.js';

const ROWS = 500;
const words = new MaskStream(new Uint8Array(32), 'regression').next(ROWS);
const labels = Array.from({ length: ROWS }, (_, row) => 20 + (words[4 * row]! % 1000) / 10);
const predictions = labels.map((label, row) => label * 0.9 + (words[4 * row + 1]! % 200) / 20);

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
  const rows = labels.map((label, row) => [label, predictions[row]!]);
  await folder.table('alice', 'p.csv', csvOf(['label', 'prediction'], rows));
  await folder.table('alice', 'other.csv', csvOf(['价格', '预测'], rows));
  await folder.table('../artifacts/chain-1/lr/bob', 'predictions.csv', csvOf(['label', 'prediction'], rows));
  await folder.table('alice', 'zero.csv', csvOf(['label', 'prediction'], [...rows, [0, 1]]));
  await folder.table(
    'alice',
    'flat.csv',
    csvOf(
      ['label', 'prediction'],
      rows.map(([, p]) => [7, p!]),
    ),
  );
  await folder.table('alice', 'few.csv', csvOf(['label', 'prediction'], rows.slice(0, 4)));
  await folder.table('alice', 'gap.csv', csvOf(['label', 'prediction'], [...rows, [1, '']]));
});
afterAll(() => folder.remove());

const evaluate = (config: JsonObject, more: Partial<TaskRun> = {}): ReturnType<typeof runTask> =>
  runTask('regression_eval', folder.run({ prediction_data: { alice: 'p.csv' }, ...config }, more));

/** Sums as a textbook writes them. */
function textbook(): RegressionMetrics {
  const sum = (of: (y: number, p: number) => number): number =>
    labels.reduce((s, y, row) => s + of(y, predictions[row]!), 0);
  const mean = sum((y) => y) / ROWS;
  const bias = sum((y, p) => y - p) / ROWS;
  const total = sum((y) => (y - mean) ** 2);
  return {
    mse: sum((y, p) => (y - p) ** 2) / ROWS,
    rmse: Math.sqrt(sum((y, p) => (y - p) ** 2) / ROWS),
    mae: sum((y, p) => Math.abs(y - p)) / ROWS,
    mape: sum((y, p) => Math.abs((y - p) / y)) / ROWS,
    r2_score: 1 - sum((y, p) => (y - p) ** 2) / total,
    explained_variance: 1 - sum((y, p) => (y - p - bias) ** 2) / total,
  };
}

describe('regression_eval', () => {
  test('gives the metrics of the textbook, means of buckets, and a report of the same', async () => {
    const { result, artifacts, partyResults } = await evaluate({});
    expect(result).toMatchObject({ party: 'alice', output_report: 'artifact:chain-1/task-1/alice/evaluation.json' });
    const own = (partyResults!.alice as { value: JsonObject }).value;
    expect(own.rows).toBe(ROWS);
    const metrics = own.metrics as JsonObject;
    for (const [name, value] of Object.entries(textbook())) {
      expect([name, metrics[name]]).toEqual([name, expect.closeTo(value, 9)]);
    }
    expect(Object.keys(metrics)).toEqual(Object.keys(textbook()));
    const { by_prediction: byPrediction, by_residual: byResidual } = own.curves as Record<string, JsonObject[]>;
    for (const buckets of [byPrediction!, byResidual!]) {
      expect(buckets).toHaveLength(10);
      expect(buckets.reduce((sum, { rows }) => sum + Number(rows), 0)).toBe(ROWS);
    }
    const means = byPrediction!.map((bucket) => Number(bucket.mean_prediction));
    expect(means).toEqual([...means].sort((a, b) => a - b));
    expect(artifacts.map(({ name, mediaType }) => [name, mediaType])).toEqual([
      ['alice/evaluation.json', 'application/json'],
    ]);
    const report = JSON.parse(await folder.text('alice', String(result.output_report))) as JsonObject;
    expect(report).toMatchObject({ party: 'alice', metrics: own.metrics, curves: own.curves });
  });

  test('shows others figures rounded to their standard errors, in ten buckets whatever the parameters', async () => {
    const { result } = await evaluate({});
    const seen = result.metrics as Record<string, number>;
    for (const [name, value] of Object.entries(textbook())) {
      expect(seen[name]).not.toBe(value);
      expect(Math.abs(seen[name]! / value! - 1)).toBeLessThan(0.05);
    }
    expect((await evaluate({ bucket_size: 37 })).result).toEqual(result);
  });

  test('finds the party in the name of an artifact, and takes names of columns and files', async () => {
    const ofBob = await evaluate({
      prediction_data: 'artifact:chain-1/lr/bob/predictions.csv',
      output_report: 'out/e.json',
    });
    expect(ofBob.result).toMatchObject({
      party: 'bob',
      output_report: 'out/e.json',
      metrics: { rmse: expect.any(Number) },
    });
    const named = await evaluate({
      prediction_data: { alice: 'other.csv' },
      label_column: '价格',
      prediction_column: '预测',
      bucket_size: 3,
    });
    expect(named.result.metrics).toEqual(ofBob.result.metrics);
    expect(named.partyResults!.alice).toMatchObject({ value: { curves: { by_prediction: { length: 3 } } } });
  });

  test('has no MAPE where a true value is 0', async () => {
    const { result } = await evaluate({ prediction_data: { alice: 'zero.csv' } });
    expect(result.metrics).toMatchObject({ mape: null, mae: expect.any(Number) });
  });

  test('gives the same files again', async () => {
    const [first, second] = [await evaluate({}), await evaluate({}, { attempt: 2 })];
    expect(second).toEqual(first);
  });

  test('passes gates, or fails outside of one and leaves no file', async () => {
    await evaluate({ assert: { r2_score: { min: 0.5, max: 1 }, rmse: { max: 20 } } });
    const error = await evaluate({
      output_report: 'artifact:gated.json',
      assert: { r2_score: { min: 0.999 }, mae: { max: 0.001 }, rmse: { max: 20 } },
    }).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'METRIC_BELOW_GATE',
      retryable: false,
      details: { failed: ['mae', 'r2_score'] },
    });
    expect((error as TaskFailure).details).not.toHaveProperty('metrics');
    expect((error as TaskFailure).message).not.toContain(' is ');
    await expect(folder.text('alice', 'artifact:chain-1/task-1/alice/gated.json')).rejects.toThrow('ENOENT');
    const none = evaluate({ prediction_data: { alice: 'zero.csv' }, assert: { mape: { max: 1 } } });
    await expect(none).rejects.toMatchObject({ code: 'METRIC_BELOW_GATE', details: { failed: ['mape'] } });
    expect(await folder.temporaries()).toEqual([]);
  });

  test('fails on what it cannot judge', async () => {
    const cases: [string, object][] = [
      ['flat.csv', { code: 'CONSTANT_COLUMN', details: { party: 'alice', column: 'label' } }],
      ['gap.csv', { code: 'CAST_FAILED', details: { party: 'alice', column: 'prediction', row: ROWS + 1 } }],
      ['none.csv', { code: 'FILE_NOT_FOUND' }],
    ];
    for (const [alice, expected] of cases) {
      expect(await evaluate({ prediction_data: { alice } }).catch((e: unknown) => e)).toMatchObject(expected);
    }
    const missing = evaluate({ label_column: 'nope' });
    await expect(missing).rejects.toMatchObject({ code: 'COLUMN_NOT_FOUND' });
  });

  test('shows figures of few rows to the party alone, and passes no gate on them', async () => {
    const { result, partyResults } = await evaluate({ prediction_data: { alice: 'few.csv' } });
    expect(result).toMatchObject({ rows: null, mean_label: null, metrics: null, curves: null, output_report: null });
    expect(partyResults!.alice).toMatchObject({ value: { rows: 4 } });
    const gated = evaluate({ prediction_data: { alice: 'few.csv' }, assert: { mae: { max: 9 } } });
    await expect(gated).rejects.toMatchObject({ code: 'GROUP_TOO_SMALL', details: { min_rows: 20 } });
  });

  test('sends nothing to another party, and gives out no bucket of under 20 rows', async () => {
    const crossed: CrossedMessage[] = [];
    const run = folder.run({});
    const program: PartyUrl<typeof Party> = new URL('./regression-eval-party.js', import.meta.url);
    const args = {
      path: 'p.csv',
      labelColumn: 'label',
      predictionColumn: 'prediction',
      buckets: 100,
      output: null,
      gates: {},
    };
    const outcomes = await runParties({
      program,
      parties: { alice: args },
      run,
      recorder: (message) => crossed.push(message),
    });
    expect(crossed).toEqual([]);
    const { curves } = outcomes.parties.alice!.value as { curves: Record<string, { rows: number }[]> };
    for (const { rows } of Object.values(curves).flat()) expect(rows).toBeGreaterThanOrEqual(20);
  });

  test('stops within 2 s when told to, and leaves nothing', async () => {
    const many = Array.from({ length: 60 }, () => labels.map((label, row) => [label, predictions[row]!])).flat();
    await folder.table('alice', 'many.csv', csvOf(['label', 'prediction'], many));
    const controller = new AbortController();
    let stopped = 0;
    const run = folder.run(
      { prediction_data: { alice: 'many.csv' }, output_report: 'out/stopped.json' },
      {
        signal: controller.signal,
        progress: (_, stage) => {
          if (stage !== 'reading' || stopped > 0) return;
          stopped = performance.now();
          controller.abort(new Error('cancelled'));
        },
      },
    );
    await expect(runRegressionEval(run)).rejects.toThrow('cancelled');
    expect(performance.now() - stopped).toBeLessThan(2000);
    await expect(folder.text('alice', 'out/stopped.json')).rejects.toThrow('ENOENT');
    expect(await folder.temporaries()).toEqual([]);
  });

  test('refuses parameters that do not say whose table it is, and unknown gates', () => {
    const pointers = (config: JsonObject): string[] =>
      checkTaskParams('regression_eval', {
        sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
        task_config: config,
      }).map(({ pointer }) => pointer);
    expect(pointers({ prediction_data: '${tasks.lr.result.prediction_output}' })).toEqual([]);
    expect(pointers({ prediction_data: { alice: 'p' }, assert: { rmse: { max: 1 } } })).toEqual([]);
    expect(pointers({ prediction_data: 'p.csv' })).toEqual(['/task_config/prediction_data']);
    expect(pointers({ prediction_data: { alice: 'p' }, output_report: { bob: 'r' } })).toEqual([
      '/task_config/output_report',
    ]);
    expect(pointers({ prediction_data: { alice: 'p' }, assert: { auc: { min: 1 } } })).toEqual([
      '/task_config/assert/auc',
    ]);
    expect(pointers({ prediction_data: { alice: 'p' }, assert: { mse: {} } })).toEqual(['/task_config/assert/mse']);
  });
});

describe('the metrics', () => {
  const number = fc.double({ min: -1e4, max: 1e4, noNaN: true });
  const pairs = fc
    .array(fc.tuple(number, number), { minLength: 5, maxLength: 60 })
    .filter((rows) => Math.max(...rows.map(([y]) => y)) - Math.min(...rows.map(([y]) => y)) > 1)
    .map((rows) => [Float64Array.from(rows, ([y]) => y), Float64Array.from(rows, ([, p]) => p)] as const);

  test('are perfect for the labels themselves, and 0 for their mean', () => {
    fc.assert(
      fc.property(pairs, ([labels]) => {
        expect(regressionMetrics(labels, labels)).toMatchObject({ mse: 0, rmse: 0, mae: 0, r2_score: 1 });
        const mean = labels.map(() => meanOf(labels));
        expect(Math.abs(regressionMetrics(labels, mean).r2_score)).toBeLessThan(1e-9);
      }),
    );
  });

  test('keep their laws: rmse² is mse, mae is at most rmse, a shift changes no explained variance', () => {
    fc.assert(
      fc.property(pairs, number, ([labels, predictions], shift) => {
        const metrics = regressionMetrics(labels, predictions);
        expect(metrics.rmse ** 2).toBeCloseTo(metrics.mse, 0);
        expect(metrics.mae).toBeLessThanOrEqual(metrics.rmse * (1 + 1e-12));
        expect(metrics.explained_variance).toBeGreaterThanOrEqual(metrics.r2_score - 1e-9);
        const shifted = regressionMetrics(
          labels,
          predictions.map((p) => p + shift),
        );
        const size = Math.max(1, Math.abs(metrics.explained_variance));
        expect(Math.abs(shifted.explained_variance - metrics.explained_variance) / size).toBeLessThan(1e-6);
      }),
    );
  });

  test('have buckets of every row, at least 20 each, whatever the order of the rows', () => {
    fc.assert(
      fc.property(pairs, fc.integer({ min: 1, max: 20 }), ([labels, predictions], count) => {
        const coarse = predictions.map((p) => Math.round(p / 1000));
        const buckets = numberBuckets(coarse, labels, predictions, count);
        expect(buckets.reduce((sum, { rows }) => sum + rows, 0)).toBe(labels.length);
        expect(buckets.length).toBeLessThanOrEqual(count);
        if (buckets.length > 1) for (const { rows } of buckets) expect(rows).toBeGreaterThanOrEqual(20);
        const reversed = numberBuckets(coarse.toReversed(), labels.toReversed(), predictions.toReversed(), count);
        expect(reversed.map(({ rows }) => rows)).toEqual(buckets.map(({ rows }) => rows));
      }),
    );
  });
});
