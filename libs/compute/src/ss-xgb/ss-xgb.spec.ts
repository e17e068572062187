import { randomFillSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { runTask } from '../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskRun } from '../contract/task-type.js';
import { binaryMetrics, cutPoints } from '../evaluation/metrics.js';
import { jointly } from '../mpc/joint-for-tests.js';
import { rounded, type Joint } from '../mpc/joint.js';
import { Z32, type Vector } from '../mpc/rings.js';
import { NEUTRAL } from '../party/party-program.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { breastCancer, csvOf } from '../table/breast-cancer-for-tests.js';
import { unpackedSplits } from './shared-model.js';
import { probabilities } from './sigmoid.js';
import { runSsXgb } from './ss-xgb-run.js';

interface Slice {
  readonly training: string;
  readonly trees: readonly {
    readonly owners: number[];
    readonly splits: ReturnType<typeof unpackedSplits>;
    readonly weight_shares: string;
  }[];
}

let folder: TestFolder;
let names: { alice: string[]; bob: string[] };
let patients: readonly (readonly number[])[];

beforeAll(async () => {
  folder = await testFolder();
  const { features, rows } = await breastCancer();
  names = { alice: features.slice(0, 8), bob: features.slice(20, 28) };
  patients = rows;
  const at = (row: readonly number[], columns: string[]): number[] =>
    columns.map((name) => row[features.indexOf(name)]!);
  const tables = {
    alice: csvOf(
      [...names.alice, 'y', 'amount'],
      rows.map((row) => [...at(row, names.alice), row.at(-1)!, row[20]! * 1000]),
    ),
    bob: csvOf(
      names.bob,
      rows.map((row) => at(row, names.bob)),
    ),
  };
  for (const party of ['alice', 'bob'] as const) await folder.table(party, 'cancer.csv', tables[party]);
});
afterAll(() => folder.remove());

const PARAMS = { num_boost_round: 5, max_depth: 3, reg_lambda: 1 };
const configOf = (more: JsonObject = {}): JsonObject => ({
  train_data: { alice: 'cancer.csv', bob: 'cancer.csv' },
  features: { alice: [...names.alice], bob: [...names.bob] },
  label: 'y',
  label_party: 'alice',
  test_fraction: 0.2,
  params: PARAMS,
  ...more,
});
const runOf = (config: JsonObject, more: Partial<TaskRun> = {}): TaskRun<never> => folder.run(config, more);

async function aucOf(party: string, reference: unknown): Promise<number> {
  const [, ...rows] = await folder.rows(party, String(reference));
  const points = cutPoints(
    rows.map(([label]) => Number(label)),
    Float64Array.from(rows, ([, prediction]) => Number(prediction)),
  );
  return binaryMetrics(points).auc;
}
const sliceOf = async (result: JsonObject, party: 'alice' | 'bob'): Promise<Slice> =>
  sliceFrom(await folder.text(party, (result.model_paths as Record<string, string>)[party]!));

function sliceFrom(text: string): Slice {
  type Tree = Omit<Slice['trees'][number], 'splits'> & { readonly splits: string };
  const file = JSON.parse(text) as { training: string; features: string[]; trees: Tree[] };
  const trees = file.trees.map((tree) => ({ ...tree, splits: unpackedSplits(tree.splits, file.features.length) }));
  return { training: file.training, trees };
}

/** Pearson's statistic of the bytes against uniform ones, in deviations from its mean. */
function unevenness(bytes: Uint8Array): number {
  const counts = new Float64Array(256);
  for (const byte of bytes) counts[byte]! += 1;
  const even = bytes.length / 256;
  return (counts.reduce((sum, count) => sum + (count - even) ** 2 / even, 0) - 255) / 22.6;
}

describe('ss_xgb', () => {
  test('predicts as boosting in clear does, and evaluation predicts the same', async () => {
    const { result } = await runTask('ss_xgb', runOf(configOf(), { taskId: 'train' }));
    expect(result).toMatchObject({
      model_saved: true,
      training_metrics: { num_trees: 5, rows: 407, held_out_rows: 102, final_loss: null, loss_by_round: null },
      prediction_rows: 102,
      predicted_on: 'held_out',
    });
    const clear = await runTask('secureboost', runOf(configOf(), { taskId: 'clear' }));
    const [own, plain] = [
      await aucOf('alice', result.prediction_output),
      await aucOf('alice', clear.result.prediction_output),
    ];
    // Nearly equal splits may be taken one for the other. In clear they are not.
    expect(plain).toBeCloseTo(0.96945, 4);
    expect(Math.abs(own - plain)).toBeLessThan(0.01);
    const [, ...rows] = await folder.rows('alice', String(result.prediction_output));
    const [, ...plainRows] = await folder.rows('alice', String(clear.result.prediction_output));
    const apart = rows.map(([, p], row) => Math.abs(Number(p) - Number(plainRows[row]![1])));
    expect(apart.toSorted((a, b) => a - b)[90]).toBeLessThan(0.05);
    for (const [, p] of rows) expect(Number(p) * 1024).toBe(Math.round(Number(p) * 1024));

    const evaluation = await runTask(
      'evaluation',
      runOf({
        model: result.model_paths as JsonObject,
        test_data: { alice: 'cancer.csv', bob: 'cancer.csv' },
        label: 'y',
        label_party: 'alice',
      }),
    );
    expect((evaluation.result.metrics as { auc: number }).auc).toBeGreaterThan(0.97);
  });

  test('comes to the same trees and predictions in every run, and to other slices', async () => {
    const [once, again] = await Promise.all(
      ['once', 'again'].map(async (taskId) => {
        const { result } = await runTask('ss_xgb', runOf(configOf(), { taskId }));
        const { trees } = await sliceOf(result, 'alice');
        const { trees: ofBob } = await sliceOf(result, 'bob');
        const sharesOf = (shares: string): Vector =>
          new Uint32Array(new Uint8Array(Buffer.from(shares, 'base64')).buffer);
        const own = trees.map((tree) => sharesOf(tree.weight_shares));
        return {
          own,
          opened: {
            predictions: await folder.text('alice', String(result.prediction_output)),
            splits: trees.map(({ owners, splits }, at) => [owners, splits, ofBob[at]!.splits]),
            weights: ofBob.map((tree, at) => [...Z32.add(own[at]!, sharesOf(tree.weight_shares))]),
          },
        };
      }),
    );
    expect(again!.opened).toEqual(once!.opened);
    expect(again!.own).not.toEqual(once!.own);
  });

  test('opens the same predictions each time, so that asking again gives no more digits', async () => {
    const rows = Array.from({ length: 400 }, (_, at) => Math.round((at - 200) * 97.3));
    const open = async (compute: (joint: Joint, scores: Vector) => Promise<Vector>): Promise<number[]> => {
      const mask = randomFillSync(new Uint32Array(rows.length));
      const shares = [mask, Z32.subtract(Uint32Array.from(rows), mask)] as const;
      const [first, second] = await jointly((joint) =>
        compute(joint, joint.index === null ? new Uint32Array(rows.length) : shares[joint.index]),
      );
      return Array.from(first, (word, at) => (word + second[at]!) | 0);
    };
    for (const compute of [
      (joint: Joint, scores: Vector) => probabilities(joint, scores, 10),
      (joint: Joint, scores: Vector) => rounded(joint, Z32, scores, 7),
    ]) {
      const once = await open(compute);
      for (let again = 0; again < 5; again += 1) expect(await open(compute)).toEqual(once);
    }
    expect(await open((joint, scores) => rounded(joint, Z32, scores, 7))).toEqual(
      rows.map((score) => Math.floor((score + 64) / 128)),
    );
  });

  test('fits numbers, with the label at the second party and the predictions at the first', async () => {
    await folder.table(
      'bob',
      'amount.csv',
      csvOf(
        ['x', 'amount'],
        patients.map((row) => [row[21]!, row[20]! * 1000]),
      ),
    );
    const { result } = await runTask(
      'ss_xgb',
      runOf({
        train_data: { alice: 'cancer.csv', bob: 'amount.csv' },
        features: { alice: names.alice, bob: ['x'] },
        label: 'amount',
        label_party: 'bob',
        prediction_receiver: 'alice',
        prediction_output: { alice: 'out/p.csv' },
        params: { num_boost_round: 20, max_depth: 3, objective: 'linear', base_score: 15_000 },
      }),
    );
    expect(result).toMatchObject({ prediction_output: 'out/p.csv', predicted_on: 'training', prediction_rows: 509 });
    const [header, ...rows] = await folder.rows('alice', 'out/p.csv');
    expect(header).toEqual(['prediction']);
    const truth = patients.map((row) => row[20]! * 1000);
    const mean = truth.reduce((sum, y) => sum + y, 0) / truth.length;
    const squares = (of: (row: number) => number): number => truth.reduce((sum, y, row) => sum + (y - of(row)) ** 2, 0);
    expect(1 - squares((row) => Number(rows[row]![0])) / squares(() => mean)).toBeGreaterThan(0.92);
  });

  test('works where one party has no feature, and where no row may be split', async () => {
    for (const features of [{ bob: names.bob }, { alice: names.alice }] as JsonObject[]) {
      const { result } = await runTask(
        'ss_xgb',
        runOf(configOf({ features, params: { ...PARAMS, num_boost_round: 2 } })),
      );
      expect(await aucOf('alice', result.prediction_output)).toBeGreaterThan(0.9);
    }
    const few = Array.from({ length: 40 }, (_, row) => [1, row % 2]);
    await folder.table('alice', 'few.csv', csvOf(['x', 'y'], few));
    await folder.table('bob', 'few.csv', csvOf(['z', 'w'], few));
    const { result } = await runTask(
      'ss_xgb',
      runOf({
        train_data: { alice: 'few.csv', bob: 'few.csv' },
        features: { alice: ['x'], bob: ['z'] },
        label: 'y',
        label_party: 'alice',
        prediction_output: 'artifact:p.csv',
        params: { num_boost_round: 1, max_depth: 2 },
      }),
    );
    const [, ...rows] = await folder.rows('alice', String(result.prediction_output));
    for (const [, p] of rows) expect(Number(p)).toBeCloseTo(0.5, 2);
    const slice = await sliceOf(result, 'alice');
    expect(slice.trees[0]!.splits).toEqual([null, null, null]);
  });

  test('opens the owner of each node, its own threshold, and the predictions: every other byte is uniform', async () => {
    // Labels that are codes: from sums in clear they would tell the bucket of thirty rows.
    await folder.table(
      'alice',
      'codes.csv',
      csvOf(
        ['y'],
        patients.map((_, row) => [row < 30 ? 2 ** row : 0]),
      ),
    );
    const config = (label: string): JsonObject => ({
      train_data: { alice: label === 'y' ? 'codes.csv' : 'cancer.csv', bob: 'cancer.csv' },
      features: { bob: names.bob },
      label,
      label_party: 'alice',
      prediction_output: 'artifact:p.csv',
      prediction_receiver: 'bob',
      params: { num_boost_round: 2, max_depth: 3, objective: 'linear' },
    });
    for (const label of ['y', 'amount']) {
      const crossed: CrossedMessage[] = [];
      const { result } = await runSsXgb(runOf(config(label)), (message) => crossed.push(message));
      const [alice, bob] = [await sliceOf(result, 'alice'), await sliceOf(result, 'bob')];
      alice.trees.forEach(({ owners, splits, weight_shares: shares }, tree) => {
        const theirs = bob.trees[tree]!;
        expect(owners).toEqual(theirs.owners);
        // Of bob's nodes alice has nothing, and bob nothing of those that she knows to be none.
        expect(splits).toEqual(owners.map((owner) => (owner === 0 ? null : undefined)));
        expect(theirs.splits!.map((split) => split === undefined)).toEqual(owners.map((owner) => owner === 0));
        expect(shares).not.toEqual(theirs.weight_shares);
        expect(Buffer.from(shares, 'base64')).toHaveLength(8 * 4);
      });
      const between = (from: string, to: string): CrossedMessage[] =>
        crossed.filter((message) => message.from === from && message.to === to);
      const texts = crossed.filter(({ body }) => typeof body === 'string').map(({ body }) => body as string);
      for (const text of texts) {
        expect(text).toMatch(
          /^\{("(train|test)":509,?|"test":0,?|"predict":509,?|"(least|min_group_rows)":20,?|"(counts|first|second)":\[[\d,]*\],?|"training":"[0-9a-f]{32}",?|"exponent":\d+,?)+\}$/,
        );
      }
      for (const [from, to] of [
        ['alice', 'bob'],
        ['bob', 'alice'],
        [NEUTRAL, 'alice'],
        [NEUTRAL, 'bob'],
      ] as const) {
        const bytes = Buffer.concat(
          between(from, to).flatMap(({ body }) => (typeof body === 'string' ? [] : [Buffer.from(body)])),
        );
        if (from !== NEUTRAL || to !== 'alice') expect(bytes.length).toBeGreaterThan(100_000);
        if (bytes.length > 2_000) expect(Math.abs(unevenness(bytes))).toBeLessThan(7);
      }
      // Her seed. Alice opens no number of bob's: he sends her as many as there are nodes of her own.
      const toDealer = between('alice', NEUTRAL).filter(({ body }) => typeof body !== 'string');
      expect(toDealer.map(({ bytes }) => bytes)).toEqual([32, 1, 1, 1, 1, 1, 1]);
    }
  });

  test('gives other shares in each run, which come to the same', async () => {
    const runs = [
      await runTask('ss_xgb', runOf(configOf(), { taskId: 'first' })),
      await runTask('ss_xgb', runOf(configOf(), { taskId: 'second' })),
    ];
    const [first, second] = await Promise.all(runs.map(({ result }) => sliceOf(result, 'bob')));
    expect(first!.training).not.toBe(second!.training);
    expect(first!.trees[0]!.weight_shares).not.toEqual(second!.trees[0]!.weight_shares);
    const aucs = await Promise.all(runs.map(({ result }) => aucOf('alice', result.prediction_output)));
    expect(Math.abs(aucs[0]! - aucs[1]!)).toBeLessThan(0.01);
    const evaluate = (model: JsonObject) =>
      runTask(
        'evaluation',
        runOf({ model, test_data: { alice: 'cancer.csv', bob: 'cancer.csv' }, label: 'y', label_party: 'alice' }),
      );
    const paths = runs.map(({ result }) => result.model_paths as Record<string, string>);
    await expect(evaluate({ alice: paths[0]!.alice!, bob: paths[1]!.bob! })).rejects.toMatchObject({
      code: 'MODEL_INCOMPATIBLE',
    });
  });

  test('says how far it is, and stops within 2 s when aborted, leaving nothing', async () => {
    const seen: number[] = [];
    const controller = new AbortController();
    let stopped = 0;
    const config = configOf({ params: { num_boost_round: 200, max_depth: 1 }, model_output: 'out/m.json' });
    const run = runOf(config, {
      signal: controller.signal,
      progress: (fraction, stage) => {
        seen.push(fraction);
        if (!stage.startsWith('training, tree 3') || stopped > 0) return;
        stopped = performance.now();
        controller.abort(new Error('cancelled'));
      },
    });
    await expect(runSsXgb(run)).rejects.toThrow('cancelled');
    expect(performance.now() - stopped).toBeLessThan(2000);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.length).toBeGreaterThan(3);
    expect(await folder.temporaries()).toEqual([]);
    await expect(folder.text('alice', 'out/m.json')).rejects.toThrow('ENOENT');
  });

  test('fails with a code that says what to do, and never with a value', async () => {
    const short = Array.from({ length: 30 }, (_, row) => [row, row % 2]);
    await folder.table('alice', 'short.csv', csvOf(['x', 'y'], short));
    await folder.table('bob', 'short.csv', csvOf(['z', 'w'], short));
    const small = { train_data: { alice: 'short.csv', bob: 'short.csv' }, features: { alice: ['x'], bob: ['z'] } };
    const cases: [JsonObject, object][] = [
      [small, { code: 'INSUFFICIENT_ROWS' }],
      [{ train_data: { alice: 'cancer.csv', bob: 'short.csv' }, features: { bob: ['z'] } }, { code: 'NOT_ALIGNED' }],
      [
        { ...small, label: 'x', features: { bob: ['z'] } },
        { code: 'LABEL_NOT_BINARY', details: { column: 'x' } },
      ],
      [
        { ...small, features: { bob: ['nope'] } },
        { code: 'COLUMN_NOT_FOUND', details: { column: 'nope' } },
      ],
      // Of 509 rows: 10 trees of 31 nodes are more than half a bit a row.
      [{ params: {} }, { code: 'BUDGET_EXHAUSTED', details: { column: 'y', asked: 310, limit: 254 } }],
    ];
    for (const [config, expected] of cases) {
      const error = await runTask('ss_xgb', runOf(configOf({ test_fraction: 0, ...config }))).catch((e: unknown) => e);
      expect(error).toMatchObject({ ...expected, retryable: false });
    }
  });

  test('refuses parameters that cannot work', () => {
    const pointers = (config: JsonObject): string[] =>
      checkTaskParams('ss_xgb', {
        sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
        task_config: {
          train_data: { alice: 'a', bob: 'b' },
          features: { alice: ['a0'], bob: ['b0'] },
          label: 'y',
          label_party: 'alice',
          ...config,
        },
      }).map(({ pointer }) => pointer.replace('/task_config', ''));
    expect(pointers({ params: { ...PARAMS, base_score: 16, seed: 1 } })).toEqual([]);
    expect(pointers({ params: { objective: 'linear', base_score: 500 } })).toEqual([]);
    expect(pointers({ params: { base_score: 17 } })).toEqual(['/params/base_score']);
    expect(pointers({ params: { max_depth: 9 } })).toEqual(['/params/max_depth']);
    expect(pointers({ features: { alice: ['y'] } })).toEqual(['/features/alice']);
  });
});
