import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { Serving } from '../evaluation/serving-for-tests.js';
import { runTask } from '../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import { csvOf } from '../table/breast-cancer-for-tests.js';
import { glmCases, writeCredit, type GlmCase } from './cases-for-tests.js';
import { openGlm } from './open-model-for-tests.js';

let folder: TestFolder;
let ids: string[];
let cases: Record<string, GlmCase>;
beforeAll(async () => {
  folder = await testFolder();
  ids = await writeCredit(folder);
  cases = await glmCases();
});
afterAll(() => folder.remove());

const configOf = (
  { features, label }: Pick<GlmCase, 'features' | 'label'>,
  params: JsonObject,
  more: JsonObject = {},
): JsonObject => ({
  ...{ label, label_party: 'alice', params },
  features: { alice: [...features.alice], bob: [...features.bob] },
  train_data: { alice: 'credit.csv', bob: 'credit.csv' },
  prediction_output: 'artifact:predictions.csv',
  ...more,
});
const pathsOf = ({ result }: TaskRunResult) => result.model_paths as { alice: string; bob: string };
const opened = async (outcome: TaskRunResult) => {
  const { alice, bob } = pathsOf(outcome);
  return openGlm(await folder.text('alice', alice), await folder.text('bob', bob));
};
/** Predictions by row, with the party that gets them. */
async function predictionsOf({ result }: TaskRunResult, party = 'alice'): Promise<number[]> {
  const rows = await folder.rows(party, result.prediction_output as string);
  return rows.slice(1).map((fields) => Number(fields.at(-1)));
}

/** Parameters of the cases. */
const EXPOSURE = { offset: 'log_duration', weight: 'credit_amount' };
const CASES: readonly (readonly [string, JsonObject, JsonObject])[] = [
  ['poisson', { distribution: 'poisson' }, {}],
  ['gamma', { distribution: 'gamma', epochs: 10 }, {}],
  ['tweedie', { distribution: 'tweedie', tweedie_power: 1.5, l2_lambda: 0.5, epochs: 10 }, {}],
  ['exposure', { distribution: 'poisson' }, EXPOSURE],
  ['bernoulli', {}, {}],
];

/** Predict gives the other party what the training gave the party with the label. */
async function predictsAgain(outcome: TaskRunResult, predictions: readonly number[]): Promise<void> {
  const config = {
    model: pathsOf(outcome),
    input_data: { alice: 'credit.csv', bob: 'credit.csv' },
    prediction_receiver: 'bob',
  };
  const again = await runTask('predict', folder.run(config, { taskId: 'again' }));
  const { link } = outcome.result.training_metrics as { link: string };
  const objective = link === 'log' ? 'linear' : 'logistic';
  expect(again.result).toMatchObject({ party: 'bob', objective, rows: 880 });
  expect(await predictionsOf(again, 'bob')).toEqual(predictions);
  if (link === 'log') return;
  const [names, ...rows] = await folder.rows('bob', 'credit.csv');
  const named = [['id', ...names!], ...rows.map((row, at) => [`C-${at}`, ...row])];
  await folder.table('bob', 'named.csv', named.map((row) => row.join(',')).join('\n'));
  const serve = { key: 'id', scores: 2 };
  const input_data = { ...config.input_data, bob: 'named.csv' };
  const serving = await Serving.start(folder.run({ ...config, input_data, serve }, { taskId: 'served' }));
  for (const row of [3, 871]) expect((await serving.score(`C-${row}`)).body['prediction']).toBe(predictions[row]);
  await serving.outcomes();
}

describe('ss_glm', () => {
  test.each(CASES)(
    'fits as scikit-learn and statsmodels do, and predict does the same: %s',
    async (name, params, more) => {
      const expected = cases[name]!;
      const outcome = await runTask(
        'ss_glm',
        folder.run(configOf(expected, { epochs: 6, ...params }, more), { taskId: name }),
      );
      const isLog = name !== 'bernoulli';
      const { coefficients, intercept } = await opened(outcome);
      // The line of pieces for the sigmoid is off by 0.00094.
      const off = isLog ? 1e-6 : 5e-3;
      for (const [column, coefficient] of Object.entries(expected.coefficients)) {
        expect(Math.abs(coefficients[column]! / coefficient - 1)).toBeLessThan(off);
      }
      expect(Math.abs(intercept - expected.intercept)).toBeLessThan(off);
      expect(outcome.result.training_metrics).toEqual({
        distribution: params.distribution ?? 'bernoulli',
        link: isLog ? 'log' : 'logit',
        explained: expect.any(Number),
        explained_of: isLog ? 'deviance' : 'squared_residuals',
        rows: ids.length,
        held_out_rows: 0,
      });
      const { explained } = outcome.result.training_metrics as { explained: number };
      expect(Number.isInteger(explained * 1024)).toBe(true);
      if (expected.explained !== null) expect(Math.abs(explained - expected.explained)).toBeLessThan(0.0005);
      const predictions = await predictionsOf(outcome);
      for (const [id, prediction] of Object.entries(expected.predictions)) {
        const found = predictions[ids.indexOf(id)]!;
        if (isLog) expect(Math.abs(found / prediction - 1)).toBeLessThan(0.002);
        else expect(Math.abs(found - prediction)).toBeLessThan(0.002);
      }

      if (name === 'exposure' || name === 'bernoulli') await predictsAgain(outcome, predictions);
    },
  );

  test('predicts rows that it holds out, for evaluation as well, where one party has no column', async () => {
    const config = configOf(
      { features: { alice: [], bob: ['age', 'num_dependents'] }, label: 'existing_credits' },
      {
        ...{ distribution: 'poisson', epochs: 6 },
      },
    );
    const outcome = await runTask('ss_glm', folder.run({ ...config, test_fraction: 0.2 }, { taskId: 'held-out' }));
    expect(outcome.result).toMatchObject({
      training_metrics: { rows: 711, held_out_rows: 178 },
      ...{ prediction_receiver: 'alice', prediction_rows: 178, predicted_on: 'held_out' },
    });
    const [header, ...rows] = await folder.rows('alice', outcome.result.prediction_output as string);
    expect(header).toEqual(['label', 'prediction']);
    expect(rows.every(([label]) => ['1', '2', '3', '4'].includes(label!))).toBe(true);
    const evaluated = await runTask(
      'evaluation',
      folder.run({
        ...{ model: pathsOf(outcome), label: 'existing_credits', label_party: 'alice' },
        test_data: { alice: 'credit.csv', bob: 'credit.csv' },
      }),
    );
    expect(evaluated.result.metrics).toMatchObject({ rmse: expect.any(Number) });
    const other = { ...pathsOf(outcome), bob: await withOtherName(outcome) };
    const input_data = { alice: 'credit.csv', bob: 'credit.csv' };
    await expect(
      runTask('predict', folder.run({ model: other, input_data, prediction_receiver: 'bob' })),
    ).rejects.toMatchObject({ code: 'MODEL_INCOMPATIBLE' });
    await expect(
      runTask(
        'predict',
        folder.run({
          model: pathsOf(outcome),
          input_data: { ...input_data, bob: 'far.csv' },
          prediction_receiver: 'bob',
        }),
      ),
    ).rejects.toMatchObject({ code: 'NOT_CONVERGED', details: { party: 'bob', column: 'age' } });
  });

  /** Bob's slice of a training, under the name of another one. */
  async function withOtherName(outcome: TaskRunResult): Promise<string> {
    const slice = JSON.parse(await folder.text('bob', pathsOf(outcome).bob)) as JsonObject;
    await folder.table('bob', 'other-model.json', JSON.stringify({ ...slice, training: 'another' }));
    await folder.table(
      'bob',
      'far.csv',
      csvOf(
        ['age', 'num_dependents'],
        ids.map(() => [1e12, 1]),
      ),
    );
    return 'other-model.json';
  }

  test('fails with a code that says what to do', async () => {
    const rows = Array.from({ length: 80 }, (_, row) => row);
    const noise = (row: number, column: number): number => ((row + 1) * (7919 * column + 31)) % 1009;
    const good = { a: (row: number) => noise(row, 1), y: (row: number) => noise(row, 2) };
    let tables = 0;
    const failing = async (
      alice: Record<string, (row: number) => number>,
      params: JsonObject = { distribution: 'poisson' },
    ): Promise<unknown> => {
      const name = `case-${(tables += 1)}`;
      const cells = (columns: typeof alice) =>
        csvOf(
          Object.keys(columns),
          rows.map((row) => Object.values(columns).map((of) => of(row))),
        );
      await folder.table('alice', `${name}.csv`, cells(alice));
      await folder.table('bob', `${name}.csv`, cells({ b: (row) => noise(row, 3) }));
      const config = {
        ...configOf({ features: { alice: ['a'], bob: ['b'] }, label: 'y' }, params),
        train_data: { alice: `${name}.csv`, bob: `${name}.csv` },
      };
      return runTask('ss_glm', folder.run(config)).catch((error: unknown) => error);
    };
    const is = (code: string, details: object = {}) => ({ code, details, retryable: false });

    expect(await failing(good, {})).toMatchObject({ code: 'LABEL_NOT_BINARY' });
    expect(await failing({ ...good, y: (row) => noise(row, 2) - 500 })).toMatchObject(
      is('VALUE_OUT_OF_RANGE', { party: 'alice', column: 'y' }),
    );
    expect(await failing({ ...good, a: () => 7 })).toMatchObject(is('CONSTANT_COLUMN', { column: 'a' }));
    const separated = { ...good, y: (row: number) => Number(noise(row, 3) > 500) };
    expect(await failing(separated, {})).toMatchObject({ code: 'NOT_CONVERGED', retryable: false });
    expect(await failing({ ...good, a: (row) => 7 - 3 * noise(row, 3) })).toMatchObject({ code: 'NOT_CONVERGED' });
    expect(await failing(good, { distribution: 'poisson', epochs: 1 })).toMatchObject({ code: 'NOT_CONVERGED' });
    expect(await folder.temporaries()).toEqual([]);
  });

  test('is refused before it runs where its parameters do not go together', () => {
    const task_config = configOf({ features: { alice: ['a'], bob: ['b'] }, label: 'y' }, {});
    const pointers = (more: JsonObject): string[] =>
      checkTaskParams('ss_glm', {
        sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
        task_config: { ...task_config, ...more },
      }).map(({ pointer }) => pointer.replace('/task_config', ''));
    expect(pointers({})).toEqual([]);
    expect(pointers({ offset: 'o', weight: 'w' })).toEqual([]);
    expect(pointers({ offset: '${tasks.a.result.b}', params: { epochs: '${tasks.a.result.c}' } })).toEqual([]);
    expect(pointers({ offset: 'a' })).toEqual(['/offset']);
    expect(pointers({ offset: 'y', weight: 'y' })).toEqual(['/offset', '/weight']);
    expect(pointers({ offset: 'o', weight: 'o' })).toEqual(['/weight']);
    const many = Array.from({ length: 100 }, (_, at) => `b${at}`);
    expect(pointers({ features: { alice: ['a'], bob: many } })).toEqual(['/features']);
    expect(pointers({ params: { tweedie_power: 2.5 } })).toEqual(['/params/tweedie_power']);
    expect(pointers({ label_party: 'carol' })).toEqual(['/label_party']);
  });
});
