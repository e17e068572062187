import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkTaskParams } from '../catalogue/check-params.js';
import { binaryMetrics, cutPoints } from '../evaluation/metrics.js';
import { STATE_BITS, decode, encode, fromBytes, toBytes } from '../mpc/ring.js';
import { permutation } from '../mpc/random.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { runTask } from '../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { breastCancer, csvOf, everyPatient, type Patients } from '../table/breast-cancer-for-tests.js';
import { runFederatedTraining } from './federated-training-run.js';
import type { RegressionModel } from './model.js';
import { columnSums, descend, scaleInPlace, scalingOf, sigmoid, squaredDistances } from './regression.js';

type Rows = readonly (readonly number[])[];

const PARTIES = ['alice', 'bob', 'carol'];
const lossy = new URL('./lossy-party-for-tests.js', import.meta.url);
let folder: TestFolder;
let patients: Patients;
let shards: Record<string, Rows>;
let heldOut: Rows;

beforeAll(async () => {
  folder = await testFolder();
  patients = await breastCancer();
  const of = (part: (at: number) => boolean): Rows => patients.rows.filter((_, at) => part(at));
  heldOut = of((at) => at % 5 === 0);
  shards = Object.fromEntries(PARTIES.map((party, index) => [party, of((at) => at % 5 !== 0 && at % 3 === index)]));
  for (const party of PARTIES)
    await folder.table(party, 'rows.csv', csvOf([...patients.features, 'y'], shards[party]!));
});
afterAll(() => folder.remove());

const aRun = (taskId: string, config: JsonObject, more: Partial<TaskRun> = {}): TaskRun<never> => {
  const run = folder.run(config, { taskId, ...more });
  return { ...run, params: { ...run.params, sf_init_config: { parties: [...PARTIES, 'dave'], address: 'local' } } };
};
const configOf = (more: JsonObject = {}, parties = PARTIES): JsonObject => ({
  train_data: Object.fromEntries(parties.map((party) => [party, 'rows.csv'])),
  features: [...patients.features],
  label: 'y',
  ...more,
});
const federated = (more: JsonObject = {}, taskId = 'fed', parties = PARTIES): Promise<TaskRunResult> =>
  runTask('federated_training', aRun(taskId, configOf(more, parties)));
const modelAt = async (reference: string): Promise<RegressionModel> =>
  JSON.parse(await folder.text('', reference)) as RegressionModel;
const modelOf = async ({ result }: TaskRunResult): Promise<RegressionModel> =>
  modelAt(Object.values(result.model_paths as Record<string, string>)[0]!);
const scoresOf = (model: RegressionModel, columns: readonly string[], rows: Rows): number[] =>
  rows.map((row) =>
    model.features.reduce((sum, name, at) => sum + row[columns.indexOf(name)]! * model.weights[at]!, model.intercept),
  );
const failure = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);
const dieAt = async (message: number | 'output', who = 'carol'): Promise<void> => {
  for (const party of [...PARTIES, 'dave']) {
    const dieBefore = party === who ? message : 10_000;
    await folder.table(party, 'lossy.json', JSON.stringify({ program: 'federated-training', dieBefore }));
  }
};

describe('federated_training', () => {
  test('gives each party the same model, and tells how it was trained', async () => {
    const { result, artifacts } = await federated();
    const rows = PARTIES.reduce((sum, party) => sum + shards[party]!.length, 0);
    expect(result).toMatchObject({
      model_saved: true,
      model_paths: Object.fromEntries(PARTIES.map((party) => [party, `artifact:chain-1/fed/${party}/model.json`])),
      model: 'logistic',
      feature_count: 30,
      rows,
      parties: PARTIES,
    });
    expect(result.warnings).toBeUndefined();
    const models = artifacts.filter(({ name }) => name.endsWith('/model.json'));
    expect(models.map(({ name }) => name)).toEqual(PARTIES.map((party) => `${party}/model.json`));
    expect(new Set(models.map(({ sha256 }) => sha256)).size).toBe(1);
    const metrics = result.training_metrics as { final_loss: number; loss_by_epoch: number[]; rounds: number };
    expect(metrics.loss_by_epoch).toHaveLength(30);
    expect(metrics.final_loss).toBe(metrics.loss_by_epoch.at(-1));
    expect(metrics.final_loss).toBeLessThan(0.1);
  });

  test('reaches AUC 0.99 on breast cancer over three parties: all 569 patients, each judged by a model that knows it not', async () => {
    // 0.9955 is what scikit-learn's logistic regression on the pooled rows comes to in five folds.
    const all = await everyPatient();
    const labels: number[] = [];
    const scores: number[] = [];
    for (let fold = 0; fold < 5; fold += 1) {
      const known = all.rows.filter((_, at) => at % 5 !== fold);
      const unknown = all.rows.filter((_, at) => at % 5 === fold);
      for (const [index, party] of PARTIES.entries()) {
        const own = known.filter((_, at) => at % 3 === index);
        await folder.table(party, 'fold.csv', csvOf([...all.features, 'y'], own));
      }
      const train_data = Object.fromEntries(PARTIES.map((party) => [party, 'fold.csv']));
      const model = await modelOf(await federated({ train_data, features: [...all.features] }, 'fold'));
      scores.push(...scoresOf(model, all.features, unknown).map(sigmoid));
      labels.push(...unknown.map((row) => row.at(-1)!));
    }
    const { auc, accuracy } = binaryMetrics(cutPoints(labels, Float64Array.from(scores)));
    expect(labels).toHaveLength(569);
    expect(auc).toBeGreaterThanOrEqual(0.99);
    expect(accuracy).toBeGreaterThan(0.96);
  });

  test('gives the same files again: the masks leave no trace', async () => {
    const [first, second] = [await federated({ params: { rounds: 4 } }), await federated({ params: { rounds: 4 } })];
    expect(second).toEqual(first);
  });

  test('is the model that evaluation, aggregate and merge_models take', async () => {
    const { result } = await federated({ params: { rounds: 3 } });
    const inputs = { one: result, other: result };
    const merged = await runTask('merge_models', aRun('merged', {}, { inputs }));
    const [one, mean] = [await modelOf({ result, artifacts: [] }), await modelOf(merged)];
    expect(mean.features).toEqual([...one.features].sort());
    expect(mean.intercept).toBeCloseTo(one.intercept, 9);
  });

  test('warns where the sum of two gives both away, and writes where it is told', async () => {
    const { result } = await federated({ params: { rounds: 2 }, model_output: { alice: 'm/model.json' } }, 'two', [
      'alice',
      'bob',
    ]);
    expect(result.warnings).toMatchObject([{ code: 'PRIVACY_TWO_PARTY_AGGREGATE' }]);
    expect(result.model_paths).toEqual({ alice: 'm/model.json', bob: 'artifact:chain-1/two/bob/model.json' });
    expect(JSON.parse(await folder.text('alice', 'm/model.json'))).toEqual(
      JSON.parse(await folder.text('', 'artifact:chain-1/two/bob/model.json')),
    );
  });

  test('goes on without one of four that is lost at any point of a round, and says so', async () => {
    await folder.table('dave', 'rows.csv', csvOf([...patients.features, 'y'], heldOut));
    const four = [...PARTIES, 'dave'];
    const config = configOf({ params: { rounds: 3 } }, four);
    // Five messages a sum: keys, shares, vector, signature, shares of the masks. Two sums scale; the third is the first round.
    for (const message of [2, 3, 11, 12, 13]) {
      await dieAt(message);
      const { result } = await runFederatedTraining(aRun(`lossy-${message}`, config), { program: lossy });
      expect(result).toMatchObject({
        parties: ['alice', 'bob', 'dave'],
        lost_parties: ['carol'],
        warnings: [{ code: 'PARTY_LOST' }],
        rows: shards.alice!.length + shards.bob!.length + heldOut.length,
      });
      expect(result.warnings).toHaveLength(1);
      expect(Object.keys(result.model_paths as object)).toEqual(['alice', 'bob', 'dave']);
    }
    // Lost once its vector is in: its rows count in that round.
    await dieAt(14);
    const { result } = await runFederatedTraining(aRun('lossy-14', config), { program: lossy });
    expect(result).toMatchObject({ parties: ['alice', 'bob', 'dave'], lost_parties: ['carol'] });
    const lostAtOnce = await modelAt('artifact:chain-1/lossy-2/alice/model.json');
    const three = await modelOf(await federated({ params: { rounds: 3 } }, 'only-three', ['alice', 'bob', 'dave']));
    expect(lostAtOnce).toEqual(three);
    expect(await folder.temporaries()).toEqual([]);
  });

  test('tells of a party that is lost after the last sum, before it has kept the model', async () => {
    await dieAt('output');
    const { result } = await runFederatedTraining(aRun('late', configOf({ params: { rounds: 1 } })), {
      program: lossy,
    });
    expect(result).toMatchObject({
      parties: PARTIES,
      lost_parties: ['carol'],
      warnings: [{ code: 'PARTY_LOST', message: expect.stringContaining('carol was lost after the sum') as unknown }],
    });
    expect(Object.keys(result.model_paths as object)).toEqual(['alice', 'bob']);
  });

  test('fails where one of three is lost, or one of four before the first sum', async () => {
    await dieAt(11);
    const run = aRun('too-few', configOf({ params: { rounds: 3 } }));
    expect(await failure(runFederatedTraining(run, { program: lossy }))).toMatchObject({
      code: 'MIN_PARTIES_NOT_MET',
      message: expect.stringContaining('of three parties none may be lost') as unknown,
      retryable: true,
      details: { lost: ['carol'], needed: 3 },
    });
    await dieAt(1);
    const four = aRun('at-once', configOf({ params: { rounds: 3 } }, [...PARTIES, 'dave']));
    expect(await failure(runFederatedTraining(four, { program: lossy }))).toMatchObject({
      code: 'PARTY_LOST',
      retryable: true,
      details: { lost: ['carol'] },
    });
    expect(await folder.temporaries()).toEqual([]);
  });

  test('ends on a cancel in the midst of a round, and leaves no file', async () => {
    const stop = new AbortController();
    let crossed = 0;
    const recorder = (): void => {
      if ((crossed += 1) === 40) stop.abort(new Error('cancelled'));
    };
    const run = aRun('cancelled', configOf({ params: { rounds: 10_000 } }), { signal: stop.signal });
    await expect(runFederatedTraining(run, { recorder })).rejects.toThrow('cancelled');
    expect(await folder.temporaries()).toEqual([]);
  });

  test('begins with a model that it is given: two trainings after each other are one', async () => {
    const params = { batch_size: 0, rounds: 3 };
    const once = await federated({ params: { ...params, rounds: 6 } }, 'once');
    const first = await federated({ initial_model: {}, params }, 'first');
    const initial_model = first.result.model_paths as JsonObject;
    const chainId = 'chain-2';
    const handed = Object.values(initial_model) as string[];
    const second = await runTask(
      'federated_training',
      aRun('second', configOf({ initial_model, params }), { chainId, handed }),
    );
    const [whole, last] = [await modelOf(once), await modelOf(second)];
    last.weights.forEach((weight, at) => expect(Math.abs(weight - whole.weights[at]!)).toBeLessThan(1e-6));
    expect(Math.abs(last.intercept - whole.intercept)).toBeLessThan(1e-6);
    const [before, after] = [first, second].map(({ result }) => result.training_metrics as Record<string, number>);
    expect(before!.initial_loss).toBeCloseTo(Math.LN2, 6);
    expect(after!.initial_loss).toBeCloseTo(before!.final_loss!, 6);
    const card = JSON.parse(await folder.text('', 'artifact:chain-2/second/bob/model_card.json')) as JsonObject;
    expect(card.trained_on).toMatchObject({ inputs: ['rows.csv', initial_model.bob] });
    const others: [JsonObject, string, readonly string[]][] = [
      [{}, 'PATH_OUTSIDE_ROOT', handed.slice(1)],
      [{ initial_model: { ...initial_model, alice: initial_model.bob! } }, 'PATH_OUTSIDE_ROOT', handed],
      [{ features: patients.features.slice(1) }, 'MODEL_INCOMPATIBLE', handed],
      [{ model: 'linear' }, 'MODEL_INCOMPATIBLE', handed],
    ];
    for (const [more, code, given] of others) {
      const run = aRun('other', configOf({ initial_model, params, ...more }), { chainId, handed: given });
      expect(await failure(runTask('federated_training', run))).toMatchObject({ code, retryable: false });
    }
    expect(await folder.temporaries()).toEqual([]);
  });

  test('fails on what it cannot train on', async () => {
    const few = shards.alice!.slice(0, 8);
    await folder.table('bob', 'few.csv', csvOf([...patients.features, 'y'], few));
    const wide = Array.from({ length: 70 }, (_, at) => `x${at}`);
    const wideRows = Array.from({ length: 20 }, (_, row) => [...wide.map((_, at) => (row * at) % 7), row % 2]);
    for (const party of PARTIES) await folder.table(party, 'wide.csv', csvOf([...wide, 'y'], wideRows));
    const two = shards.bob!.map((row, at) => (at === 3 ? [...row.slice(0, -1), 2] : row));
    await folder.table('bob', 'two.csv', csvOf([...patients.features, 'y'], two));
    const data = (bob: string, all = 'rows.csv'): JsonObject => ({ train_data: { alice: all, bob, carol: all } });
    const cases: [JsonObject, object][] = [
      [
        { ...data('wide.csv', 'wide.csv'), features: wide },
        { code: 'INSUFFICIENT_ROWS', details: { rows: 60, min_rows: 71 } },
      ],
      [data('few.csv'), { code: 'INSUFFICIENT_ROWS', details: { party: 'bob', rows: 8, min_rows: 20 } }],
      [data('two.csv'), { code: 'LABEL_NOT_BINARY', message: expect.stringContaining('data row 4') as unknown }],
      [{ model: 'linear', params: { learning_rate: 50 } }, { code: 'NOT_CONVERGED' }],
      [{ features: ['nope'] }, { code: 'COLUMN_NOT_FOUND' }],
      [data('none.csv'), { code: 'FILE_NOT_FOUND' }],
    ];
    for (const [more, expected] of cases) {
      expect(await failure(federated(more, 'refused'))).toMatchObject({ retryable: false, ...expected });
    }
    expect(await folder.temporaries()).toEqual([]);
  });

  test('refuses one party, more needed than there are, and the label among the features', () => {
    const pointers = (more: JsonObject, parties = PARTIES): string[] =>
      checkTaskParams('federated_training', {
        sf_init_config: { parties: PARTIES },
        task_config: configOf(more, parties),
      }).map(({ pointer }) => pointer);
    expect(pointers({})).toEqual([]);
    expect(pointers({}, ['alice'])).toEqual(['/task_config/train_data']);
    expect(pointers({}, ['alice', 'dave'])).toEqual(['/task_config/train_data/dave']);
    expect(pointers({ initial_model: {} })).toEqual([]);
    expect(pointers({ initial_model: { alice: 'm.json' } })).toEqual(['/task_config/initial_model']);
    expect(pointers({ min_parties: 4 })).toEqual(['/task_config/min_parties']);
    expect(pointers({ label: 'radius_mean' })).toEqual(['/task_config/features']);
    expect(pointers({ params: { rounds: 0 } })).toEqual(['/task_config/params/rounds']);
  });
});

describe('federated averaging over equal shards', () => {
  /** A pooled fit by `train`, which knows nothing of rounds. */
  const pooled = async (columns: readonly string[], rows: Rows, more: JsonObject): Promise<RegressionModel> => {
    await folder.table('dave', 'pooled.csv', csvOf([...columns, 'y'], rows));
    const config = { train_data: { dave: 'pooled.csv' }, features: [...columns], label: 'y', ...more };
    return modelOf(await runTask('train', aRun('pooled', config)));
  };

  test('equals the pooled fit within 1e-3: breast cancer', async () => {
    const equal = Object.fromEntries(PARTIES.map((party) => [party, shards[party]!.slice(0, 130)]));
    for (const party of PARTIES)
      await folder.table(party, 'equal.csv', csvOf([...patients.features, 'y'], equal[party]!));
    const train_data = Object.fromEntries(PARTIES.map((party) => [party, 'equal.csv']));
    const model = await modelOf(await federated({ train_data, params: { rounds: 100, batch_size: 0 } }, 'equal'));
    const plain = await pooled(patients.features, Object.values(equal).flat(), {
      params: { epochs: 100, batch_size: 0 },
    });
    const [ours, theirs] = [model, plain].map((each) => scoresOf(each, patients.features, heldOut));
    ours!.forEach((score, at) => expect(Math.abs(score - theirs![at]!)).toBeLessThan(1e-3));
    model.weights.forEach((weight, at) => expect(Math.abs(weight - plain.weights[at]!)).toBeLessThan(1e-3));
    expect(Math.abs(model.intercept - plain.intercept)).toBeLessThan(1e-3);
  });

  test('equals the pooled fit within 1e-3, whatever the rows; and of unequal shards as well', async () => {
    const cell = fc.integer({ min: -300, max: 300 }).map((value) => value / 100);
    const anyCase = fc.record({
      objective: fc.constantFrom('logistic', 'linear'),
      sizes: fc.array(fc.integer({ min: 20, max: 28 }), { minLength: 2, maxLength: 4 }),
      cells: fc.array(fc.tuple(cell, cell, fc.boolean()), { minLength: 112, maxLength: 112 }),
      equal: fc.boolean(),
      l2: fc.constantFrom(0, 0.1),
      standardize: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(anyCase, async ({ objective, sizes, cells, equal, l2, standardize }) => {
        const names = [...PARTIES, 'dave'].slice(0, sizes.length);
        const rows = cells.map(([a, b, label]) => [a, b, Number(label)]);
        let from = 0;
        const parts = sizes.map((size) => rows.slice(from, (from += equal ? sizes[0]! : size)));
        for (const [at, party] of names.entries())
          await folder.table(party, 'any.csv', csvOf(['a', 'b', 'y'], parts[at]!));
        const more = { model: objective, features: ['a', 'b'] };
        const params = { batch_size: 0, l2_norm: l2, standardize, learning_rate: 0.05 };
        const train_data = Object.fromEntries(names.map((party) => [party, 'any.csv']));
        const model = await modelOf(
          await federated({ ...more, train_data, params: { ...params, rounds: 8 } }, 'any', names),
        );
        const plain = await pooled(['a', 'b'], parts.flat(), { ...more, params: { ...params, epochs: 8 } });
        expect(model.rows).toBe(plain.rows);
        for (const [ours, theirs] of [
          ...model.weights.map((weight, at) => [weight, plain.weights[at]!] as const),
          [model.intercept, plain.intercept] as const,
        ]) {
          expect(Math.abs(ours - theirs)).toBeLessThan(1e-3);
        }
      }),
      { numRuns: 8 },
    );
  });
});

describe('what crosses in federated training', () => {
  test('is masked: no row, label, sum or model of a party is in it in clear', async () => {
    const crossed: CrossedMessage[] = [];
    const config = configOf({ params: { rounds: 2 } });
    const { result } = await runFederatedTraining(aRun('watched', config), {
      recorder: (message) => crossed.push(message),
    });
    const fromParties = crossed.filter(({ from }) => from !== '#neutral');
    // Five sums of five messages from each of three parties, and none from a party to another.
    expect(fromParties.map(({ to }) => to)).toEqual(Array(75).fill('#neutral'));
    const bytes = Buffer.concat(crossed.map(({ body }) => Buffer.from(body as string)));

    const tables = Object.fromEntries(PARTIES.map((party) => [party, tableOf(shards[party]!)]));
    const all = tableOf(Object.values(shards).flat());
    const means = columnSums(all, 30).map((sum) => sum / all.rows);
    const scaling = scalingOf(all.rows, means, squaredDistances(all, means));
    for (const party of PARTIES) {
      const table = tables[party]!;
      const secrets = [...columnSums(table, 30), ...squaredDistances(table, means)];
      scaleInPlace(table, scaling);
      const own = new Float64Array(31);
      const plan = { objective: 'logistic', epochs: 1, batchSize: 64, learningRate: 0.1, l2: 0 } as const;
      descend(table, own, plan, permutation(table.rows, 0));
      secrets.push(...own, ...own.map((weight) => weight * table.rows), table.rows);
      const cells = [...new Set(shards[party]!.flat())].filter((cell) => cell !== 0 && cell !== 1);
      for (const secret of [...secrets, ...cells]) {
        expect(bytes.includes(Buffer.from(toBytes(encode([secret], STATE_BITS))))).toBe(false);
        if (!Number.isInteger(secret)) expect(bytes.includes(String(secret))).toBe(false);
      }
    }
    // What is not masked is the sums, which the parties get: the last is the loss that the result tells.
    const { final_loss: loss, rows } = result.training_metrics as { final_loss: number; rows: number };
    const last = crossed.filter(({ from, body }) => from === '#neutral' && typeof body !== 'string').at(-1)!;
    const [sum, count] = decode(fromBytes(last.body as Uint8Array, 2), STATE_BITS);
    expect([sum! / count!, count]).toEqual([loss, rows]);
  });

  test('is masked anew in each run', async () => {
    const vectors = async (): Promise<Set<string>> => {
      const seen = new Set<string>();
      const recorder = ({ from, body }: CrossedMessage): void => {
        if (from === '#neutral' || typeof body === 'string') return;
        const text = Buffer.from(body).toString('hex');
        for (let at = 0; at < text.length; at += 32) seen.add(text.slice(at, at + 32));
      };
      await runFederatedTraining(aRun('again', configOf({ params: { rounds: 1 } })), { recorder });
      return seen;
    };
    const [first, second] = [await vectors(), await vectors()];
    // 31 + 31 for the scaling, 33 in the round, 2 for the loss; from three parties.
    expect([first.size, second.size]).toEqual([291, 291]);
    expect([...first].filter((element) => second.has(element))).toEqual([]);
  });
});

function tableOf(rows: Rows): { rows: number; columns: number; values: Float64Array } {
  return { rows: rows.length, columns: 31, values: Float64Array.from(rows.flat()) };
}
