import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject } from '../contract/task-type.js';
import { MaskStream } from '../mpc/random.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import { PartyLedger } from '../party/party-ledger.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { csvOf } from '../table/breast-cancer-for-tests.js';
import { openGlm } from './open-model-for-tests.js';
import { runSsGlm } from './ss-glm-run.js';

const words = new MaskStream(new Uint8Array(32).fill(29), 'attacks').next(60_000);
/** The same numbers between 0 and 1 in every run. */
const noise = (at: number): number => words[at % words.length]! / 2 ** 32;
const rowsOf = <T>(count: number, of: (row: number) => T): T[] => Array.from({ length: count }, (_, row) => of(row));
const ROWS = 200;

/** The label of alice, with her columns, and columns that bob chooses; he gets the predictions. */
interface Attack {
  readonly name: string;
  readonly label: readonly number[];
  readonly columns: readonly (readonly number[])[];
  readonly own?: Readonly<Record<string, readonly number[]>>;
  readonly more?: JsonObject;
  readonly params?: JsonObject;
}

describe('a party that chooses its columns, and gets the predictions', () => {
  let folder: TestFolder;
  beforeAll(async () => {
    folder = await testFolder();
  });
  afterAll(() => folder.remove());

  async function attack({ name, label, columns, own = {}, more = {}, params = { epochs: 6 } }: Attack) {
    const ofAlice = { ...own, y: label };
    await folder.table(
      'alice',
      `${name}.csv`,
      csvOf(
        Object.keys(ofAlice),
        label.map((_, row) => Object.values(ofAlice).map((column) => column[row]!)),
      ),
    );
    const names = columns.map((_, at) => `b${at}`);
    await folder.table(
      'bob',
      `${name}.csv`,
      csvOf(
        names,
        label.map((_, row) => columns.map((column) => column[row]!)),
      ),
    );
    const crossed: CrossedMessage[] = [];
    const config = {
      features: { bob: names },
      ...{ label: 'y', label_party: 'alice', prediction_receiver: 'bob', params },
      train_data: { alice: `${name}.csv`, bob: `${name}.csv` },
      prediction_output: 'artifact:predictions.csv',
      ...more,
    };
    const { result } = await runSsGlm(folder.run(config, { taskId: name }), (message) => crossed.push(message));
    const paths = result.model_paths as { alice: string; bob: string };
    const rows = await folder.rows('bob', result.prediction_output as string);
    return {
      predictions: rows.slice(1).map(([prediction]) => Number(prediction)),
      files: [await folder.text('alice', paths.alice), await folder.text('bob', paths.bob)] as const,
      crossed,
    };
  }
  const label = rowsOf(ROWS, (row) => Number(noise(row) > 0.5));
  const signs = (column: number): number[] => rowsOf(ROWS, (row) => (noise(1_000 + 200 * column + row) > 0.5 ? 1 : -1));

  test('gets no model of a column that is another in few rows, of few rows a column, or of weights that leave few rows', async () => {
    const few = (rows: number): number[] => rowsOf(ROWS, (row) => Number(row < rows));
    const is = (code: string, details: object) => ({ code, details, retryable: false });
    await expect(attack({ name: 'marked', label, columns: [few(19)] })).rejects.toMatchObject(
      is('GROUP_TOO_SMALL', { party: 'bob', column: 'b0', min_rows: 20 }),
    );
    await expect(attack({ name: 'eleven', label, columns: rowsOf(11, signs) })).rejects.toMatchObject(
      is('INSUFFICIENT_ROWS', { min_rows: 220 }),
    );
    const own = { w: rowsOf(ROWS, (row) => (row < 20 ? 1 + row : 1e-6)) };
    await expect(
      attack({ name: 'weights', label, columns: [signs(0)], own, more: { weight: 'w' } }),
    ).rejects.toMatchObject(is('GROUP_TOO_SMALL', { party: 'alice', column: 'w', min_rows: 20 }));
    // As much as 30 rows, and for two columns it takes 40.
    const ofThirty = { w: rowsOf(ROWS, (row) => (row < 30 ? 1 : 1e-6)) };
    await expect(
      attack({ name: 'of-thirty', label, columns: [signs(0), signs(1)], own: ofThirty, more: { weight: 'w' } }),
    ).rejects.toMatchObject(is('GROUP_TOO_SMALL', { column: 'w', min_rows: 40 }));
  });

  test('gets no prediction where columns differ in a row or two, or where one row is most of a column', async () => {
    const base = rowsOf(ROWS, (row) => noise(row + 7_000));
    const apart = (rows: number): number[][] => [base, base.map((value, row) => value + Number(row < rows))];
    const amounts = rowsOf(ROWS, (row) => 1 + noise(row + 9_000));
    for (const [name, columns] of [
      ['two', apart(2)],
      ['far', [base.map((value, row) => (row === 3 ? 60 : value))]],
    ] as const) {
      const of = { name, label: amounts, columns, params: { distribution: 'gamma', epochs: 6 } };
      await expect(attack(of)).rejects.toMatchObject({
        code: 'NOT_CONVERGED',
        message: expect.not.stringMatching(/row \d|"/),
      });
    }
  });

  test('reads under 70 % of the labels off the predictions of the rows of the training with as many columns as it takes', async () => {
    const { predictions, files, crossed } = await attack({ name: 'ten', label, columns: rowsOf(10, signs) });
    expect(predictions.filter((prediction) => !Number.isInteger(prediction * 1024))).toEqual([]);
    const right = predictions.filter((prediction, row) => Number(prediction > 0.5) === label[row]).length / ROWS;
    expect(right).toBeGreaterThan(0.55);
    expect(right).toBeLessThan(0.7);

    // What crosses as text are sizes. The opened predictions are whole numbers of 11 bits, and no message has a number twice.
    const texts = crossed.flatMap(({ from, to, body }) =>
      typeof body === 'string' ? [[from, to, JSON.parse(body)]] : [],
    );
    const sizes = { train: ROWS, test: 0, min_group_rows: 20 };
    expect(texts).toEqual(
      expect.arrayContaining([
        ['alice', 'bob', sizes],
        ['bob', 'alice', sizes],
        ['alice', 'bob', { explained: true, training: expect.stringMatching(/^[0-9a-f]{32}$/) }],
        ['bob', 'alice', { explained: true }],
        ['alice', expect.any(String), { rows: ROWS, predict: ROWS, explained: true }],
      ]),
    );
    expect(texts).toHaveLength(5);
    const elements = crossed.flatMap(({ from, to, body }) =>
      from === 'alice' && to === 'bob' && typeof body !== 'string' && body.length % 16 === 0
        ? rowsOf(body.length / 16, (at) => Buffer.from(body.subarray(16 * at, 16 * at + 16)).toString('hex'))
        : [],
    );
    expect(elements.length).toBeGreaterThan(10_000);
    expect(new Set(elements).size).toBe(elements.length);
    // A slice is random; both together are the model.
    const shares = files.map((file) => (JSON.parse(file) as { share: string }).share);
    const again = await attack({ name: 'ten-again', label, columns: rowsOf(10, signs) });
    const others = again.files.map((file) => (JSON.parse(file) as { share: string }).share);
    expect(new Set([...shares, ...others]).size).toBe(4);
    expect(openGlm(...again.files)).toEqual(openGlm(...files));
    expect(again.predictions).toEqual(predictions);
  });

  test('gets means in steps of 1/256 of themselves between e^-7 and e^7, however far the rows to predict lie', async () => {
    const base = rowsOf(ROWS, (row) => noise(row + 7_000));
    const amounts = base.map((value, row) => Math.exp(2 * value) * (1 + noise(row + 9_000)));
    await folder.table(
      'alice',
      'far-rows.csv',
      csvOf(
        ['y'],
        amounts.map((y) => [y]),
      ),
    );
    await folder.table(
      'bob',
      'far-rows.csv',
      csvOf(
        ['b0'],
        base.map((value, row) => [(value - 0.5) * (row < 40 ? 1000 : 1)]),
      ),
    );
    const test_data = { alice: 'far-rows.csv', bob: 'far-rows.csv' };
    const params = { distribution: 'gamma', epochs: 6 };
    const { predictions } = await attack({
      name: 'steps',
      label: amounts,
      columns: [base],
      params,
      more: { test_data },
    });
    const scale = 2 ** Math.ceil(Math.log2(amounts.reduce((sum, y) => sum + y, 0) / ROWS));
    const steps = predictions.map((prediction) => Math.log(prediction / scale) * 256);
    expect(steps.filter((step) => Math.abs(step - Math.round(step)) > 1e-6)).toEqual([]);
    expect([Math.min(...steps), Math.max(...steps)].map(Math.round)).toEqual([-1792, 1792]);
  });
});

describe('the owner of a label', () => {
  test('reads what trainings opened about it, and they open less and then nothing as less is left', async () => {
    const runs = await OwnedRuns.claim('alice', 'bob');
    const train_data = {
      alice: await runs.table('alice', 'a', [
        ['y', 'x'],
        ...rowsOf(ROWS, (row) => [Math.floor(4 * noise(row)), Math.floor(4 * noise(row + 900))]),
      ]),
      bob: await runs.table('bob', 'b', [['b'], ...rowsOf(ROWS, (row) => [noise(row + 500)])]),
    };
    const config = {
      ...{ train_data, features: { alice: ['x'], bob: ['b'] }, label: 'y', label_party: 'alice' },
      ...{
        prediction_receiver: 'bob',
        prediction_output: 'artifact:predictions.csv',
        params: { distribution: 'poisson', epochs: 4 },
      },
    };
    runs.policy('bob', 'b', {});
    const withLoss = 11 + 1 + 6;
    const train = (taskId: string, bits: number) => {
      runs.policy('alice', 'a', { budget: { bits } });
      return runs.run('ss_glm', taskId, config);
    };
    const first = await train('one', 2 * withLoss);
    expect(first.result.training_metrics).toMatchObject({ explained: expect.any(Number) });
    const second = await train('two', withLoss + 20);
    expect(second.result.training_metrics).toMatchObject({
      explained: null,
      withheld: { explained: expect.stringMatching(/half a bit/) },
    });
    const details = { column: 'y', opened: withLoss + 7, asked: 7 };
    await expect(train('three', withLoss + 10)).rejects.toMatchObject({ code: 'BUDGET_EXHAUSTED', details });
    const { openings } = await new PartyLedger(join(runs.folder.path, 'data', 'alice')).read();
    // Beside the notes of which rows are trained on, which come first.
    const figures = openings.filter(({ bits, counts }) => counts !== undefined || Object.keys(bits).length > 0);
    expect(figures.map(({ bits, counts, to }) => [bits.y ?? 0, counts?.['predictions'] ?? 0, to])).toEqual([
      [withLoss, 0, ['bob']],
      [0, ROWS, ['bob']],
      [7, 0, ['bob']],
      [0, ROWS, ['bob']],
    ]);
    // A column of few values is counted as well, and both for the rows of the training.
    expect(openings.filter(({ bits }) => 'y' in bits).map(({ codes, over }) => [codes, over])).toEqual([
      [{ x: 11 + 1, y: withLoss }, ROWS],
      [{ x: 1, y: 7 }, ROWS],
    ]);
    await runs.folder.remove();
  });
});
