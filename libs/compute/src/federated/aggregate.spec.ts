import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { binaryMetrics, cutPoints } from '../evaluation/metrics.js';
import { STATE_BITS, encode, toBytes } from '../mpc/ring.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { runTask } from '../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { runAggregate } from './aggregate-run.js';
import { breastCancer, csvOf, type Patients } from '../table/breast-cancer-for-tests.js';
import type { RegressionModel } from './model.js';
import { sigmoid } from './regression.js';
import { runTrain } from './train-run.js';

const PARTIES = ['alice', 'bob', 'carol'];
const lossy = new URL('./lossy-party-for-tests.js', import.meta.url);
let folder: TestFolder;
let patients: Patients;
/** Rows of each party, and the rows that none trains on. */
let shards: Record<string, (readonly number[])[]>;
let heldOut: (readonly number[])[];

beforeAll(async () => {
  folder = await testFolder();
  patients = await breastCancer();
  const of = (part: (at: number) => boolean): (readonly number[])[] => patients.rows.filter((_, at) => part(at));
  heldOut = of((at) => at % 5 === 0);
  shards = Object.fromEntries(PARTIES.map((party, index) => [party, of((at) => at % 5 !== 0 && at % 3 === index)]));
  for (const party of PARTIES)
    await folder.table(party, 'rows.csv', csvOf([...patients.features, 'y'], shards[party]!));
});
afterAll(() => folder.remove());

const aRun = (taskId: string, config: JsonObject, more: Partial<TaskRun> = {}): TaskRun<never> => {
  const run = folder.run(config, { taskId, ...more });
  return { ...run, params: { ...run.params, sf_init_config: { parties: PARTIES, address: 'local' } } };
};
const trainConfig = (party: string, more: JsonObject = {}): JsonObject => ({
  train_data: { [party]: 'rows.csv' },
  features: [...patients.features],
  label: 'y',
  ...more,
});
const train = (party: string, more: JsonObject = {}, taskId = `train-${party}`): Promise<TaskRunResult> =>
  runTrain(aRun(taskId, trainConfig(party, more)));
/** The results of a train task of each of these parties, as the next task's inputs. */
async function trained(parties = PARTIES, more: JsonObject = {}): Promise<Record<string, JsonObject>> {
  const results: Record<string, JsonObject> = {};
  for (const party of parties) results[`train-${party}`] = (await train(party, more)).result;
  return results;
}
const modelAt = async (reference: string): Promise<RegressionModel> =>
  JSON.parse(await folder.text('', reference)) as RegressionModel;
const failure = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);
const withParties = <Run extends TaskRun<never>>(run: Run, parties: readonly string[]): Run => ({
  ...run,
  params: { ...run.params, sf_init_config: { parties, address: 'local' } },
});
const dieAt = async (message: number | 'output'): Promise<void> => {
  for (const party of [...PARTIES, 'dave']) {
    const dieBefore = party === 'carol' ? message : 99;
    await folder.table(party, 'lossy.json', JSON.stringify({ program: 'aggregate', dieBefore }));
  }
};
const aucOf = (model: RegressionModel): number => {
  const scores = heldOut.map((row) =>
    sigmoid(
      model.features.reduce(
        (sum, name, at) => sum + row[patients.features.indexOf(name)]! * model.weights[at]!,
        model.intercept,
      ),
    ),
  );
  return binaryMetrics(
    cutPoints(
      heldOut.map((row) => row.at(-1)!),
      Float64Array.from(scores),
    ),
  ).auc;
};

describe('train', () => {
  test("fits a party's rows, keeps the model with the party, and tells nothing of it", async () => {
    const crossed: CrossedMessage[] = [];
    const { result, artifacts } = await runTrain(aRun('train-alice', trainConfig('alice')), (message) =>
      crossed.push(message),
    );
    expect(result).toEqual({
      model_saved: true,
      model_paths: { alice: 'artifact:chain-1/train-alice/alice/model.json' },
      model: 'logistic',
      feature_count: 30,
    });
    expect(crossed).toEqual([]);
    expect(artifacts.map(({ name }) => name)).toEqual(['alice/model.json', 'alice/model_card.json']);
    const model = await modelAt('artifact:chain-1/train-alice/alice/model.json');
    expect(model).toMatchObject({
      objective: 'logistic',
      features: patients.features,
      label: 'y',
      rows: shards.alice!.length,
    });
    expect(aucOf(model)).toBeGreaterThan(0.97);
  });

  test('gives the same file again', async () => {
    const [first, second] = [await train('bob', {}, 'again'), await train('bob', {}, 'again')];
    expect(second).toEqual(first);
  });

  test('finds the line that a linear model was made from, on columns of any scale', async () => {
    const rows = Array.from({ length: 200 }, (_, at) => [
      at * 1000,
      (at * 7) % 11,
      0.5 * at * 1000 - 3 * ((at * 7) % 11) + 20,
    ]);
    await folder.table('alice', 'line.csv', csvOf(['x', 'z', 'y'], rows));
    const config = {
      train_data: { alice: 'line.csv' },
      features: ['x', 'z'],
      label: 'y',
      model: 'linear',
      params: { epochs: 400 },
    };
    await runTrain(aRun('line', config));
    const { weights, intercept } = await modelAt('artifact:chain-1/line/alice/model.json');
    expect(weights[0]).toBeCloseTo(0.5, 6);
    expect(weights[1]).toBeCloseTo(-3, 4);
    expect(intercept).toBeCloseTo(20, 3);
  });

  test('fails on what it cannot train on', async () => {
    const few = shards.alice!.slice(0, 30);
    await folder.table('alice', 'few.csv', csvOf([...patients.features, 'y'], few));
    const two = shards.alice!.map((row, at) => (at === 3 ? [...row.slice(0, -1), 2] : row));
    await folder.table('alice', 'two.csv', csvOf([...patients.features, 'y'], two));
    const far = shards.alice!.map((row) => row.map((value, at) => (at === 2 ? value * 1e9 : value)));
    await folder.table('alice', 'far.csv', csvOf([...patients.features, 'y'], far));
    const cases: [JsonObject, object][] = [
      [{ train_data: { alice: 'few.csv' } }, { code: 'INSUFFICIENT_ROWS', details: { rows: 30, min_rows: 31 } }],
      [
        { train_data: { alice: 'two.csv' } },
        { code: 'LABEL_NOT_BINARY', message: expect.stringContaining('data row 4') as unknown },
      ],
      [{ train_data: { alice: 'far.csv' } }, { code: 'NOT_CONVERGED', details: { column: 'perimeter_mean' } }],
      [{ model: 'linear', params: { learning_rate: 50 } }, { code: 'NOT_CONVERGED' }],
      [{ features: ['nope'] }, { code: 'COLUMN_NOT_FOUND' }],
      [{ train_data: { alice: 'none.csv' } }, { code: 'FILE_NOT_FOUND' }],
    ];
    for (const [more, expected] of cases) {
      expect(await failure(train('alice', more, 'refused'))).toMatchObject({ retryable: false, ...expected });
    }
    expect(await folder.temporaries()).toEqual([]);
  });

  test('refuses the label among the features', () => {
    const faults = checkTaskParams('train', {
      sf_init_config: { parties: PARTIES },
      task_config: trainConfig('alice', { label: 'radius_mean' }),
    });
    expect(faults).toEqual([{ pointer: '/task_config/features', message: 'must not hold the label' }]);
  });
});

describe('aggregate', () => {
  test('refuses an output of a party that does not receive the model', () => {
    const pointers = (task_config: JsonObject): string[] =>
      checkTaskParams('aggregate', { sf_init_config: { parties: PARTIES }, task_config }).map(({ pointer }) => pointer);
    const outputs = { alice: 'm.json', bob: 'm.json' };
    expect(pointers({ model_output: outputs })).toEqual([]);
    expect(pointers({ model_output: outputs, receivers: ['alice'] })).toEqual(['/task_config/model_output/bob']);
    expect(pointers({ model_output: outputs, receivers: ['alice', '${tasks.a.result.party}'] })).toEqual([]);
    expect(pointers({ models: { alice: 'a', bob: 'b' }, receivers: ['carol'], model_output: { alice: 'm' } })).toEqual([
      '/task_config/receivers/0',
      '/task_config/model_output/alice',
    ]);
  });

  test('gives every party the mean of all models, weighted by rows, and no file of a single one', async () => {
    const inputs = await trained();
    const { result, artifacts } = await runTask('aggregate', aRun('agg', {}, { inputs }));
    const rows = PARTIES.map((party) => shards[party]!.length);
    expect(result).toEqual({
      model_saved: true,
      model_paths: Object.fromEntries(PARTIES.map((party) => [party, `artifact:chain-1/agg/${party}/model.json`])),
      model: 'logistic',
      feature_count: 30,
      rows: rows[0]! + rows[1]! + rows[2]!,
      weighting: 'rows',
      parties: PARTIES,
    });
    const models = await Promise.all(
      PARTIES.map((party) => modelAt(`artifact:chain-1/train-${party}/${party}/model.json`)),
    );
    const mean = await modelAt('artifact:chain-1/agg/alice/model.json');
    mean.features.forEach((name, at) => {
      const plain = models.reduce(
        (sum, model, index) => sum + rows[index]! * model.weights[model.features.indexOf(name)]!,
        0,
      );
      expect(mean.weights[at]).toBeCloseTo(plain / (rows[0]! + rows[1]! + rows[2]!), 9);
    });
    const means = artifacts.filter(({ name }) => name.endsWith('/model.json'));
    expect(new Set(means.map(({ sha256 }) => sha256)).size).toBe(1);
    // Better than the parties are by themselves, on average.
    expect(aucOf(mean)).toBeGreaterThan(models.reduce((sum, model) => sum + aucOf(model), 0) / 3);
  });

  test('gives the same files again: the masks leave no trace', async () => {
    const inputs = await trained();
    const hashes = async (): Promise<string[]> =>
      (await runTask('merge_models', aRun('again', {}, { inputs }))).artifacts.map(({ sha256 }) => sha256);
    expect(await hashes()).toEqual(await hashes());
  });

  test('takes models as they are named, several of a party, each alike, in any order of features, for one receiver', async () => {
    await trained(PARTIES);
    const features = [...patients.features].reverse();
    await runTrain(aRun('second', { ...trainConfig('alice'), features }));
    const config: JsonObject = {
      models: {
        alice: ['artifact:chain-1/train-alice/alice/model.json', 'artifact:chain-1/second/alice/model.json'],
        bob: 'artifact:chain-1/train-bob/bob/model.json',
      },
      weighting: 'equal',
      receivers: ['bob'],
      model_output: { bob: 'models/mean.json' },
    };
    const { result, artifacts } = await runTask('aggregate', aRun('named', config));
    expect(result).toMatchObject({
      model_paths: { bob: 'models/mean.json' },
      weighting: 'equal',
      parties: ['alice', 'bob'],
    });
    expect(artifacts.map(({ name }) => name)).toEqual(['bob/model_card.json']);
    const mean = JSON.parse(await folder.text('bob', 'models/mean.json')) as RegressionModel;
    const models = await Promise.all(
      ['train-alice/alice', 'second/alice', 'train-bob/bob'].map((at) => modelAt(`artifact:chain-1/${at}/model.json`)),
    );
    const plain = models.reduce((sum, model) => sum + model.weights[model.features.indexOf('radius_mean')]!, 0) / 3;
    expect(mean.weights[mean.features.indexOf('radius_mean')]).toBeCloseTo(plain, 9);
  });

  test('warns where the sum of two gives both away', async () => {
    const logged: string[] = [];
    const { result } = await runTask(
      'aggregate',
      aRun('two', {}, { inputs: await trained(['alice', 'bob']), log: (_, message) => logged.push(message) }),
    );
    expect(result.warnings).toMatchObject([{ code: 'PRIVACY_TWO_PARTY_AGGREGATE' }]);
    expect(logged.join()).toMatch(/alice and bob/);
  });

  test('no model, row or number of a party crosses in clear', async () => {
    const inputs = await trained();
    const crossed: CrossedMessage[] = [];
    await runAggregate(aRun('watched', {}, { inputs }), { recorder: (message) => crossed.push(message) });
    const text = crossed
      .map(({ body }) => (typeof body === 'string' ? body : Buffer.from(body).toString('latin1')))
      .join('\n');
    expect(crossed.filter(({ from }) => from !== '#neutral').map(({ to }) => to)).toEqual(Array(18).fill('#neutral'));
    for (const party of PARTIES) {
      const model = await modelAt(`artifact:chain-1/train-${party}/${party}/model.json`);
      const numbers = [...model.weights, model.intercept];
      for (const number of [...numbers, ...numbers.map((each) => each * model.rows), model.rows]) {
        expect(text.includes(Buffer.from(toBytes(encode([number], STATE_BITS))).toString('latin1'))).toBe(false);
        if (!Number.isInteger(number)) expect(text).not.toContain(String(number));
      }
    }
  });

  test('goes on without one of four that is lost after its shares are out, and says so', async () => {
    const four = [...PARTIES, 'dave'];
    await folder.table('dave', 'rows.csv', csvOf([...patients.features, 'y'], heldOut));
    const inputs = await trained(four);
    await dieAt(4);
    const lossyRun = aRun('lossy', {}, { inputs });
    const { result } = await runAggregate(withParties(lossyRun, four), { program: lossy });
    expect(result).toMatchObject({
      parties: ['alice', 'bob', 'dave'],
      lost_parties: ['carol'],
      model_paths: { alice: expect.any(String), bob: expect.any(String), dave: expect.any(String) },
      rows: shards.alice!.length + shards.bob!.length + heldOut.length,
      warnings: [{ code: 'PARTY_LOST' }],
    });
    expect(Object.keys(result.model_paths as object)).toEqual(['alice', 'bob', 'dave']);
    const { 'train-carol': lost, ...left } = inputs;
    expect(lost).toBeDefined();
    const three = await runAggregate(withParties(aRun('three', {}, { inputs: left }), four));
    const [mean, plain] = [
      await modelAt('artifact:chain-1/lossy/alice/model.json'),
      await modelAt('artifact:chain-1/three/alice/model.json'),
    ];
    expect(three.result.rows).toBe(result.rows);
    expect(mean).toEqual(plain);
  });

  test('tells of a receiver that is lost after the sum', async () => {
    const inputs = await trained();
    await dieAt('output');
    const { result } = await runAggregate(aRun('late', {}, { inputs }), { program: lossy });
    expect(result).toMatchObject({ parties: PARTIES, lost_parties: ['carol'], warnings: [{ code: 'PARTY_LOST' }] });
    const receivers = { receivers: ['alice', 'bob'] };
    const spared = await runAggregate(aRun('spared', receivers, { inputs }), { program: lossy });
    expect(spared.result).not.toHaveProperty('lost_parties');
  });

  test('fails with MIN_PARTIES_NOT_MET where one of three is lost', async () => {
    const inputs = await trained();
    await dieAt(4);
    expect(await failure(runAggregate(aRun('too-few', {}, { inputs }), { program: lossy }))).toMatchObject({
      code: 'MIN_PARTIES_NOT_MET',
      retryable: true,
      details: { lost: ['carol'], needed: 3 },
    });
    expect(await folder.temporaries()).toEqual([]);
  });

  test('fails on models that do not fit each other, and on files that are none', async () => {
    const inputs = await trained();
    const paths = (parties: readonly string[]): Record<string, string> =>
      Object.fromEntries(parties.map((party) => [party, `artifact:chain-1/train-${party}/${party}/model.json`]));
    const agg = (config: JsonObject, more: Partial<TaskRun> = {}): Promise<unknown> =>
      failure(runTask('aggregate', aRun('bad', config, more)));
    await runTrain(aRun('linear', { ...trainConfig('carol'), model: 'linear' }));
    await runTrain(aRun('fewer', { ...trainConfig('carol'), features: patients.features.slice(1) }));
    await folder.table('carol', 'text.json', '{"format":"other"}');
    await folder.table('carol', 'broken.json', '{"format":');
    const cases: [Promise<unknown>, object][] = [
      [
        agg({ models: { ...paths(['alice']), carol: 'artifact:chain-1/linear/carol/model.json' } }),
        { code: 'MODEL_INCOMPATIBLE', message: expect.stringMatching(/objective/) as unknown },
      ],
      [
        agg({ models: { ...paths(['alice']), carol: 'artifact:chain-1/fewer/carol/model.json' } }),
        { code: 'MODEL_INCOMPATIBLE', message: expect.stringMatching(/radius_mean/) as unknown },
      ],
      [agg({ models: { ...paths(['alice']), carol: 'text.json' } }), { code: 'MODEL_INCOMPATIBLE' }],
      [agg({ models: { ...paths(['alice']), carol: 'broken.json' } }), { code: 'MODEL_INCOMPATIBLE' }],
      [agg({ models: { ...paths(['alice']), carol: 'rows.csv' } }), { code: 'MODEL_INCOMPATIBLE' }],
      [
        agg({ models: { ...paths(['alice']), carol: 'artifact:chain-1/train-alice/alice/model.json' } }),
        { code: 'PATH_OUTSIDE_ROOT' },
      ],
      [agg({}), { code: 'MIN_PARTIES_NOT_MET', details: { parties: [] } }],
      [
        agg({}, { inputs: { 'train-alice': inputs['train-alice']! } }),
        { code: 'MIN_PARTIES_NOT_MET', details: { parties: ['alice'] } },
      ],
      [agg({ min_parties: 4 }, { inputs }), { code: 'MIN_PARTIES_NOT_MET' }],
      [agg({ receivers: ['dave'] }, { inputs }), { code: 'INVALID_PARAMS' }],
      [
        agg({ model_output: { carol: 'm.json' } }, { inputs: { ...inputs, 'train-carol': {} } }),
        { code: 'INVALID_PARAMS', message: expect.stringMatching(/model_output: carol/) as unknown },
      ],
      [
        agg({}, { inputs: { t: { model_paths: { dave: 'm.json' } } } }),
        { code: 'INVALID_PARAMS', message: expect.stringMatching(/dave/) as unknown },
      ],
    ];
    for (const [given, expected] of cases) expect(await given).toMatchObject({ retryable: false, ...expected });
  });
});
