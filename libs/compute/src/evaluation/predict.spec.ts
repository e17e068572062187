import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { runTask } from '../catalogue/run-task.js';
import type { TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import { NEUTRAL } from '../party/party-program.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { csvOf } from '../table/breast-cancer-for-tests.js';
import { FEATURES, SHARED_TREES, TEST, TestModels, TRAININGS } from './models-for-tests.js';
import { runPredict } from './predict-run.js';
import { Serving } from './serving-for-tests.js';

const ALL = [...TRAININGS, SHARED_TREES];
let models: TestModels;
let folder: TestFolder;
beforeAll(async () => {
  models = await TestModels.train(ALL);
  ({ folder } = models);
});
afterAll(() => folder.remove());

/** A `task_config` of a model of both parties. */
const configOf = (task: string, receiver = 'alice', more: JsonObject = {}): JsonObject => ({
  model: models.of(task),
  input_data: { alice: 'test.csv', bob: 'test.csv' },
  prediction_receiver: receiver,
  ...more,
});
const predict = (config: JsonObject): Promise<TaskRunResult> => runTask('predict', folder.run(config));
const failureOf = (config: JsonObject): Promise<unknown> => predict(config).catch((error: unknown) => error);
const rowsOf = ({ result }: TaskRunResult): Promise<string[][]> =>
  folder.rows(result.party as string, result.prediction_output as string);
/** What the training itself predicted of the test rows. */
async function trained(task: string): Promise<string[]> {
  const rows = await folder.rows('alice', models.trained[task]!.result.prediction_output as string);
  return rows.slice(1).map(([, prediction]) => String(Number(prediction)));
}

describe('predict', () => {
  for (const [task, type] of ALL) {
    test(`with ${task} gives what the training's own predictions are, to the receiver alone`, async () => {
      const expected = await trained(task);
      for (const receiver of type === 'secureboost' ? ['alice'] : ['alice', 'bob']) {
        const outcome = await predict(configOf(task, receiver));
        expect(outcome.result).toEqual({
          party: receiver,
          objective: task.endsWith('numbers') ? 'linear' : 'logistic',
          rows: 80,
          prediction_output: `artifact:chain-1/task-1/${receiver}/predictions.csv`,
        });
        expect(outcome.artifacts.map(({ name }) => name)).toEqual([`${receiver}/predictions.csv`]);
        expect(outcome.partyResults).toEqual({ [receiver]: { value: { rows: 90 } } });
        expect(await rowsOf(outcome)).toEqual([['prediction'], ...expected.map((each) => [each])]);
      }
    });
  }

  test('with serve opens the same, a row at a time, of each kind of model on shares', async () => {
    const rows = [0, 63, 89];
    for (const [task, receiver] of [
      ['lr-numbers', 'bob'],
      ['shared', 'bob'],
      ['shared', 'alice'],
    ] as const) {
      const key = receiver === 'alice' ? 'a0' : 'b0';
      const expected = await trained(task);
      const serving = await Serving.start(folder.run(configOf(task, receiver, { serve: { key, scores: 9 } })));
      const answers = await Promise.all(rows.map((row) => serving.score(TEST[row]![key === 'a0' ? 0 : 2]!.toFixed(6))));
      expect(answers.map(({ body }) => String(body['prediction']))).toEqual(rows.map((row) => expected[row]));
      await serving.outcomes();
    }
    const boosted = await Serving.start(folder.run(configOf('xgb', 'alice', { serve: { key: 'a0', scores: 9 } })));
    expect((await boosted.outcomes())[0]).toMatchObject({ reason: { code: 'MODEL_INCOMPATIBLE' } });
  });

  test('keeps columns of the receiver as they stand in its file, and names the predictions', async () => {
    const names = ['id', ...FEATURES.alice, 'y'];
    await folder.table(
      'alice',
      'ids.csv',
      csvOf(
        names,
        TEST.map((row, at) => [`C-${at}`, row[0]!.toFixed(6), row[1]!.toFixed(6), at % 7 === 0 ? '' : row[5]!]),
      ),
    );
    const more = { keep_columns: ['y', 'id'], prediction_name: 'score', prediction_output: 'scored.csv' };
    const input_data = { alice: 'ids.csv', bob: 'test.csv' };
    const outcome = await predict(configOf('lr', 'alice', { ...more, input_data }));
    expect(outcome.result.prediction_output).toBe('scored.csv');
    const expected = (await trained('lr')).map((p, at) => [at % 7 === 0 ? '' : String(TEST[at]![5]), `C-${at}`, p]);
    expect(await rowsOf(outcome)).toEqual([['y', 'id', 'score'], ...expected]);
  });

  test('with a whole model predicts rows of its party alone, however few', async () => {
    const config = { model: { alice: models.of('whole').alice! }, input_data: { alice: 'few.csv' } };
    const outcome = await predict(config);
    const { weights, intercept } = JSON.parse(await folder.text('alice', config.model.alice)) as {
      weights: [number, number];
      intercept: number;
    };
    expect(outcome.result).toMatchObject({ party: 'alice', rows: 0 });
    const [, ...rows] = await rowsOf(outcome);
    TEST.slice(0, 4).forEach(([x, y], at) => {
      const score = intercept + weights[0] * Number(x!.toFixed(6)) + weights[1] * Number(y!.toFixed(6));
      expect(Number(rows[at]![0])).toBeCloseTo(1 / (1 + Math.exp(-score)), 12);
    });
  });

  test('holds a run of a long table at a time, each under masks that no other run had', async () => {
    const ROWS = 16_384 + 100;
    await models.tables(
      'long',
      Array.from({ length: ROWS }, (_, at) => TEST[at % 64]!),
    );
    const input_data = { alice: 'long.csv', bob: 'long.csv' };
    for (const [task, type] of ALL.filter(([each]) => !each.endsWith('numbers'))) {
      const expected = await trained(task);
      const crossed: CrossedMessage[] = [];
      const config = folder.run(configOf(task, 'alice', { input_data }));
      const outcome = await runPredict(config, (message) => crossed.push(message));
      const [, ...rows] = await rowsOf(outcome);
      expect(rows.map(([p]) => p)).toEqual(Array.from({ length: ROWS }, (_, at) => expected[at % 64]));
      const bodies = crossed.flatMap(({ from, body }) => (from === 'bob' && typeof body !== 'string' ? [body] : []));
      if (type !== 'ss_lr') continue;
      // The columns of each whole run; the rows of all runs are the same ones.
      const blocks = bodies.filter(({ length }) => length === 2048 * FEATURES.bob.length * 16);
      expect(blocks).toHaveLength(8);
      const elements = blocks.flatMap((block) =>
        Array.from({ length: block.length / 16 }, (_, at) =>
          Buffer.from(block.subarray(16 * at, 16 * at + 16)).toString('hex'),
        ),
      );
      expect(new Set(elements).size).toBe(elements.length);
    }
  }, 120_000);

  test('fails on models that do not go together, roles that cannot be, and tables that do not fit', async () => {
    const whole = models.of('whole').alice!;
    const cases: [JsonObject, string, string][] = [
      [{ ...configOf('lr'), model: { alice: whole, bob: models.of('lr').bob! } }, 'MODEL_INCOMPATIBLE', 'whole model'],
      [
        { model: { alice: models.of('lr').alice! }, input_data: { alice: 'test.csv' } },
        'MODEL_INCOMPATIBLE',
        'all its parties',
      ],
      [configOf('xgb', 'bob'), 'MODEL_INCOMPATIBLE', 'the party of the label alone'],
      [
        { ...configOf('lr'), model: { alice: models.of('lr').alice!, bob: models.of('lr-numbers').bob! } },
        'MODEL_INCOMPATIBLE',
        'not slices of one',
      ],
      [configOf('lr', 'bob', { input_data: { alice: 'test.csv', bob: 'longer.csv' } }), 'NOT_ALIGNED', 'input_data:'],
      [configOf('lr', 'bob', { input_data: { alice: 'few.csv', bob: 'few.csv' } }), 'GROUP_TOO_SMALL', 'under 20'],
      [configOf('lr', 'bob', { input_data: { alice: 'none.csv', bob: 'test.csv' } }), 'FILE_NOT_FOUND', 'none.csv'],
      [configOf('lr', 'alice', { keep_columns: ['id'] }), 'COLUMN_NOT_FOUND', '"id"'],
      [configOf('lr', 'alice', { input_data: { alice: 'short.csv', bob: 'test.csv' } }), 'COLUMN_NOT_FOUND', '"a1"'],
      [configOf('lr', 'alice', { input_data: { alice: 'gaps.csv', bob: 'test.csv' } }), 'CAST_FAILED', 'data row 41'],
      [configOf('lr', 'bob', { input_data: { alice: 'test.csv', bob: 'far.csv' } }), 'NOT_CONVERGED', 'too large'],
    ];
    const shown = (row: number[]): [string, string] => [row[0]!.toFixed(6), row[1]!.toFixed(6)];
    await folder.table(
      'alice',
      'short.csv',
      csvOf(
        ['a0', 'a2'],
        TEST.map((row) => shown(row)),
      ),
    );
    await folder.table(
      'alice',
      'gaps.csv',
      csvOf(
        FEATURES.alice,
        TEST.map((row, at) => (at === 40 ? ['', '1'] : shown(row))),
      ),
    );
    await folder.table(
      'bob',
      'far.csv',
      csvOf(
        FEATURES.bob,
        TEST.map((row) => row.slice(2, 5).map((v) => (v * 1e15).toFixed(0))),
      ),
    );
    for (const [config, code, message] of cases) {
      expect(await failureOf(config)).toMatchObject({ code, message: expect.stringContaining(message) as unknown });
    }
    expect(await folder.temporaries()).toEqual([]);
  });

  test('lets out sizes, and messages that read like coins, whoever receives', async () => {
    for (const receiver of ['alice', 'bob']) {
      const crossed: CrossedMessage[] = [];
      await runPredict(folder.run(configOf('lr', receiver)), (message) => crossed.push(message));
      const own = { kind: 'regression', objective: 'logistic', splits: 0, training: await models.nameOf('lr') };
      const sizes = { masks: false, rows: 90, columns: [2, 3], objective: 'logistic' };
      const texts = crossed.filter(({ body }) => typeof body === 'string');
      expect(texts.map(({ from, to, body }) => [from, to, body]).toSorted()).toEqual(
        [
          ...[JSON.stringify(own), '{"input":90,"min_group_rows":20}', '{"features":1}'].flatMap((text) => [
            ['alice', 'bob', text],
            ['bob', 'alice', text],
          ]),
          [receiver, NEUTRAL, JSON.stringify(sizes)],
        ].toSorted(),
      );
      const between = crossed.filter(
        ({ from, to, body }) => typeof body !== 'string' && from !== NEUTRAL && to !== NEUTRAL,
      );
      const bytes = Buffer.concat(between.map(({ body }) => Buffer.from(body as Uint8Array)));
      const ones = bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
      expect(Math.abs(ones - bytes.length * 4)).toBeLessThan(5 * Math.sqrt(bytes.length * 2));
      // The last message is the other party's share of the predictions, and the receiver sends none.
      expect(between.at(-1)).toMatchObject({ to: receiver, bytes: 90 * 16 });
      expect(between.filter(({ from }) => from === receiver)).toHaveLength((between.length - 1) / 2);
    }
  });

  test('parameters are refused where they cannot work', () => {
    const pointers = (task_config: JsonObject): string[] =>
      checkTaskParams('predict', { sf_init_config: { parties: ['alice', 'bob'] }, task_config }).map(({ pointer }) =>
        pointer.slice('/task_config'.length),
      );
    const model = { alice: 'm.json', bob: 'm.json' };
    const two = { model, input_data: { alice: 't', bob: 't' } };
    const one = { model: { alice: 'm.json' }, input_data: { alice: 't' } };
    expect(pointers(one)).toEqual([]);
    expect(pointers({ ...two, prediction_receiver: 'bob' })).toEqual([]);
    expect(pointers({ ...two, model: '${tasks.t.result.model_paths}', prediction_receiver: 'bob' })).toEqual([]);
    expect(pointers(two)).toEqual(['/prediction_receiver']);
    expect(pointers({ ...two, prediction_receiver: 'carol' })).toEqual(['/prediction_receiver']);
    expect(pointers({ ...one, model })).toEqual(['/input_data', '/prediction_receiver', '/model/bob']);
    expect(pointers({ ...one, keep_columns: ['id', 'prediction'] })).toEqual(['/prediction_name']);
    expect(pointers({ ...one, keep_columns: ['score'], prediction_name: 'score' })).toEqual(['/prediction_name']);
    expect(pointers({ ...one, label: 'y' })).toEqual(['/label']);
  });
});
