import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import { ELEMENT_BYTES, STATE_BITS, WORDS, add, fromBytes, slice, type RingVector } from '../mpc/ring.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import { PartyLedger } from '../party/party-ledger.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { noise, rowsOf } from '../ss-pvalue/attacks-for-tests.js';
import { openModel } from './open-model-for-tests.js';
import { sliceOf } from './slice.js';
import { runSsLr } from './ss-lr-run.js';

const PARTIES = ['alice', 'bob', 'carol'];
const ROWS = 600;
type Paths = Readonly<Record<string, string>>;

describe('ss_lr of three parties', () => {
  let runs: OwnedRuns;
  let train_data: Paths;
  let three: TaskRunResult;
  let two: TaskRunResult;
  const cell = (row: number, column: number): number => Math.round(200 * noise(row + 900 * column) - 100) / 50;
  const labels = rowsOf(ROWS, (row) => Number(cell(row, 0) + cell(row, 2) - cell(row, 4) > 0));
  const table = (party: string, name: string, columns: readonly number[]) =>
    runs.table(party, name, [
      columns.map((column) => `x${column}`),
      ...rowsOf(ROWS, (row) => columns.map((column) => cell(row, column))),
    ]);

  beforeAll(async () => {
    runs = await OwnedRuns.claim(...PARTIES);
    train_data = {
      alice: await labelled('a'),
      bob: await table('bob', 'b', [2, 3]),
      // A flag, whose figures are charged.
      carol: await runs.table('carol', 'c', [
        ['x4', 'flag'],
        ...labels.map((y, row) => [cell(row, 4), row % 3 === 0 ? y : row % 2]),
      ]),
    };
    const ofBoth = await runs.table('bob', 'bc', [
      ['x2', 'x3', 'x4', 'flag'],
      ...labels.map((y, row) => [cell(row, 2), cell(row, 3), cell(row, 4), row % 3 === 0 ? y : row % 2]),
    ]);
    three = await run('ss_lr', 'three', training(train_data, FEATURES));
    const pair = { alice: ['x0', 'x1'], bob: ['x2', 'x3', 'x4', 'flag'] };
    const tables = { alice: await labelled('a-pair'), bob: ofBoth };
    two = await run('ss_lr', 'two', training(tables, pair), ['alice', 'bob']);
  });
  afterAll(() => runs.folder.remove());

  /** The table of alice, with a ledger that nothing is counted in yet. */
  const labelled = (name: string) =>
    runs.table('alice', name, [['x0', 'x1', 'y'], ...labels.map((y, row) => [cell(row, 0), cell(row, 1), y])]);
  const FEATURES = { alice: ['x0', 'x1'], bob: ['x2', 'x3'], carol: ['x4', 'flag'] };
  const training = (tables: Paths, features: JsonObject, more: JsonObject = {}): JsonObject => ({
    ...{ train_data: tables, features, label: 'y', label_party: 'alice', test_fraction: 0.25 },
    ...{ params: { epochs: 3, learning_rate: 0.2 }, ...more },
  });
  const run = (type: string, task: string, config: JsonObject, parties = PARTIES): Promise<TaskRunResult> =>
    runs.run(type, task, config as never, { parties });
  const failureOf = (type: string, task: string, config: JsonObject, parties = PARTIES): Promise<unknown> =>
    run(type, task, config, parties).catch((error: unknown) => error);
  const slicesOf = ({ result }: TaskRunResult): Promise<string[]> =>
    Promise.all(Object.entries(result.model_paths as Paths).map(([party, path]) => runs.folder.text(party, path)));
  const predictionsOf = async (party: string, { result }: TaskRunResult): Promise<number[]> => {
    const [, ...rows] = await runs.folder.rows(party, result.prediction_output as string);
    return rows.map((row) => Number(row.at(-1)));
  };
  /** What was opened of a party's columns or rows, by the ledger. */
  const openingsOf = async (party: string) => {
    const { openings } = await new PartyLedger(join(runs.folder.path, 'data', party)).read();
    return openings.filter(({ bits, counts = {} }) => Object.keys({ ...bits, ...counts }).length > 0);
  };

  test('finds the weights of two parties with the same columns within 2^-36, and predicts the same', async () => {
    const [files, ofTwo] = [await slicesOf(three), await slicesOf(two)];
    const [model, plain] = [openModel(...files), openModel(...ofTwo)];
    expect(model.weights).toHaveLength(6);
    expect(Math.max(...model.weights.map(Math.abs))).toBeGreaterThan(0.3);
    [...model.weights, model.intercept].forEach((w, at) =>
      expect(Math.abs(w - [...plain.weights, plain.intercept][at]!)).toBeLessThan(2 ** -36),
    );
    const { prediction_output: _, model_paths: __, ...results } = three.result;
    expect(two.result).toMatchObject(results);
    expect(await predictionsOf('alice', three)).toEqual(await predictionsOf('alice', two));
    // Each file names all others, and the card all parties.
    const bob = JSON.parse(files[1]!) as JsonObject;
    expect(bob).toMatchObject({ peers: ['alice', 'carol'], columns: [2, 2, 2], features: ['x2', 'x3'] });
    expect(bob).not.toHaveProperty('peer');
    const paths = three.artifacts.map(({ name }) => name).filter((name) => name.endsWith('_card.json'));
    expect(paths.map((name) => name.split('/')[0])).toEqual(PARTIES);
    const card = await runs.folder.text('carol', `artifact:chain-1/three/${paths[2]!}`);
    expect(JSON.parse(card)).toMatchObject({ parties: PARTIES, trained_on: { datasets: ['c@1'] } });
  });

  test('counts for each owner what two parties count, and as few losses as the least of them lets out', async () => {
    const [of, ofPair] = await openingsOf('alice');
    expect(of).toMatchObject({ to: ['bob', 'carol'], type: 'ss_lr', bits: ofPair!.bits });
    expect(ofPair).toMatchObject({ to: ['bob'], type: 'ss_lr' });
    const [trained, predicted] = await openingsOf('carol');
    expect(trained).toMatchObject({ to: ['alice', 'bob'], bits: { flag: of!.bits.y } });
    expect(predicted).toMatchObject({ to: ['alice'], counts: { predictions: ROWS / 4 }, bits: {} });
    runs.policy('carol', 'c', { budget: { bits: trained!.bits.flag! + 20 } });
    const tables = { ...train_data, alice: await labelled('a-few') };
    const { training_metrics: metrics } = (await run('ss_lr', 'few', training(tables, FEATURES))).result;
    expect(metrics).toMatchObject({ loss_by_epoch: [null, null, null], final_loss: expect.any(Number) as unknown });
    runs.policy('carol', 'c', {});
  });

  test('predict and evaluation use all slices, whoever receives', async () => {
    const model = three.result.model_paths as Paths;
    const config = { model, input_data: train_data };
    const of = async (receiver: string): Promise<number[]> =>
      predictionsOf(receiver, await run('predict', `to-${receiver}`, { ...config, prediction_receiver: receiver }));
    const predicted = await of('carol');
    expect(await of('alice')).toEqual(predicted);
    expect(predicted).toHaveLength(ROWS);
    expect((await openingsOf('bob')).slice(-2)).toMatchObject([{ to: ['carol'] }, { to: ['alice'] }]);
    const test_data = { ...train_data, alice: await labelled('a-test') };
    const evaluation = { model, test_data, label: 'y', label_party: 'alice' };
    const { result } = await run('evaluation', 'evaluate', evaluation);
    expect((result.metrics as { auc: number }).auc).toBeGreaterThan(0.95);
  });

  test('model_export opens coefficients where the owners of both other parties say so, and writes own shares', async () => {
    const model = three.result.model_paths as Paths;
    const config = { model, coefficients_to: ['carol'] };
    runs.policy('alice', 'a', { coefficients_to: ['carol'] });
    runs.policy('bob', 'b', { coefficients_to: ['alice'] });
    expect(await failureOf('model_export', 'unnamed', config)).toMatchObject({
      code: 'POLICY_REFUSED',
      details: { party: 'bob' },
    });
    runs.policy('bob', 'b', { coefficients_to: ['alice', 'carol'] });
    const { result } = await run('model_export', 'coefficients', config);
    expect(Object.keys(result.export_paths as Paths)).toEqual(['carol']);
    const found = JSON.parse(await runs.folder.text('carol', (result.export_paths as Paths).carol!)) as {
      label: string;
      coefficients: { feature: string; weight: number }[];
      intercept: number;
    };
    const { weights, intercept } = openModel(...(await slicesOf(three)));
    expect(found.label).toBe('alice.y');
    expect(found.coefficients.map(({ feature }) => feature)).toEqual(
      PARTIES.flatMap((party) => FEATURES[party as 'alice'].map((name) => `${party}.${name}`)),
    );
    expect([...found.coefficients.map(({ weight }) => weight), found.intercept]).toEqual(
      [...weights, intercept].map((each) => Math.round(each * 256) / 256),
    );
    for (const party of ['alice', 'bob']) {
      expect((await openingsOf(party)).at(-1)).toMatchObject({ type: 'model_export', to: ['carol'] });
    }
    const own = await run('model_export', 'own', { model });
    const part = JSON.parse(await runs.folder.text('bob', (own.result.export_paths as Paths).bob!)) as JsonObject;
    expect(part).toMatchObject({ holds: 'shares', peers: ['alice', 'carol'] });
    expect(Object.keys(part.peer_features as JsonObject)).toEqual(['alice', 'carol']);
  });

  test('what is of two parties says so: a model of three is refused, and one with a party too few', async () => {
    const model = three.result.model_paths as Paths;
    const pair = { alice: model.alice!, bob: model.bob! };
    const tables = { alice: train_data.alice!, bob: train_data.bob! };
    const both = ['alice', 'bob'];
    const beside = { label: 'y', label_party: 'alice' };
    const refusal = (words: string) => ({
      code: 'MODEL_INCOMPATIBLE',
      message: expect.stringContaining(words) as unknown,
    });
    const tested = { model: pair, train_data: tables, ...beside };
    for (const type of ['ss_pvalue', 'scorecard']) {
      expect(await failureOf(type, type, tested, both)).toMatchObject(refusal('a model of 3 parties'));
    }
    const ofAll = 'is a slice of a model of alice, bob, carol: name all of these, and no others';
    const predicted = { model: pair, input_data: tables, prediction_receiver: 'alice' };
    expect(await failureOf('predict', 'without', predicted, both)).toMatchObject(refusal(ofAll));
    const evaluated = { model: pair, test_data: tables, ...beside };
    expect(await failureOf('evaluation', 'without', evaluated, both)).toMatchObject(refusal(ofAll));
    const exported = { model: pair, coefficients_to: ['alice'] };
    expect(await failureOf('model_export', 'without', exported, both)).toMatchObject(refusal(ofAll));
    // A slice of two parties beside a third party's of another training.
    const mixed = { ...(two.result.model_paths as Paths), carol: model.carol! };
    const strange = { model: mixed, input_data: train_data, prediction_receiver: 'alice' };
    expect(await failureOf('predict', 'mixed', strange)).toMatchObject(refusal('model of alice, bob: name all'));
  });

  test.each(['ss_xgb', 'ss_glm', 'secureboost', 'ss_pvalue', 'scorecard'])(
    '%s says at creation that it is of two parties',
    (type) => {
      const isTraining = !['ss_pvalue', 'scorecard'].includes(type);
      const tables = { alice: 'a', bob: 'b', carol: 'c' };
      const task_config = {
        ...{ train_data: tables, label: 'y', label_party: 'alice' },
        ...(isTraining ? { features: FEATURES } : { model: tables }),
      };
      const faults = checkTaskParams(type, { sf_init_config: { parties: PARTIES, address: 'local' }, task_config });
      expect(faults).toEqual(
        [isTraining ? 'features' : 'model', 'train_data'].map((field) => ({
          pointer: `/task_config/${field}`,
          message: 'must have at most 2 parties',
        })),
      );
    },
  );
});

describe('two parties together, with their slices and every message to either', () => {
  const COLUMNS = 15;
  const PER_COLUMN = 20;
  const READ = COLUMNS * PER_COLUMN;
  const labels = rowsOf(ROWS, (row) => Number(noise(row) > 0.5));
  const names = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `b${from + at}`);
  /** Powers of two in 20 rows of each column, so that its weight would be their labels, bit by bit. */
  const cell = (row: number, column: number): number =>
    Math.floor(row / PER_COLUMN) === column ? 2 ** ((row % PER_COLUMN) + 1 - PER_COLUMN) : 0;

  /** How many labels are right that these weights give: X'(y - 1/2) / rows, in units of the smallest power. */
  function rightLabels(weights: RingVector): number {
    let right = 0;
    for (let column = 0; column < COLUMNS; column += 1) {
      const elements = weights.subarray(column * WORDS, (column + 1) * WORDS);
      const weight = elements.reduceRight((sum, word) => sum * 2n ** 32n + BigInt(word), 0n);
      const units = BigInt.asIntN(128, weight) * BigInt(ROWS) * 2n ** BigInt(PER_COLUMN);
      const bits = (units / 2n ** BigInt(STATE_BITS) + 2n ** BigInt(PER_COLUMN)) / 2n;
      for (let bit = 0; bit < PER_COLUMN; bit += 1) {
        if (Number((bits >> BigInt(bit)) & 1n) === labels[column * PER_COLUMN + bit]) right += 1;
      }
    }
    return right;
  }

  test('get no more labels than guessing, and all that they receive is uniform', async () => {
    const runs = await OwnedRuns.claim();
    const crossed: CrossedMessage[] = [];
    const made = (from: number, to: number) => [
      names(from, to),
      ...rowsOf(ROWS, (row) => names(from, to).map((_, at) => cell(row, from + at))),
    ];
    const config = {
      train_data: {
        alice: await runs.table('alice', 'powers', [['a', 'y'], ...labels.map((y, row) => [noise(row + 9_000), y])]),
        bob: await runs.table('bob', 'powers', made(0, 8)),
        carol: await runs.table('carol', 'powers', made(8, COLUMNS)),
      },
      features: { alice: ['a'], bob: names(0, 8), carol: names(8, COLUMNS) },
      ...{ label: 'y', label_party: 'alice', params: { epochs: 1, batch_size: ROWS, learning_rate: 1 } },
    };
    const run = runs.folder.run(config, {
      params: { sf_init_config: { parties: PARTIES }, task_config: config } as never,
    });
    const { result } = await runSsLr(run, (message) => crossed.push(message));
    const paths = result.model_paths as Paths;
    const shares: RingVector[] = [];
    for (const party of PARTIES) {
      shares.push(sliceOf(JSON.parse(await runs.folder.text(party, paths[party]!)))!.share);
    }
    await runs.folder.remove();
    // The attack works on weights: opened, they are the labels.
    const ofColumns = (share: RingVector): RingVector => slice(share, 1, COLUMNS + 1);
    expect(rightLabels(ofColumns(shares.reduce(add)))).toBe(READ);

    const own = ofColumns(add(shares[1]!, shares[2]!));
    const guesses = [rightLabels(own)];
    const received = crossed.flatMap(({ to, body }) =>
      to !== 'alice' && to !== '#neutral' && typeof body !== 'string' ? [{ to, body }] : [],
    );
    for (const { body } of received) {
      for (let at = 0; at + COLUMNS * ELEMENT_BYTES <= body.length && at < 10_000; at += COLUMNS * ELEMENT_BYTES) {
        const values = fromBytes(body.slice(at, at + COLUMNS * ELEMENT_BYTES), COLUMNS);
        guesses.push(rightLabels(values), rightLabels(add(values, own)));
      }
    }
    expect(guesses.length).toBeGreaterThan(100);
    const mean = guesses.reduce((sum, right) => sum + right, 0) / guesses.length;
    expect(Math.abs(mean / READ - 0.5)).toBeLessThan(0.05);
    // The best of so many guesses is luck: five deviations above a half.
    expect(Math.max(...guesses)).toBeLessThan(READ / 2 + 5 * Math.sqrt(READ / 4));

    for (const party of ['bob', 'carol']) {
      const bytes = Buffer.concat(received.flatMap(({ to, body }) => (to === party ? [body] : [])));
      const counts = new Float64Array(256);
      for (const byte of bytes) counts[byte]! += 1;
      const even = bytes.length / 256;
      expect(counts.reduce((sum, count) => sum + (count - even) ** 2 / even, 0)).toBeLessThan(420);
    }
  });
});
