import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runBiclassificationEval } from './biclassification-eval-run.js';
import { checkTaskParams } from '../catalogue/check-params.js';
import { binaryMetrics, cutPoints } from './metrics.js';
import { MaskStream } from '../mpc/random.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskFailure } from '../contract/task-type.js';

const ROWS = 2000;
const words = new MaskStream(new Uint8Array(32), 'evaluation').next(ROWS);
const scores = Array.from({ length: ROWS }, (_, row) => (words[4 * row]! % 1000) / 1000);
const labels = scores.map((score, row) => (words[4 * row + 1]! / 2 ** 32 < score ? 1 : 0));
const csv = (header: string, rows: (string | number)[][]): string =>
  `${[header, ...rows.map((row) => row.join(','))].join('\n')}\n`;

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
  const rows = scores.map((score, row) => [labels[row]!, score]);
  await folder.table('alice', 'p.csv', csv('label,prediction', rows));
  await folder.table('../artifacts/chain-1/lr/bob', 'predictions.csv', csv('label,prediction', rows));
  await folder.table('alice', 'three.csv', csv('label,prediction', [...rows, [2, 0.5]]));
  await folder.table('alice', 'margin.csv', csv('label,prediction', [...rows, [1, 1.5]]));
  await folder.table(
    'alice',
    'one.csv',
    csv(
      'label,prediction',
      Array.from({ length: 25 }, (_, row) => [1, row / 25]),
    ),
  );
  await folder.table('alice', 'four.csv', 'label,prediction\n0,0.1\n1,0.9\n0,0.2\n1,0.8\n');
  await folder.table(
    'alice',
    'gap.csv',
    csv('label,prediction', [
      [1, 0.5],
      [0, ''],
    ]),
  );
});
afterAll(() => folder.remove());

type Bucket = { from: number; to: number; rows: number; positives: number };
const evaluate = (config: JsonObject): ReturnType<typeof runBiclassificationEval> =>
  runBiclassificationEval(folder.run({ prediction_data: { alice: 'p.csv' }, ...config }));

describe('biclassification_eval', () => {
  test('keeps the exact metrics, curves and a report of them for the party', async () => {
    const { result, artifacts, partyResults } = await evaluate({});
    const own = (partyResults!.alice as { value: JsonObject }).value;
    expect(own.metrics).toEqual(binaryMetrics(cutPoints(labels, Float64Array.from(scores))));
    expect(own).toMatchObject({ rows: ROWS, positives: labels.filter(Boolean).length });
    const { roc, calibration, buckets } = own.curves as {
      roc: number[][];
      calibration: JsonObject[];
      buckets: JsonObject[];
    };
    expect(roc.length).toBeGreaterThan(20);
    expect(buckets).toHaveLength(10);
    for (const { rows, positives, mean_score: mean } of calibration as {
      rows: number;
      positives: number;
      mean_score: number;
    }[]) {
      expect(Math.abs(positives / rows - mean)).toBeLessThan(0.12);
    }
    expect(artifacts.map(({ name, mediaType }) => [name, mediaType])).toEqual([
      ['alice/evaluation.json', 'application/json'],
    ]);
    const report = JSON.parse(await folder.text('alice', String(result.output_report))) as JsonObject;
    expect(report).toMatchObject({ party: 'alice', rows: ROWS, metrics: own.metrics });
  });

  test('shows others rounded figures at the cuts of a grid, whatever the parameters', async () => {
    const { result } = await evaluate({});
    expect(result).toMatchObject({ party: 'alice', output_report: 'artifact:chain-1/task-1/alice/evaluation.json' });
    const exact = binaryMetrics(cutPoints(labels, Float64Array.from(scores)));
    for (const [name, value] of Object.entries(result.metrics as Record<string, number>)) {
      expect(Math.abs(value - exact[name as keyof typeof exact])).toBeLessThan(0.03);
      expect(Number(value.toFixed(2))).toBe(value);
    }
    const { roc, calibration, buckets } = result.curves as {
      roc: number[][];
      calibration: Bucket[];
      buckets: Bucket[];
    };
    expect(calibration).toEqual(buckets);
    for (const { from, to, rows } of buckets) {
      for (const cut of [from, to]) expect(Math.round(cut * 20) / 20).toBe(cut);
      expect(rows % 20).toBe(0);
    }
    for (const [, , threshold] of roc) expect(Math.round(threshold! * 20) / 20).toBe(threshold);
    const other = await evaluate({ bucket_size: 37 });
    expect(other.result).toEqual(result);
  });

  test('finds the party in the name of an artifact, and takes names of columns and files', async () => {
    const { result, partyResults } = await evaluate({
      prediction_data: 'artifact:chain-1/lr/bob/predictions.csv',
      bucket_size: 5,
      output_report: 'out/e.json',
    });
    expect(result).toMatchObject({ party: 'bob', output_report: 'out/e.json' });
    expect(partyResults!.bob).toMatchObject({ value: { curves: { buckets: { length: 5 } } } });
    expect(await folder.text('bob', 'out/e.json')).toContain('"auc"');
  });

  test('gives the same files again', async () => {
    const [first, second] = [await evaluate({}), await evaluate({})];
    expect(second).toEqual(first);
  });

  test('passes a gate, or fails below it and leaves no file', async () => {
    await evaluate({ assert: { auc: { min: 0.7 } } });
    const error = await evaluate({
      output_report: 'artifact:gated.json',
      assert: { auc: { min: 0.99 }, ks: { min: 0.1 } },
    }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'METRIC_BELOW_GATE', retryable: false, details: { below: ['auc'] } });
    expect((error as TaskFailure).details).toEqual({ below: ['auc'] });
    expect((error as TaskFailure).message).not.toContain('0.8');
    await expect(folder.text('alice', 'artifact:chain-1/task-1/alice/gated.json')).rejects.toThrow('ENOENT');
    expect(await folder.temporaries()).toEqual([]);
  });

  test('fails on what it cannot judge', async () => {
    const cases: [string, object][] = [
      ['three.csv', { code: 'LABEL_NOT_BINARY' }],
      ['one.csv', { code: 'LABEL_NOT_BINARY' }],
      [
        'margin.csv',
        { code: 'PREDICTION_OUT_OF_RANGE', message: expect.stringContaining(`data row ${ROWS + 1}`) as unknown },
      ],
      ['gap.csv', { code: 'CAST_FAILED' }],
      ['none.csv', { code: 'FILE_NOT_FOUND' }],
    ];
    for (const [alice, expected] of cases) {
      expect(await evaluate({ prediction_data: { alice } }).catch((e: unknown) => e)).toMatchObject(expected);
    }
    expect(await evaluate({ label_column: 'nope' }).catch((e: unknown) => e)).toMatchObject({
      code: 'COLUMN_NOT_FOUND',
    });
  });

  test('shows figures of few rows to the party alone, and passes no gate on them', async () => {
    const { result, artifacts, partyResults } = await evaluate({ prediction_data: { alice: 'four.csv' } });
    expect(result).toMatchObject({ rows: null, positives: null, metrics: null, curves: null, output_report: null });
    expect([artifacts, (result.withheld as JsonObject).metrics]).toEqual([[], expect.stringContaining('fewer rows')]);
    expect(partyResults!.alice).toMatchObject({ value: { rows: 4 } });
    const gated = evaluate({ prediction_data: { alice: 'four.csv' }, assert: { auc: { min: 0.1 } } });
    await expect(gated).rejects.toMatchObject({ code: 'GROUP_TOO_SMALL', details: { min_rows: 20 } });
  });

  test('refuses parameters that do not say whose table it is', () => {
    const pointers = (config: JsonObject): string[] =>
      checkTaskParams('biclassification_eval', {
        sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
        task_config: config,
      }).map(({ pointer }) => pointer);
    expect(
      pointers({ prediction_data: '${tasks.lr.result.prediction_output}', assert: { auc: { min: 0.9 } } }),
    ).toEqual([]);
    expect(pointers({ prediction_data: { alice: 'p' }, output_report: { alice: 'r' } })).toEqual([]);
    expect(pointers({ prediction_data: 'p.csv' })).toEqual(['/task_config/prediction_data']);
    expect(pointers({ prediction_data: { alice: 'p', bob: 'p' } })).toEqual(['/task_config/prediction_data']);
    expect(pointers({ prediction_data: { alice: 'p' }, output_report: { bob: 'r' } })).toEqual([
      '/task_config/output_report',
    ]);
    expect(pointers({ prediction_data: { alice: 'p' }, assert: { gini: { min: 1 } } })).toEqual([
      '/task_config/assert/gini',
    ]);
  });
});
