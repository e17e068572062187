import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MIN_GROUP_ROWS } from '#libs/consent';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { checkTaskParams } from '../catalogue/check-params.js';
import { breastCancer, csvOf } from '../table/breast-cancer-for-tests.js';
import { binaryMetrics, cutPoints } from '../evaluation/metrics.js';
import { NEUTRAL } from '../party/party-program.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { runTask } from '../catalogue/run-task.js';
import { splitRows } from '../vertical/split-rows.js';
import type { JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { boost } from './boost.js';
import { bucketed } from '../vertical/buckets.js';
import { ClearPeer } from './clear-peer-for-tests.js';
import { gradientsOf, packed } from './gradients.js';
import { planOf } from './secureboost-plan.js';
import { runSecureBoost } from './secureboost-run.js';

interface Tree {
  readonly weight?: number;
  readonly feature?: string;
  readonly threshold?: number;
  readonly peer_split?: number;
  readonly left: number;
  readonly right: number;
}

interface Vertical {
  readonly names: { readonly alice: string[]; readonly bob: string[] };
  /** Features of alice, then of bob. */
  readonly cells: number[][];
  readonly labels: number[];
}

let folder: TestFolder;
let cancer: Vertical;
let credit: Vertical;

beforeAll(async () => {
  folder = await testFolder();
  const patients = await breastCancer();
  cancer = {
    names: { alice: patients.features.slice(0, 15), bob: patients.features.slice(15) },
    cells: patients.rows.map((row) => row.slice(0, -1)),
    labels: patients.rows.map((row) => row.at(-1)!),
  };
  credit = await creditTables();
  for (const [name, { names, cells, labels }] of [
    ['cancer', cancer],
    ['credit', credit],
  ] as const) {
    const own = names.alice.length;
    const rows = cells.map((row, at) => [...row.slice(0, own), labels[at]!]);
    await folder.table('alice', `${name}.csv`, csvOf([...names.alice, 'y'], rows));
    await folder.table(
      'bob',
      `${name}.csv`,
      csvOf(
        names.bob,
        cells.map((row) => row.slice(own)),
      ),
    );
  }
});
afterAll(() => folder.remove());

/** The customers that the bank and the registry of the example both have; categories become numbers, gaps 0. */
async function creditTables(): Promise<Vertical> {
  const read = async (file: string): Promise<Record<string, string>[]> =>
    parse(await readFile(new URL(`../../../../../examples/credit-scoring/${file}`, import.meta.url)), {
      columns: true,
    }) as Record<string, string>[];
  const [bank, registry] = [await read('alice/bank.csv'), await read('bob/registry.csv')];
  const byId = new Map(registry.map((row) => [row.id!, row]));
  const pairs = bank.flatMap((row) => (byId.has(row.id!) ? [[row, byId.get(row.id!)!] as const] : []));
  const namesOf = (row: Record<string, string>): string[] =>
    Object.keys(row).filter((name) => name !== 'id' && name !== 'bad');
  const names = { alice: namesOf(bank[0]!), bob: namesOf(registry[0]!) };
  const columns = ([0, 1] as const).flatMap((side) =>
    names[side === 0 ? 'alice' : 'bob'].map((name) => {
      const fields = pairs.map((pair) => pair[side][name]!);
      const classes = [...new Set(fields)].sort();
      const isNumber = fields.every((field) => field === '' || Number.isFinite(Number(field)));
      return fields.map((field) => (isNumber ? Number(field) : classes.indexOf(field)));
    }),
  );
  return {
    names,
    cells: pairs.map((_, row) => columns.map((column) => column[row]!)),
    labels: pairs.map(([row]) => Number(row.bad)),
  };
}

const PARAMS = {
  num_boost_round: 60,
  max_depth: 3,
  learning_rate: 0.1,
  reg_lambda: 1,
  subsample: 0.8,
  colsample_by_tree: 0.5,
  sketch_eps: 0.05,
};

function configOf(name: 'cancer' | 'credit', more: JsonObject = {}): JsonObject {
  const { names } = name === 'cancer' ? cancer : credit;
  return {
    train_data: { alice: `${name}.csv`, bob: `${name}.csv` },
    features: { alice: [...names.alice], bob: [...names.bob] },
    label: 'y',
    label_party: 'alice',
    test_fraction: 0.2,
    ...more,
  };
}
const runOf = (config: JsonObject, more: Partial<TaskRun> = {}): TaskRun<never> => folder.run(config, more);
const hashes = ({ artifacts }: TaskRunResult): Record<string, string> =>
  Object.fromEntries(
    artifacts.flatMap(({ name, sha256 }) => (name.endsWith('_card.json') ? [] : [[name, sha256]])),
  ) as Record<string, string>;

/** The same task on plain numbers, without shares or a second party. */
async function inClear(
  { cells, labels, names }: Vertical,
  config: JsonObject,
): Promise<{ trees: Awaited<ReturnType<typeof boost>>['trees']; edges: number[][]; predictions: string[] }> {
  const plan = planOf(config as never);
  const { train, heldOut } = splitRows(cells.length, plan.testFraction, plan.splitSeed);
  const width = cells[0]!.length;
  const values = Float64Array.from([...train].flatMap((row) => cells[row]!));
  const columns = cells[0]!.map((_, column) => bucketed(values, column, width, plan.boosting.buckets, MIN_GROUP_ROWS));
  const own = names.alice.length;
  const { trees } = await boost(
    columns.slice(0, own),
    new ClearPeer(columns.slice(own)),
    Float64Array.from(train, (row) => labels[row]!),
    { ...plan.boosting, least: MIN_GROUP_ROWS },
  );
  const predictions = [...heldOut].map((row) => {
    let score = plan.boosting.baseScore;
    for (const nodes of trees) {
      let node = nodes[0]!;
      while (!('weight' in node)) {
        node = nodes[cells[row]![node.column]! <= columns[node.column]!.edges[node.bucket]! ? node.left : node.right]!;
      }
      score += node.weight;
    }
    return String(plan.boosting.objective === 'logistic' ? 1 / (1 + Math.exp(-score)) : score);
  });
  return { trees, edges: columns.map(({ edges }) => [...edges]), predictions };
}

/** Mean AUC on held-out fifths of the rows. */
async function meanAuc(name: 'cancer' | 'credit'): Promise<number> {
  const aucs: number[] = [];
  for (const seed of [1, 2, 3]) {
    const { result } = await runTask('secureboost', runOf(configOf(name, { params: PARAMS, split_seed: seed })));
    const [, ...rows] = await folder.rows('alice', String(result.prediction_output));
    const points = cutPoints(
      rows.map(([label]) => Number(label)),
      Float64Array.from(rows, ([, prediction]) => Number(prediction)),
    );
    aucs.push(binaryMetrics(points).auc);
  }
  return aucs.reduce((sum, auc) => sum + auc, 0) / aucs.length;
}

describe('secureboost', () => {
  test('has an AUC of at least 0.98 on breast cancer', async () => {
    expect(await meanAuc('cancer')).toBeGreaterThanOrEqual(0.98);
  });

  test('has an AUC of at least 0.76 on german credit', async () => {
    expect(await meanAuc('credit')).toBeGreaterThanOrEqual(0.76);
  });

  test('grows the trees of plain boosting to the last digit, each party keeping its part, and is evaluated', async () => {
    const config = configOf('cancer', { params: { ...PARAMS, num_boost_round: 12, max_depth: 4 } });
    const { result } = await runTask('secureboost', runOf(config, { taskId: 'train' }));
    const plain = await inClear(cancer, config);
    const paths = result.model_paths as Record<'alice' | 'bob', string>;
    const alice = JSON.parse(await folder.text('alice', paths.alice)) as { trees: Tree[][]; features: string[] };
    const bob = JSON.parse(await folder.text('bob', paths.bob)) as { splits: { feature: string; threshold: number }[] };
    const names = [...cancer.names.alice, ...cancer.names.bob];
    expect(alice.trees).toHaveLength(12);
    alice.trees.forEach((nodes, tree) => {
      const whole = nodes.map((node) => {
        if (node.weight !== undefined) return { weight: node.weight };
        const { feature, threshold } = node.peer_split === undefined ? node : bob.splits[node.peer_split]!;
        const column = names.indexOf(feature!);
        return { column, bucket: plain.edges[column]!.indexOf(threshold!), left: node.left, right: node.right };
      });
      expect(whole).toEqual(plain.trees[tree]);
    });
    expect(alice.features).toEqual(cancer.names.alice);
    expect(JSON.stringify(alice)).not.toMatch(/_worst/);
    expect(Object.keys(bob).sort()).toEqual([
      'features',
      'format',
      'max_depth',
      'objective',
      'party',
      'peer',
      'splits',
      'training',
    ]);
    expect(result).toMatchObject({
      model_saved: true,
      training_metrics: { num_trees: 12, rows: 407, held_out_rows: 102, loss: 'mean_log_loss' },
      prediction_receiver: 'alice',
      predicted_on: 'held_out',
      prediction_rows: 102,
    });
    const { splits, loss_by_round: losses } = result.training_metrics as {
      splits: Record<string, number>;
      loss_by_round: (number | null)[];
    };
    // Of 407 rows four: after every third tree, to three digits.
    expect(losses.flatMap((loss, round) => (loss === null ? [] : [round]))).toEqual([2, 5, 8, 11]);
    for (const loss of losses) expect(loss).toBe(loss && Number(loss.toPrecision(3)));
    expect(result.training_metrics).toMatchObject({
      final_loss: losses[11],
      withheld: { loss_by_round: expect.stringMatching(/every 84 rows/) as unknown },
    });
    expect(splits.bob).toBe(bob.splits.length);
    expect(splits.alice).toBe(alice.trees.flat().filter(({ feature }) => feature !== undefined).length);
    expect(Math.min(splits.alice!, splits.bob!)).toBeGreaterThan(5);

    const [header, ...rows] = await folder.rows('alice', String(result.prediction_output));
    expect(header).toEqual(['label', 'prediction']);
    expect(rows.map(([, prediction]) => prediction)).toEqual(plain.predictions);
    const evaluation = await runTask(
      'biclassification_eval',
      runOf({ prediction_data: String(result.prediction_output) }),
    );
    expect((evaluation.result.metrics as JsonObject).auc).toBeGreaterThan(0.97);
  });

  test('gives the same files again, and others for another seed', async () => {
    const config = (seed: number): JsonObject =>
      configOf('credit', { params: { ...PARAMS, num_boost_round: 4, seed } });
    const [first, second, third] = [
      await runTask('secureboost', runOf(config(1))),
      await runTask('secureboost', runOf(config(1), { attempt: 2 })),
      await runTask('secureboost', runOf(config(2))),
    ];
    expect(Object.keys(hashes(first)).sort()).toEqual(['alice/model.json', 'alice/predictions.csv', 'bob/model.json']);
    expect(hashes(second)).toEqual(hashes(first));
    expect(second.result).toEqual(first.result);
    expect(hashes(third)['alice/model.json']).not.toBe(hashes(first)['alice/model.json']);
  });

  test('fits numbers, with the label at the second party and the predictions at the first', async () => {
    const own = cancer.names.alice.length;
    // The radius in steps, of which each has rows enough.
    const truth = cancer.cells.map((row) => 1000 * Math.min(17, Math.max(10, Math.round(row[0]!))));
    const rows = cancer.cells.map((row, at) => [...row.slice(own), truth[at]!]);
    await folder.table('bob', 'linear.csv', csvOf([...cancer.names.bob, 'y'], rows));
    const { result } = await runTask(
      'secureboost',
      runOf({
        train_data: { alice: 'cancer.csv', bob: 'linear.csv' },
        features: { alice: cancer.names.alice.slice(1), bob: cancer.names.bob },
        label: 'y',
        label_party: 'bob',
        params: { num_boost_round: 40, max_depth: 3, objective: 'linear', base_score: 14_000 },
        prediction_receiver: 'alice',
        prediction_output: { alice: 'out/p.csv' },
      }),
    );
    expect(result).toMatchObject({ prediction_output: 'out/p.csv', predicted_on: 'training', prediction_rows: 509 });
    const [header, ...predicted] = await folder.rows('alice', 'out/p.csv');
    expect(header).toEqual(['prediction']);
    const mean = truth.reduce((sum, y) => sum + y, 0) / truth.length;
    const squares = (of: (row: number) => number): number => truth.reduce((sum, y, row) => sum + (y - of(row)) ** 2, 0);
    expect(1 - squares((row) => Number(predicted[row]![0])) / squares(() => mean)).toBeGreaterThan(0.98);
    const loss = (result.training_metrics as { final_loss: number }).final_loss;
    expect(loss).toBe(Number((squares((row) => Number(predicted[row]![0])) / truth.length).toPrecision(3)));
  });

  test('works where one party has no feature, and predicts on given test data', async () => {
    for (const features of [{ bob: cancer.names.bob }, { alice: cancer.names.alice }] as JsonObject[]) {
      const config = configOf('cancer', {
        features,
        test_data: { alice: 'cancer.csv', bob: 'cancer.csv' },
        params: { num_boost_round: 3 },
      });
      delete config.test_fraction;
      const { result } = await runTask('secureboost', runOf(config));
      expect(result).toMatchObject({
        predicted_on: 'test_data',
        prediction_rows: 509,
        training_metrics: { rows: 509 },
      });
      const [, ...rows] = await folder.rows('alice', String(result.prediction_output));
      const right = rows.filter(([label, prediction]) => Number(label) === Number(Number(prediction) >= 0.5));
      expect(right.length / rows.length).toBeGreaterThan(0.93);
    }
  });

  test('writes predictions as Parquet where their name says so, of either receiver', async () => {
    for (const [prediction_receiver, columns] of [
      ['alice', ['label', 'prediction']],
      ['bob', ['prediction']],
    ] as const) {
      const config = configOf('cancer', {
        params: { num_boost_round: 1 },
        prediction_receiver,
        prediction_output: { [prediction_receiver]: 'out/p.parquet' },
      });
      await runTask('secureboost', runOf(config));
      const bytes = await readFile(join(folder.path, 'data', prediction_receiver, 'out/p.parquet'));
      const rows = await parquetReadObjects({
        file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
      });
      expect(Object.keys(rows[0]!)).toEqual(columns);
    }
  });

  test('shows the feature holder no label or derivative, and the label holder no value, threshold or order', async () => {
    const crossed: CrossedMessage[] = [];
    const config = configOf('cancer', { params: { num_boost_round: 4, max_depth: 3 } });
    const { result } = await runSecureBoost(runOf(config), (message) => crossed.push(message));
    const paths = result.model_paths as Record<'alice' | 'bob', string>;
    const alice = JSON.parse(await folder.text('alice', paths.alice)) as { trees: Tree[][] };
    const bob = JSON.parse(await folder.text('bob', paths.bob)) as { splits: { threshold: number }[] };
    const between = (from: string, to: string): CrossedMessage[] =>
      crossed.filter((message) => message.from === from && message.to === to);
    const textsOf = (from: string, to: string): string[] =>
      between(from, to).flatMap(({ body }) => (typeof body === 'string' ? [body] : []));

    // Text holds sizes, numbers of nodes, and places of splits: nothing of a row.
    const sizes = '"op":"sums","nodes":\\d+,"columns":\\[[\\d,]*\\]';
    const toBob = new RegExp(
      `^(\\{"train":407,"test":0,"min_group_rows":20\\}|\\{"train":509,"test":0,"min_group_rows":20\\}|\\{${sizes},"tree":\\d,"level":\\d\\}|\\{"op":"split","splits":\\[(\\[\\d+,\\d+\\],?)+\\]\\}|\\{"op":"route","splits":\\[(\\[[\\d,]+\\],?)+\\],"from":0,"to":102\\}|\\{"op":"done","training":"[0-9a-f]{32}"\\})$`,
    );
    for (const text of textsOf('alice', 'bob')) expect(text).toMatch(toBob);
    const toDealer = new RegExp(
      `^(\\{${sizes}\\}|\\{"op":"choice","rows":\\d+,"lists":\\[[\\d,]+\\]\\}|\\{"op":"done"\\})$`,
    );
    for (const text of textsOf('alice', NEUTRAL)) expect(text).toMatch(toDealer);
    expect(textsOf('bob', 'alice')).toEqual([
      '{"train":509,"test":0,"min_group_rows":20}',
      expect.stringMatching(/^\[(\d+,?){15}\]$/),
    ]);
    const [buckets, ...rest] = textsOf('bob', NEUTRAL);
    expect(rest).toEqual([]);
    const sent = JSON.parse(buckets!) as { rows: number; sizes: number[][] };
    for (const column of sent.sizes) {
      expect(column.reduce((sum, rows) => sum + rows, 0)).toBe(407);
      for (const rows of column) expect(rows).toBeGreaterThanOrEqual(20);
    }
    expect(crossed.filter(({ from, body }) => from === NEUTRAL && typeof body === 'string')).toEqual([]);

    // Bytes: first the rows of the slots of each of bob's columns, which have nothing to do with the values.
    const bytesOf = (from: string, to: string): Uint8Array[] =>
      between(from, to).flatMap(({ body }) => (typeof body === 'string' ? [] : [body]));
    const { train } = splitRows(509, 0.2, 0);
    const fromBob = bytesOf('bob', 'alice');
    fromBob.splice(0, 15).forEach((bytes, column) => {
      const rows = [...new Uint32Array(bytes.slice().buffer)];
      expect([...rows].sort((a, b) => a - b)).toEqual([...train.keys()]);
      const values = rows.map((row) => cancer.cells[train[row]!]![15 + column]!);
      const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
      const spread = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
      const slope = values.reduce((sum, v, slot) => sum + ((v - mean) / spread) * (slot / 407 - 0.5), 0);
      // A correlation with the slot's number of 5 deviations.
      expect(Math.abs(slope / 407 / Math.sqrt(1 / 12))).toBeLessThan(5 / Math.sqrt(407));
    });
    // Then everything, either way, is uniform, but for the unused upper bits of alice's choices of splits.
    const sumsOfAlice = bytesOf('alice', 'bob').filter(({ length }) => length === 407 * 16);
    expect(sumsOfAlice.length).toBeGreaterThan(100);
    for (const messages of [fromBob, sumsOfAlice, bytesOf(NEUTRAL, 'alice'), bytesOf(NEUTRAL, 'bob')]) {
      const bytes = Buffer.concat(messages);
      const counts = new Float64Array(256);
      for (const byte of bytes) counts[byte]! += 1;
      const even = bytes.length / 256;
      if (bytes.length < 2000) continue;
      expect(counts.reduce((sum, count) => sum + (count - even) ** 2 / even, 0)).toBeLessThan(420);
    }
    // Each gives the dealer its seed, and the dealer gives alice alone the corrections.
    expect(bytesOf(NEUTRAL, 'bob')).toEqual([]);
    expect(bytesOf('bob', NEUTRAL).map((bytes) => bytes.length)).toEqual([32]);

    // No derivative of the first tree, value, threshold or weight crosses in the form that it has before it is masked.
    const forms = new Set<string>();
    const label = Float64Array.from(train, (row) => cancer.labels[row]!);
    const first = Buffer.from(
      packed(gradientsOf('logistic', new Float64Array(407), label, null), Uint32Array.from(train.keys())).buffer,
    );
    for (let at = 0; at < first.length; at += 16) forms.add(first.subarray(at, at + 16).toString('hex'));
    const weights = alice.trees.flat().flatMap(({ weight }) => weight ?? []);
    for (const value of [...cancer.cells.flat(), ...bob.splits.map(({ threshold }) => threshold), ...weights]) {
      const double = Buffer.alloc(8);
      double.writeDoubleLE(value);
      if (value !== 0) forms.add(double.toString('hex'));
    }
    expect(forms.size).toBeGreaterThan(5000);
    let windows = 0;
    for (const { body } of crossed) {
      if (typeof body === 'string') continue;
      const hex = Buffer.from(body).toString('hex');
      for (let at = 0; at + 32 <= hex.length; at += 8, windows += 1) {
        if (forms.has(hex.slice(at, at + 16)) || forms.has(hex.slice(at, at + 32))) throw new Error('a secret crossed');
      }
    }
    expect(windows).toBeGreaterThan(100_000);
  });

  test('says how far it is, and never goes back', async () => {
    const seen: number[] = [];
    await runTask('secureboost', runOf(configOf('cancer'), { progress: (fraction) => seen.push(fraction) }));
    expect(seen.length).toBeGreaterThan(5);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(1);
  });

  test('stops within 2 s when aborted, and leaves nothing', async () => {
    const controller = new AbortController();
    let stopped = 0;
    const run = runOf(
      configOf('credit', { params: { num_boost_round: 1000, max_depth: 8 }, model_output: 'out/m.json' }),
      {
        signal: controller.signal,
        progress: (_, stage) => {
          if (!stage.startsWith('training') || stopped > 0) return;
          stopped = performance.now();
          controller.abort(new Error('cancelled'));
        },
      },
    );
    await expect(runSecureBoost(run)).rejects.toThrow('cancelled');
    expect(performance.now() - stopped).toBeLessThan(2000);
    expect(await folder.temporaries()).toEqual([]);
    await expect(folder.text('alice', 'out/m.json')).rejects.toThrow('ENOENT');
  });

  test('fails with a code that says what to do, and never with a value', async () => {
    const few = Array.from({ length: 30 }, (_, row) => [row, row % 2]);
    await folder.table('alice', 'few.csv', csvOf(['x', 'y'], few));
    await folder.table('bob', 'few.csv', csvOf(['z', 'w'], few));
    await folder.table(
      'bob',
      'gap.csv',
      csvOf(
        ['z', 'w'],
        few.map((row, at) => (at === 4 ? ['', 1] : row)),
      ),
    );
    const small = { train_data: { alice: 'few.csv', bob: 'few.csv' }, features: { alice: ['x'], bob: ['z'] } };
    const cases: [JsonObject, object][] = [
      [{ ...small }, { code: 'INSUFFICIENT_ROWS' }],
      [{ train_data: { alice: 'cancer.csv', bob: 'few.csv' }, features: { bob: ['z'] } }, { code: 'NOT_ALIGNED' }],
      [
        { ...small, label: 'x', features: { bob: ['z'] } },
        { code: 'LABEL_NOT_BINARY', details: { column: 'x' } },
      ],
      [
        { ...small, features: { bob: ['nope'] } },
        { code: 'COLUMN_NOT_FOUND', details: { column: 'nope' } },
      ],
      [
        { train_data: { alice: 'few.csv', bob: 'gap.csv' }, features: { bob: ['z'] } },
        { code: 'CAST_FAILED', details: { party: 'bob', column: 'z', row: 5 } },
      ],
    ];
    for (const [config, expected] of cases) {
      const error = await runTask('secureboost', runOf(configOf('cancer', { test_fraction: 0, ...config }))).catch(
        (e: unknown) => e,
      );
      expect(error).toMatchObject({ ...expected, retryable: false });
    }
  });
});

describe('parameters of secureboost', () => {
  const pointers = (config: JsonObject): string[] =>
    checkTaskParams('secureboost', {
      sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
      task_config: {
        train_data: { alice: 'a', bob: 'b' },
        features: { alice: ['a0'], bob: ['b0'] },
        label: 'y',
        label_party: 'alice',
        ...config,
      },
    }).map(({ pointer }) => pointer.replace('/task_config', ''));

  test('of SecretFlow are taken, and references in place of values', () => {
    expect(pointers({})).toEqual([]);
    expect(pointers({ params: { ...PARAMS, objective: 'linear', base_score: 0.5, seed: 1 } })).toEqual([]);
    expect(pointers({ train_data: '${tasks.psi.result.output_paths}' })).toEqual([]);
  });

  test('are refused where they cannot work', () => {
    const cases: [JsonObject, string][] = [
      [{ params: { num_boost_round: 0 } }, '/params/num_boost_round'],
      [{ params: { max_depth: 17 } }, '/params/max_depth'],
      [{ params: { learning_rate: 0 } }, '/params/learning_rate'],
      [{ params: { objective: 'softmax' } }, '/params/objective'],
      [{ params: { subsample: 1.5 } }, '/params/subsample'],
      [{ params: { eta: 1 } }, '/params/eta'],
      [{ label_party: 'carol' }, '/label_party'],
      [{ features: { alice: [], bob: [] } }, '/features'],
      [{ features: { alice: ['y'] } }, '/features/alice'],
    ];
    for (const [config, pointer] of cases) expect(pointers(config)).toEqual([pointer]);
  });
});
