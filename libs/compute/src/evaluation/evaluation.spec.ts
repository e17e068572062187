import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { csvOf } from '../table/breast-cancer-for-tests.js';
import { binaryMetrics, cutPoints } from './metrics.js';
import { NEUTRAL } from '../party/party-program.js';
import type { CrossedMessage } from '../party/run-parties.js';
import type { TestFolder } from '../contract/run-for-tests.js';
import { runTask } from '../catalogue/run-task.js';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import { runEvaluation } from './evaluation-run.js';
import { FEATURES, TEST, TestModels, TRAININGS } from './models-for-tests.js';

let models: TestModels;
let folder: TestFolder;
let trained: TestModels['trained'];
beforeAll(async () => {
  models = await TestModels.train();
  ({ folder, trained } = models);
});
afterAll(() => folder.remove());
const modelOf = (task: string): Record<string, string> => models.of(task);
const nameOf = (task: string): Promise<string> => models.nameOf(task);
/** A `task_config` of a model of both parties. */
const configOf = (task: string, label = 'y', more: JsonObject = {}): JsonObject => ({
  model: modelOf(task),
  test_data: { alice: 'test.csv', bob: 'test.csv' },
  label,
  label_party: 'alice',
  ...more,
});
const evaluate = (config: JsonObject): Promise<TaskRunResult> => runTask('evaluation', folder.run(config));
const failureOf = (config: JsonObject): Promise<unknown> => evaluate(config).catch((error: unknown) => error);

describe('evaluation', () => {
  test('of a whole model gives the figures of its predictions, worked out plainly', async () => {
    const { result, artifacts, partyResults } = await evaluate({
      model: { alice: modelOf('whole').alice! },
      test_data: { alice: 'test.csv' },
      label: 'y',
    });
    const { weights, intercept } = JSON.parse(await folder.text('alice', modelOf('whole').alice!)) as {
      weights: [number, number];
      intercept: number;
    };
    const shown = TEST.map((row) => row.map((v) => Number(v.toFixed(6))));
    const scores = shown.map(([x, y]) => 1 / (1 + Math.exp(-(intercept + weights[0] * x! + weights[1] * y!))));
    const plain = binaryMetrics(
      cutPoints(
        shown.map((row) => row[5]!),
        Float64Array.from(scores),
      ),
    );
    expect(result).toMatchObject({
      party: 'alice',
      objective: 'logistic',
      rows: TEST.length - (TEST.length % 20),
      output_report: 'artifact:chain-1/task-1/alice/evaluation.json',
    });
    const { metrics } = (partyResults!.alice as { value: { metrics: Record<string, number> } }).value;
    for (const [name, value] of Object.entries(plain)) expect(metrics[name]).toBeCloseTo(value, 12);
    expect(result).not.toHaveProperty('prediction_output');
    expect(artifacts.map(({ name }) => name)).toEqual(['alice/evaluation.json']);
  });

  for (const [task, , label] of TRAININGS) {
    test(`of ${task} gives what the training's own predictions give`, async () => {
      const config = configOf(task, label, { prediction_output: 'artifact:p.csv' });
      const { result } = await evaluate(config);
      const predictions = trained[task]!.result.prediction_output as string;
      const type = label === 'y' ? 'biclassification_eval' : 'regression_eval';
      const reference = await runTask(type, folder.run({ prediction_data: predictions }, { taskId: 'reference' }));
      const { output_report: _, ...figures } = reference.result;
      expect(result).toMatchObject({ ...figures, objective: label === 'y' ? 'logistic' : 'linear' });
      const kept = await folder.rows('alice', result.prediction_output as string);
      const expected = await folder.rows('alice', predictions);
      expect(kept[0]).toEqual(expected[0]);
      expect(kept.slice(1).map((row) => row.map(Number))).toEqual(expected.slice(1).map((row) => row.map(Number)));
      expect(await evaluate(config)).toEqual(await evaluate(config));
    });
  }

  test('passes a gate, or fails below it and leaves no file', async () => {
    await evaluate(configOf('lr', 'y', { assert: { auc: { min: 0.8 } } }));
    await evaluate(configOf('lr-numbers', 'amount', { assert: { r2_score: { min: 0.3 }, rmse: { max: 10 } } }));
    const gated = { output_report: 'artifact:gated.json', assert: { auc: { min: 1 }, ks: { min: 0.1 } } };
    expect(await failureOf(configOf('lr', 'y', gated))).toMatchObject({
      code: 'METRIC_BELOW_GATE',
      retryable: false,
      details: { below: ['auc'] },
    });
    await expect(folder.text('alice', 'artifact:chain-1/task-1/alice/gated.json')).rejects.toThrow('ENOENT');
    expect(await failureOf(configOf('xgb-numbers', 'level', { assert: { rmse: { max: 1e-6 } } }))).toMatchObject({
      code: 'METRIC_BELOW_GATE',
    });
    expect(await failureOf(configOf('lr', 'y', { assert: { rmse: { max: 1 } } }))).toMatchObject({
      code: 'MODEL_INCOMPATIBLE',
      message: expect.stringContaining('is logistic, and has no rmse') as unknown,
    });
    expect(await folder.temporaries()).toEqual([]);
  });

  test('fails on models that do not go together, and on files that are none', async () => {
    const whole = modelOf('whole').alice!;
    const sliceOf = (task: string, party: string): string => modelOf(task)[party]!;
    const broken = JSON.parse(await folder.text('alice', sliceOf('xgb', 'alice'))) as { trees: JsonObject[][] };
    // A node above its parent would send rows round for ever.
    broken.trees[0]![0]!.left = 0;
    await folder.table('alice', 'loop.json', JSON.stringify(broken));
    await folder.table('alice', 'text.json', 'no model');
    // Slices that fit but for the training that they are of.
    const config = { ...configOf('lr'), train_data: { alice: 'train.csv', bob: 'train.csv' }, features: FEATURES };
    const { model: _, test_data: __, ...training } = config as JsonObject;
    const other = await runTask('ss_lr', folder.run({ ...training, params: { epochs: 4 } }, { taskId: 'other' }));
    const otherSlice = (other.result.model_paths as Record<string, string>).bob!;
    const splits = JSON.parse(await folder.text('bob', sliceOf('xgb', 'bob'))) as JsonObject;
    await folder.table('bob', 'other-splits.json', JSON.stringify({ ...splits, training: 'other' }));
    const cases: [JsonObject, string][] = [
      [{ model: { alice: whole, bob: sliceOf('lr', 'bob') } }, 'whole model'],
      [{ model: { alice: sliceOf('lr', 'alice') }, test_data: { alice: 'test.csv' } }, 'all its parties'],
      [{ model: { alice: sliceOf('lr', 'alice'), bob: sliceOf('xgb', 'bob') } }, 'not slices of one'],
      [{ model: { alice: sliceOf('lr', 'alice'), bob: sliceOf('lr-numbers', 'bob') } }, 'not slices of one'],
      [{ model: { alice: sliceOf('lr', 'alice'), bob: otherSlice } }, 'not slices of one'],
      [{ model: { alice: sliceOf('xgb', 'alice'), bob: 'other-splits.json' } }, 'not slices of one'],
      [{ label_party: 'bob' }, 'another role'],
      [{ model: { alice: 'loop.json', bob: sliceOf('xgb', 'bob') } }, 'is no model'],
      [{ model: { alice: 'text.json', bob: sliceOf('xgb', 'bob') } }, 'no JSON'],
      [{ model: { alice: 'test.csv', bob: sliceOf('xgb', 'bob') } }, 'no JSON'],
    ];
    for (const [more, message] of cases) {
      expect(await failureOf({ ...configOf('lr'), ...more })).toMatchObject({
        code: 'MODEL_INCOMPATIBLE',
        message: expect.stringContaining(message) as unknown,
      });
    }
    await folder.table('bob', 'of-alice.json', await folder.text('alice', sliceOf('lr', 'alice')));
    const stolen = { model: { alice: sliceOf('lr', 'alice'), bob: 'of-alice.json' } };
    expect(await failureOf({ ...configOf('lr'), ...stolen })).toMatchObject({
      message: expect.stringContaining("another party's slice") as unknown,
    });
  });

  test('fails on test data that it cannot judge, with a code that says what to do', async () => {
    const cases: [JsonObject, string][] = [
      [{ test_data: { alice: 'test.csv', bob: 'longer.csv' } }, 'NOT_ALIGNED'],
      [{ test_data: { alice: 'few.csv', bob: 'few.csv' } }, 'GROUP_TOO_SMALL'],
      [{ test_data: { alice: 'none.csv', bob: 'test.csv' } }, 'FILE_NOT_FOUND'],
      [{ label: 'nope' }, 'COLUMN_NOT_FOUND'],
      [{ label: 'amount' }, 'LABEL_NOT_BINARY'],
    ];
    for (const [more, code] of cases) expect(await failureOf({ ...configOf('lr'), ...more })).toMatchObject({ code });
    expect(await folder.temporaries()).toEqual([]);
  });

  test('of ss_lr lets out sizes, and messages that read like coins', async () => {
    const crossed: CrossedMessage[] = [];
    await runEvaluation(folder.run(configOf('lr')), (message) => crossed.push(message));
    const own = JSON.stringify({ kind: 'regression', objective: 'logistic', splits: 0, training: await nameOf('lr') });
    const texts = crossed.filter(({ body }) => typeof body === 'string').map(({ from, to, body }) => [from, to, body]);
    const sizes = { masks: false, rows: 90, columns: [2, 3], objective: 'logistic' };
    expect(texts.toSorted()).toEqual(
      [
        ...[own, '{"test":90,"min_group_rows":20}', '{"features":1}'].flatMap((text) => [
          ['alice', 'bob', text],
          ['bob', 'alice', text],
        ]),
        ['alice', NEUTRAL, JSON.stringify(sizes)],
      ].toSorted(),
    );
    const bits = crossed.filter(({ from, to, body }) => typeof body !== 'string' && from !== NEUTRAL && to !== NEUTRAL);
    const bytes = Buffer.concat(bits.map(({ body }) => Buffer.from(body as Uint8Array)));
    const ones = bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    expect(Math.abs(ones - bytes.length * 4)).toBeLessThan(5 * Math.sqrt(bytes.length * 2));
    // The last message is bob's share of the predictions. With alice's it gives multiples of 2^-10, and alone nothing.
    const last = bits.at(-1)!;
    expect(last).toMatchObject({ from: 'bob', to: 'alice', bytes: 90 * 16 });
    expect(bits.filter(({ from }) => from === 'bob')).toHaveLength(
      bits.filter(({ from }) => from === 'alice').length + 1,
    );
  });

  test('of ss_lr refuses features that are too large for the model, and slices in clear of earlier releases', async () => {
    const far = TEST.map((row) => row.slice(2, 5).map((v) => (v * 1e15).toFixed(0)));
    await folder.table('bob', 'far.csv', csvOf(FEATURES.bob, far));
    const test_data = { alice: 'test.csv', bob: 'far.csv' };
    expect(await failureOf({ ...configOf('lr'), test_data })).toMatchObject({ code: 'NOT_CONVERGED' });
    const slice = JSON.parse(await folder.text('bob', modelOf('lr').bob!)) as JsonObject;
    const old = { ...slice, format: 'taskchain/vertical-regression/v1', weights: [1, 2, 3] };
    await folder.table('bob', 'old.json', JSON.stringify(old));
    expect(await failureOf({ ...configOf('lr'), model: { ...modelOf('lr'), bob: 'old.json' } })).toMatchObject({
      code: 'MODEL_INCOMPATIBLE',
      message: expect.stringContaining('train again') as unknown,
    });
  });

  test('of secureboost lets out ids of splits, sizes, and bits that read like coins', async () => {
    const crossed: CrossedMessage[] = [];
    await runEvaluation(folder.run(configOf('xgb')), (message) => crossed.push(message));
    const texts = crossed.flatMap(({ from, to, body }) =>
      typeof body === 'string' ? [[from, to, body] as const] : [],
    );
    const { splits } = JSON.parse(await folder.text('bob', modelOf('xgb').bob!)) as { splits: JsonObject[] };
    const own = JSON.stringify({
      kind: 'trees',
      objective: 'logistic',
      splits: splits.length,
      training: await nameOf('xgb'),
    });
    const commands = texts.filter(([, , body]) => body.startsWith('{"op"'));
    expect(texts.filter((text) => !commands.includes(text)).toSorted()).toEqual(
      [
        ['alice', 'bob', own],
        ['alice', 'bob', '{"test":90,"min_group_rows":20}'],
        ['bob', 'alice', own],
        ['bob', 'alice', '{"test":90,"min_group_rows":20}'],
        ['alice', NEUTRAL, '{"masks":true}'],
      ].toSorted(),
    );
    const asked = commands.flatMap(([from, to, body]) => {
      expect(from).toBe('alice');
      const command = JSON.parse(body) as { op: string; splits?: number[][]; from?: number; to?: number };
      if (to === NEUTRAL) expect(body).toMatch(/^\{"op":"(choice","rows":90,"lists":\[[\d,]+\]|done")\}$/);
      else if (command.op === 'route') expect([command.from, command.to]).toEqual([0, 90]);
      return command.splits ?? [];
    });
    expect(asked.flat().toSorted((a, b) => a - b)).toEqual(splits.map((_, id) => id));
    // Of alice an option of 2 bytes for each row and tree, of 96; of bob 12 bytes of 90 bits for each option, a power of two in all.
    const bits = crossed.filter(({ body, from, to }) => typeof body !== 'string' && from !== NEUTRAL && to !== NEUTRAL);
    const sizes = { alice: 0, bob: 0 };
    for (const { from, bytes } of bits) sizes[from as 'alice' | 'bob'] += bytes;
    const options = asked.map((group) => 2 ** Math.ceil(Math.log2(group.length + 1)));
    expect(sizes).toEqual({ alice: 192 * asked.length, bob: 12 * options.reduce((sum, each) => sum + each, 0) });
    const answers = bits.filter(({ from }) => from === 'bob').map(({ body }) => Buffer.from(body as Uint8Array));
    const bytes = Buffer.concat(answers);
    const ones = bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    expect(Math.abs(ones - bytes.length * 4)).toBeLessThan(5 * Math.sqrt(bytes.length * 2));
  });

  test('parameters are refused where they cannot work', () => {
    const pointers = (task_config: JsonObject): string[] =>
      checkTaskParams('evaluation', { sf_init_config: { parties: ['alice', 'bob'] }, task_config }).map(({ pointer }) =>
        pointer.slice('/task_config'.length),
      );
    const model = { alice: 'm.json', bob: 'm.json' };
    const two = { model, test_data: { alice: 't', bob: 't' }, label: 'y' };
    const one = { model: { alice: 'm.json' }, test_data: { alice: 't' }, label: 'y' };
    expect(pointers(one)).toEqual([]);
    expect(pointers({ ...two, label_party: 'bob' })).toEqual([]);
    expect(pointers({ ...two, model: '${tasks.t.result.model_paths}', label_party: 'bob' })).toEqual([]);
    expect(pointers(two)).toEqual(['/label_party']);
    expect(pointers({ ...two, label_party: 'carol' })).toEqual(['/label_party']);
    expect(pointers({ ...one, model })).toEqual(['/test_data', '/label_party']);
    expect(pointers({ ...one, assert: { gini: { min: 0.5 } } })).toEqual(['/assert/gini']);
    expect(pointers({ ...one, assert: { auc: { max: 0.5 } } })).not.toEqual([]);
    expect(pointers({ model: { alice: 'm.json' }, test_data: { alice: 't' } })).toEqual(['/label']);
  });
});
