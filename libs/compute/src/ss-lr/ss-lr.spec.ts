import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { binaryMetrics, cutPoints } from '../evaluation/metrics.js';
import { MIN_GROUP_ROWS } from '#libs/consent';
import { MaskStream } from '../mpc/random.js';
import { encode, toBytes } from '../mpc/ring.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { openModel } from './open-model-for-tests.js';
import { runSsLr } from './ss-lr-run.js';
import { batches, splitRows } from '../vertical/split-rows.js';
import type { JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';

const ROWS = 600;
const ALICE = ['a0', 'a1', 'a2'];
const BOB = ['b0', 'b1', 'b2', 'b3'];
let folder: string;

/** A table that both parties' columns explain, with noise; the same in every run. */
const words = new MaskStream(new Uint8Array(32).fill(7), 'test data').next(ROWS * 8);
const uniform = (at: number): number => words[at]! / 2 ** 32;
const normal = (at: number): number => [0, 1, 2, 3].reduce((sum, k) => sum + uniform(at * 4 + k) - 0.5, 0) * 1.7;
const cells = Array.from({ length: ROWS }, (_, row) =>
  Array.from({ length: 7 }, (_, column) => normal(row * 8 + column)),
);
const truth = [1.5, -1, 0.5, 2, -1.5, 0.7, 0];
const labels = cells.map((cell, row) =>
  cell.reduce((sum, x, column) => sum + x * truth[column]!, 0) + normal(row * 8 + 7) > 0 ? 1 : 0,
);
const csv = (header: string[], rows: (string | number)[][]): string =>
  `${[header, ...rows].map((row) => row.join(',')).join('\n')}\n`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ss-lr-'));
  await mkdir(join(folder, 'data/alice'), { recursive: true });
  await mkdir(join(folder, 'data/bob'), { recursive: true });
  const alice = cells.map((cell, row) => [row, ...cell.slice(0, 3), labels[row]!]);
  const bob = cells.map((cell, row) => [row, ...cell.slice(3)]);
  await writeFile(join(folder, 'data/alice/train.csv'), csv(['id', ...ALICE, 'y'], alice));
  await writeFile(join(folder, 'data/bob/train.csv'), csv(['id', ...BOB], bob));
  const labelled = bob.map((row, at) => [...row, labels[at]!]);
  await writeFile(join(folder, 'data/bob/labelled.csv'), csv(['id', ...BOB, 'y'], labelled));
  await writeFile(join(folder, 'data/bob/short.csv'), csv(['id', ...BOB], bob.slice(0, 590)));
  await writeFile(
    join(folder, 'data/bob/far.csv'),
    csv(
      ['id', ...BOB],
      bob.map((row) => row.map((x) => x * 1e7)),
    ),
  );
  await writeFile(
    join(folder, 'data/bob/gap.csv'),
    csv(
      ['id', ...BOB],
      bob.map((row, at) => (at === 41 ? [41, '', 1, 1, 1] : row)),
    ),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const CONFIG = {
  features: { alice: ALICE, bob: BOB },
  label: 'y',
  label_party: 'alice',
  train_data: { alice: 'train.csv', bob: 'train.csv' },
  test_fraction: 0.2,
};
function aRun(taskId: string, config: JsonObject, more: Partial<TaskRun> = {}): TaskRun<never> {
  return {
    chainId: 'c1',
    taskId,
    attempt: 1,
    requestId: 'r1',
    params: { task_config: { ...CONFIG, ...config } as never },
    inputs: {},
    dataRoot: join(folder, 'data'),
    artifactRoot: join(folder, 'artifacts'),
    signal: new AbortController().signal,
    progress: () => undefined,
    log: () => undefined,
    ...(more as Partial<TaskRun<never>>),
  };
}
const artifact = (taskId: string, name: string): Promise<string> =>
  readFile(join(folder, 'artifacts/c1', taskId, name), 'utf8');
/** The weights that both slices of a task give together. */
const modelOf = async (taskId: string): Promise<{ weights: number[]; intercept: number }> =>
  openModel(await artifact(taskId, 'alice/model.json'), await artifact(taskId, 'bob/model.json'));
/** Without the cards of models. */
const namesOf = (outcome: TaskRunResult): string[] =>
  outcome.artifacts.flatMap(({ name }) => (name.endsWith('_card.json') ? [] : [name])).sort();
const predictionsOf = async (taskId: string): Promise<number[]> =>
  (await artifact(taskId, 'alice/predictions.csv'))
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',').at(-1)));
const failure = (taskId: string, config: JsonObject): Promise<unknown> =>
  runSsLr(aRun(taskId, config)).catch((error: unknown) => error);

/** The same schedule on plain doubles; the L1 penalty by proximal steps. */
function plainFit(
  order: Uint32Array,
  columns: number,
  { linear = false, l1 = 0, l2 = 0 } = {},
): { weights: number[]; intercept: number } {
  const weights: number[] = Array(columns).fill(0);
  let intercept = 0;
  for (let epoch = 0; epoch < 10; epoch += 1) {
    for (const [from, to] of batches(order.length, 64)) {
      const gradient: number[] = Array(columns).fill(0);
      let sum = 0;
      for (const row of order.subarray(from, to)) {
        const score = weights.reduce((total, w, c) => total + w * cells[row]![c]!, intercept);
        const residual = (linear ? score : 0.5 + score / 8) - labels[row]!;
        sum += residual;
        for (let c = 0; c < columns; c += 1) gradient[c]! += residual * cells[row]![c]!;
      }
      const rate = 0.1 / (to - from);
      for (let c = 0; c < columns; c += 1) {
        const stepped = weights[c]! - rate * (gradient[c]! + l2 * weights[c]!);
        weights[c] = Math.sign(stepped) * Math.max(Math.abs(stepped) - rate * l1, 0);
      }
      intercept -= rate * sum;
    }
  }
  return { weights, intercept };
}
const scores = (rows: Uint32Array, { weights, intercept }: ReturnType<typeof plainFit>): Float64Array =>
  Float64Array.from(
    rows,
    (row) => 1 / (1 + Math.exp(-weights.reduce((sum, w, c) => sum + w * cells[row]![c]!, intercept))),
  );

describe('ss_lr', () => {
  test('finds the weights of a plain fit, on shares, and predicts held-out rows better than one party could', async () => {
    const outcome = await runSsLr(aRun('fit', {}));
    const { train, heldOut } = splitRows(ROWS, 0.2, 0);
    const plain = plainFit(train, 7);
    const model = await modelOf('fit');
    model.weights.forEach((w, c) => expect(Math.abs(w - plain.weights[c]!)).toBeLessThan(1e-5));
    expect(Math.abs(model.intercept - plain.intercept)).toBeLessThan(1e-5);
    const [alice, bob] = await Promise.all(
      ['alice', 'bob'].map(async (party) => JSON.parse(await artifact('fit', `${party}/model.json`)) as JsonObject),
    );
    expect(bob).toEqual({
      format: 'taskchain/vertical-regression/v2',
      party: 'bob',
      training: alice!.training,
      reg_type: 'logistic',
      features: BOB,
      columns: [3, 4],
      has_label: false,
      weight_bits: expect.any(Number),
      label_bits: 0,
      peer: 'alice',
      seen: { rows: 480, columns: BOB.map((column) => ({ column, distinct: 17 })) },
      share: expect.stringMatching(/^[A-Za-z0-9+/]{170}[A-Za-z0-9+/=]{2}$/),
    });
    expect(alice).toMatchObject({ features: ALICE, has_label: true });
    expect(outcome.result).toMatchObject({
      model_saved: true,
      model_paths: { alice: 'artifact:c1/fit/alice/model.json', bob: 'artifact:c1/fit/bob/model.json' },
      training_metrics: { epochs: 10, rows: 480, held_out_rows: 120 },
      prediction_output: 'artifact:c1/fit/alice/predictions.csv',
      prediction_receiver: 'alice',
      predicted_on: 'held_out',
    });

    const lines = (await artifact('fit', 'alice/predictions.csv'))
      .trim()
      .split('\n')
      .map((line) => line.split(','));
    expect(lines.shift()).toEqual(['label', 'prediction']);
    expect(lines.map(([label]) => Number(label))).toEqual([...heldOut].map((row) => labels[row]));
    const expected = scores(heldOut, plain);
    // The line of pieces, and half a step of 2^-10.
    lines.forEach(([, p], at) => expect(Math.abs(Number(p) - expected[at]!)).toBeLessThan(0.00094 + 2 ** -11));
    for (const [, p] of lines) expect(Number(p) * 1024).toBe(Math.round(Number(p) * 1024));

    const held = [...heldOut].map((row) => labels[row]!);
    const joint = binaryMetrics(
      cutPoints(
        held,
        Float64Array.from(lines, ([, p]) => Number(p)),
      ),
    );
    const alone = binaryMetrics(cutPoints(held, scores(heldOut, plainFit(train, 3))));
    expect(joint.auc).toBeGreaterThan(0.95);
    expect(joint.auc).toBeGreaterThan(alone.auc + 0.02);
    expect(joint.accuracy).toBeGreaterThan(alone.accuracy);
  });

  test('gives other shares of the same model when it runs again, the same predictions, and slices of two runs fit no more', async () => {
    const first = await runSsLr(aRun('again', {}));
    const [files, model, predictions] = [
      await artifact('again', 'alice/model.json'),
      await modelOf('again'),
      await predictionsOf('again'),
    ];
    const second = await runSsLr(aRun('again', {}, { attempt: 2 }));
    expect(namesOf(second)).toEqual(['alice/model.json', 'alice/predictions.csv', 'bob/model.json']);
    expect(await artifact('again', 'alice/model.json')).not.toBe(files);
    expect(second.result).toEqual(first.result);
    const again = await modelOf('again');
    again.weights.forEach((w, c) => expect(Math.abs(w - model.weights[c]!)).toBeLessThan(2 ** -36));
    expect(Math.abs(again.intercept - model.intercept)).toBeLessThan(2 ** -36);
    expect(await predictionsOf('again')).toEqual(predictions);
    const mixed = openModel(files, await artifact('again', 'bob/model.json'));
    expect(Math.max(...mixed.weights.map(Math.abs))).toBeGreaterThan(1e9);
  });

  test('trains linear regression, with an l2 penalty, a label at the second party and another receiver', async () => {
    const outcome = await runSsLr(
      aRun('linear', {
        label_party: 'bob',
        train_data: { alice: 'train.csv', bob: 'labelled.csv' },
        params: { reg_type: 'linear', penalty: 'l2', l2_norm: 2 },
        prediction_receiver: 'alice',
        prediction_output: { alice: 'out/p.csv' },
      }),
    );
    const plain = plainFit(splitRows(ROWS, 0.2, 0).train, 7, { linear: true, l2: 2 });
    const { weights, intercept } = await modelOf('linear');
    weights.forEach((w, c) => expect(Math.abs(w - plain.weights[c]!)).toBeLessThan(1e-5));
    expect(Math.abs(intercept - plain.intercept)).toBeLessThan(1e-5);
    expect(outcome.result).toMatchObject({ prediction_output: 'out/p.csv', prediction_receiver: 'alice' });
    const lines = (await readFile(join(folder, 'data/alice/out/p.csv'), 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(121);
    expect(lines[0]).toBe('prediction');
    // Rounded to 2^-10 of the power of two that no label exceeds.
    for (const [at, row] of splitRows(ROWS, 0.2, 0).heldOut.entries()) {
      const score = weights.reduce((sum, w, c) => sum + w * cells[row]![c]!, intercept);
      expect(Math.abs(Number(lines[at + 1]) - score)).toBeLessThanOrEqual(2 ** -11 + 1e-6);
    }
  });

  test('trains with an l1 penalty: the weights of a plain proximal fit, those that do little exactly 0', async () => {
    const { train } = splitRows(ROWS, 0.2, 0);
    for (const { task, regType, l1, dropped } of [
      { task: 'lasso-logistic', regType: 'logistic', l1: 6, dropped: 3 },
      { task: 'lasso-linear', regType: 'linear', l1: 6, dropped: 3 },
      { task: 'lasso-weak', regType: 'logistic', l1: 0.01, dropped: 0 },
    ]) {
      const plain = plainFit(train, 7, { linear: regType === 'linear', l1 });
      await runSsLr(aRun(task, { params: { reg_type: regType, penalty: 'l1', l2_norm: l1 } }));
      const { weights, intercept } = await modelOf(task);
      weights.forEach((w, c) => expect(Math.abs(w - plain.weights[c]!)).toBeLessThan(1e-5));
      expect(Math.abs(intercept - plain.intercept)).toBeLessThan(1e-5);
      expect(weights.map((w) => w === 0)).toEqual(plain.weights.map((w) => w === 0));
      expect(weights.filter((w) => w === 0)).toHaveLength(dropped);
    }
  });

  test('works where the label party has no feature, and predicts on given test data', async () => {
    const outcome = await runSsLr(
      aRun('label-only', {
        features: { bob: BOB },
        test_fraction: 0,
        test_data: { alice: 'train.csv', bob: 'train.csv' },
      }),
    );
    expect(outcome.result).toMatchObject({
      predicted_on: 'test_data',
      prediction_rows: ROWS,
      training_metrics: { rows: ROWS },
    });
    expect(JSON.parse(await artifact('label-only', 'alice/model.json'))).toMatchObject({
      features: [],
      columns: [0, 4],
    });
  });

  test('predicts nothing unless asked', async () => {
    const outcome = await runSsLr(aRun('quiet', { test_fraction: 0, params: { epochs: 1 } }));
    expect(namesOf(outcome)).toEqual(['alice/model.json', 'bob/model.json']);
    expect(outcome.result).not.toHaveProperty('prediction_output');
  });

  test('shows the other side no feature, label or weight', () => readsTranscript('transcript', { epochs: 2 }));
  test('shows the other side no sign of a weight either, with an l1 penalty', () =>
    readsTranscript('transcript-l1', { epochs: 2, penalty: 'l1', l2_norm: 6 }));

  /** Trains, and fails where anything crossed that is not uniform, or holds a secret in clear. */
  async function readsTranscript(task: string, params: JsonObject): Promise<void> {
    const crossed: CrossedMessage[] = [];
    await runSsLr(aRun(task, { params }), (message) => crossed.push(message));
    const parties = crossed.filter(({ from, to }) => from !== '#neutral' && to !== '#neutral');
    expect(crossed.length).toBeGreaterThan(60);
    // JSON carries counts, the name of the training, and powers of two.
    const texts = crossed.map(({ body }) => body).filter((body) => typeof body === 'string');
    const sizes =
      /^\{("(rows|batchSize|predict|losses|train|test|features|label|min_group_rows)":\d+,?)*("training":"[0-9a-f]{32}")?\}$/;
    for (const text of texts) expect(text).toMatch(sizes);
    expect(texts).toHaveLength(7);

    const { weights } = await modelOf(task);
    const secrets = [...cells.flat(), ...weights].filter((value) => Math.abs(value) > 1e-3);
    const forms = new Set<string>();
    for (const value of secrets) {
      for (const bits of [26, 48]) {
        // The first 6 bytes of a fixed-point number at either scale, and of its double.
        const fixed = BigInt.asUintN(128, BigInt(Math.round(value * 2 ** bits)));
        forms.add(
          Buffer.from((fixed & 0xffffffffffffn).toString(16).padStart(12, '0'), 'hex')
            .reverse()
            .toString('hex'),
        );
      }
      const double = Buffer.alloc(8);
      double.writeDoubleLE(value);
      forms.add(double.subarray(2).toString('hex'));
    }
    for (const label of [0, 1])
      forms.add(
        Buffer.from(new Float64Array([label, label]).buffer)
          .toString('hex')
          .padEnd(32, '0'),
      );
    // What is looked for would be found: a feature in the form that the protocol masks.
    expect(
      forms.has(
        Buffer.from(toBytes(encode([cells[0]![0]!], 26)))
          .toString('hex')
          .slice(0, 12),
      ),
    ).toBe(true);
    let windows = 0;
    for (const { body } of crossed) {
      if (typeof body === 'string') continue;
      const hex = Buffer.from(body).toString('hex');
      for (let at = 0; at + 12 <= hex.length; at += 4) {
        windows += 1;
        if (forms.has(hex.slice(at, at + 12)) || forms.has(hex.slice(at, at + 32)))
          throw new Error('a secret crossed in clear');
      }
    }
    expect(windows).toBeGreaterThan(50_000);

    // Every message looks uniform, also those of the predictions.
    const shares = Buffer.concat(parties.flatMap(({ body }) => (typeof body === 'string' ? [] : [body])));
    const counts = new Float64Array(256);
    for (const byte of shares) counts[byte]! += 1;
    const even = shares.length / 256;
    expect(counts.reduce((sum, count) => sum + (count - even) ** 2 / even, 0)).toBeLessThan(420);
  }

  test('says at least once a second how far it is, and never goes back', async () => {
    const seen: [number, string][] = [];
    await runSsLr(aRun('progress', {}, { progress: (fraction, stage) => seen.push([fraction, stage]) }));
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.map(([fraction]) => fraction)).toEqual(seen.map(([fraction]) => fraction).sort((a, b) => a - b));
    expect(seen.at(-1)![0]).toBe(1);
  });

  test('stops within 2 s when told to, and leaves nothing', async () => {
    const controller = new AbortController();
    let stopped = 0;
    const promise = runSsLr(
      aRun(
        'stopped',
        { params: { epochs: 1000, batch_size: 4 } },
        {
          signal: controller.signal,
          progress: (_, stage) => {
            if (!stage.startsWith('training') || stopped > 0) return;
            stopped = performance.now();
            controller.abort(new Error('cancelled'));
          },
        },
      ),
    );
    await expect(promise).rejects.toThrow('cancelled');
    expect(performance.now() - stopped).toBeLessThan(2000);
    expect(await readdir(join(folder, 'artifacts/c1/stopped'), { recursive: true }).catch(() => [])).toEqual([]);
  });

  test('fails with a code that says what to do, and never with a value', async () => {
    const train = { alice: 'train.csv', bob: 'train.csv' };
    const cases: [JsonObject, object][] = [
      [
        { train_data: { ...train, bob: 'short.csv' } },
        { code: 'NOT_ALIGNED', message: expect.not.stringMatching(/[56][09]0/) },
      ],
      [
        { label: 'a0', features: { alice: ['a1'], bob: BOB } },
        { code: 'LABEL_NOT_BINARY', details: { party: 'alice', column: 'a0' } },
      ],
      [{ params: { learning_rate: 50, epochs: 50 } }, { code: 'NOT_CONVERGED' }],
      [{ params: { learning_rate: 50, reg_type: 'linear' } }, { code: 'NOT_CONVERGED' }],
      [
        { train_data: { ...train, bob: 'far.csv' } },
        { code: 'NOT_CONVERGED', details: { party: 'bob', column: 'b0' } },
      ],
      [
        { features: { alice: ALICE, bob: ['nope'] } },
        { code: 'COLUMN_NOT_FOUND', details: { party: 'bob', column: 'nope' } },
      ],
      [
        { train_data: { ...train, bob: 'gap.csv' } },
        { code: 'CAST_FAILED', details: { party: 'bob', column: 'b0', row: 42 } },
      ],
    ];
    for (const [at, [config, expected]] of cases.entries()) {
      const error = await failure(`fail-${at}`, config);
      expect(error).toMatchObject({ name: 'TaskFailure', retryable: false, ...expected });
      expect((error as Error).message).not.toMatch(/\d\.\d{3}/);
    }
  });

  test('wants more rows than a group', async () => {
    const few = cells.slice(0, MIN_GROUP_ROWS - 1);
    await writeFile(
      join(folder, 'data/alice/few.csv'),
      csv(
        [...ALICE, 'y'],
        few.map((cell, row) => [...cell.slice(0, 3), labels[row]!]),
      ),
    );
    await writeFile(
      join(folder, 'data/bob/few.csv'),
      csv(
        BOB,
        few.map((cell) => cell.slice(3)),
      ),
    );
    const error = await failure('few', { train_data: { alice: 'few.csv', bob: 'few.csv' }, test_fraction: 0 });
    expect(error).toMatchObject({ code: 'INSUFFICIENT_ROWS', details: { min_rows: MIN_GROUP_ROWS } });
  });

  test('wants no column of the training rows in which a few rows stand alone, so that no prediction is their label', async () => {
    const write = (name: string, of: (row: number) => number): Promise<void> =>
      writeFile(
        join(folder, 'data/bob', name),
        csv(
          BOB,
          cells.map((cell, row) => [of(row), ...cell.slice(4)]),
        ),
      );
    await write('lone.csv', (row) => Number(row < MIN_GROUP_ROWS - 1));
    await write('classes.csv', (row) => Number(row < MIN_GROUP_ROWS));
    await write('flat.csv', () => 1);
    const of = (bob: string): JsonObject => ({
      train_data: { alice: 'train.csv', bob },
      test_fraction: 0,
      params: { epochs: 1 },
    });
    expect(await failure('lone', of('lone.csv'))).toMatchObject({
      code: 'GROUP_TOO_SMALL',
      details: { party: 'bob', column: 'b0', min_rows: MIN_GROUP_ROWS },
    });
    for (const name of ['classes', 'flat']) expect(await failure(name, of(`${name}.csv`))).toHaveProperty('result');
    await writeFile(
      join(folder, 'data/alice/rare.csv'),
      csv(
        [...ALICE, 'y'],
        cells.map((cell, row) => [...cell.slice(0, 3), Number(row === 9)]),
      ),
    );
    const rare = await failure('rare', { train_data: { alice: 'rare.csv', bob: 'train.csv' }, test_fraction: 0 });
    expect(rare).toMatchObject({ code: 'GROUP_TOO_SMALL', details: { party: 'alice', column: 'y' } });
  });
});

describe('the parameters of ss_lr', () => {
  const pointers = (config: JsonObject): string[] =>
    checkTaskParams('ss_lr', {
      sf_init_config: { parties: ['alice', 'bob', 'carol'], address: 'local' },
      task_config: { ...CONFIG, ...config },
    }).map(({ pointer }) => pointer.replace('/task_config', ''));

  test('are those of the catalogue', () => {
    expect(
      pointers({ task_type: 'ss_lr', params: { penalty: 'l2', l2_norm: 1 }, model_output: { alice: 'm', bob: 'm' } }),
    ).toEqual([]);
    expect(pointers({ params: { penalty: 'l1' } })).toEqual([]);
    expect(
      pointers({ train_data: { alice: '${tasks.psi.result.output_paths.alice}', bob: 'b' }, prediction_output: 'p' }),
    ).toEqual([]);
    expect(pointers({ train_data: '${tasks.psi.result.output_paths}' })).toEqual([]);
    expect(pointers({ prediction_output: { alice: 'p', bob: 'p' } })).toEqual([]);
    expect(pointers({ prediction_receiver: '${tasks.a.result.who}', prediction_output: { bob: 'p' } })).toEqual([]);
  });

  test('are refused where they cannot work', () => {
    const train = { alice: 'a', bob: 'b' };
    const cases: [JsonObject, string][] = [
      [{ params: { penalty: 'l3' } }, '/params/penalty'],
      [{ params: { epochs: 0 } }, '/params/epochs'],
      [{ params: { lr: 1 } }, '/params/lr'],
      [{ extra: 1 }, '/extra'],
      [{ label: '' }, '/label'],
      [{ test_fraction: 0, train_data: { ...train, carol: 'c' }, test_data: train }, '/test_data'],
      [{ label_party: 'carol' }, '/label_party'],
      [{ prediction_receiver: 'carol' }, '/prediction_receiver'],
      [{ prediction_output: { bob: 'p.csv' } }, '/prediction_output'],
      [{ prediction_receiver: 'bob', prediction_output: { alice: 'p.csv' } }, '/prediction_output'],
      [{ features: { carol: ['x'] } }, '/features/carol'],
      [{ model_output: { carol: 'm' } }, '/model_output/carol'],
      [{ features: { alice: [], bob: [] } }, '/features'],
      [{ label: 'a0' }, '/features/alice'],
      [{ test_data: train }, '/test_fraction'],
    ];
    for (const [config, pointer] of cases) expect(pointers(config)).toEqual([pointer]);
    const nine = Object.fromEntries(Array.from('abcdefghi', (party) => [party, 'p']));
    expect(pointers({ train_data: nine })).toContain('/train_data');
  });
});
