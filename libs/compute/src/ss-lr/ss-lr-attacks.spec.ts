import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject } from '../contract/task-type.js';
import { MaskStream } from '../mpc/random.js';
import { ELEMENT_BYTES, STATE_BITS, WORDS, add, decode, fromBytes, slice, type RingVector } from '../mpc/ring.js';
import { together } from '../mpc/together-for-tests.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { batches } from '../vertical/split-rows.js';
import { mostLosses } from './losses.js';
import { openModel } from './open-model-for-tests.js';
import { sizeOf, weightBitsOf } from './room.js';
import { sliceOf } from './slice.js';
import { runSsLr } from './ss-lr-run.js';
import type { Schedule } from './schedule.js';
import { RanAway, dealTraining, trainOnShares } from './ss-lr-train.js';

const words = new MaskStream(new Uint8Array(32).fill(13), 'attacks').next(60_000);
/** The same numbers between -1 and 1 in every run. */
const noise = (at: number): number => words[at % words.length]! / 2 ** 31 - 1;
const csv = (header: readonly string[], rows: readonly (readonly unknown[])[]): string =>
  `${[header, ...rows].map((row) => row.join(',')).join('\n')}\n`;

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

describe('what a party gets that chooses its columns', () => {
  const ROWS = 400;
  const COLUMNS = 15;
  const PER_COLUMN = 20;
  const READ = COLUMNS * PER_COLUMN;
  const labels = Array.from({ length: ROWS }, (_, row) => Number(noise(row) > 0));
  const names = Array.from({ length: COLUMNS }, (_, column) => `b${column}`);
  /** Each column holds powers of two in 20 rows, so that its weight would be their labels, bit by bit. */
  const cell = (row: number, column: number): number =>
    Math.floor(row / PER_COLUMN) === column ? 2 ** ((row % PER_COLUMN) + 1 - PER_COLUMN) : 0;
  const config: JsonObject = {
    features: { alice: ['a'], bob: names },
    label: 'y',
    label_party: 'alice',
    train_data: { alice: 'powers.csv', bob: 'powers.csv' },
    params: { epochs: 1, batch_size: 400, learning_rate: 1 },
  };

  /** How many labels are right that the weights of bob's columns give: X'(y - 1/2) / rows, in units of the smallest power. */
  function rightLabels(weights: RingVector): number {
    let right = 0;
    for (let column = 0; column < COLUMNS; column += 1) {
      const [low, ...high] = weights.subarray(column * WORDS, (column + 1) * WORDS);
      const weight = high.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n) * 2n ** 32n + BigInt(low!);
      const units = BigInt.asIntN(128, weight) * BigInt(ROWS) * 2n ** BigInt(PER_COLUMN);
      const bits = (units / 2n ** BigInt(STATE_BITS) + 2n ** BigInt(PER_COLUMN)) / 2n;
      for (let bit = 0; bit < PER_COLUMN; bit += 1) {
        if (Number((bits >> BigInt(bit)) & 1n) === labels[column * PER_COLUMN + bit]) right += 1;
      }
    }
    return right;
  }

  test('its own slice and every message to it give no more labels than guessing, where opened weights gave 300 of 300', async () => {
    const rows = Array.from({ length: ROWS }, (_, row) => row);
    await folder.table(
      'alice',
      'powers.csv',
      csv(
        ['a', 'y'],
        rows.map((row) => [noise(9_000 + row), labels[row]]),
      ),
    );
    await folder.table(
      'bob',
      'powers.csv',
      csv(
        names,
        rows.map((row) => names.map((_, column) => cell(row, column))),
      ),
    );
    const crossed: CrossedMessage[] = [];
    const { result } = await runSsLr(folder.run(config), (message) => crossed.push(message));
    const paths = result.model_paths as Record<string, string>;
    const files = [await folder.text('alice', paths.alice!), await folder.text('bob', paths.bob!)] as const;
    // The attack works on weights: opened, they are the labels.
    const [alice, bob] = files.map((file) => sliceOf(JSON.parse(file))!.share);
    const ofBob = (share: RingVector): RingVector => slice(share, 1, COLUMNS + 1);
    expect(rightLabels(ofBob(add(alice!, bob!)))).toBe(READ);

    const own = ofBob(bob!);
    const guesses = [rightLabels(own)];
    for (const { to, body } of crossed) {
      if (to !== 'bob' || typeof body === 'string') continue;
      for (let at = 0; at + COLUMNS * ELEMENT_BYTES <= body.length && at < 20_000; at += COLUMNS * ELEMENT_BYTES) {
        const values = fromBytes(body.slice(at, at + COLUMNS * ELEMENT_BYTES), COLUMNS);
        guesses.push(rightLabels(values), rightLabels(add(values, own)));
      }
    }
    expect(guesses.length).toBeGreaterThan(100);
    const mean = guesses.reduce((sum, right) => sum + right, 0) / guesses.length;
    expect(Math.abs(mean / READ - 0.5)).toBeLessThan(0.05);
    // The best of so many guesses is luck: five deviations above a half.
    expect(Math.max(...guesses)).toBeLessThan(READ / 2 + 5 * Math.sqrt(READ / 4));
  });

  test('the losses have three digits, and are one for 64 rows', async () => {
    const { result } = await runSsLr(folder.run({ ...config, params: { epochs: 20, batch_size: 50 } }));
    const metrics = result.training_metrics as {
      loss_by_epoch: (number | null)[];
      final_loss: number;
      withheld: JsonObject;
    };
    const opened = [...metrics.loss_by_epoch.filter((loss) => loss !== null), metrics.final_loss];
    expect(opened).toHaveLength(Math.floor(ROWS / 64));
    expect(metrics.loss_by_epoch.at(-1)).not.toBe(null);
    for (const loss of opened) expect(Number(loss.toPrecision(3))).toBe(loss);
    expect(Object.keys(metrics.withheld)).toEqual(['loss_by_epoch']);
  });

  test('numbers are opened in 4096 steps, however far the rows to predict lie', async () => {
    const rows = Array.from({ length: 200 }, (_, row) => row);
    const z = rows.map((row) => noise(30_000 + row));
    await folder.table(
      'alice',
      'numbers.csv',
      csv(
        ['a', 'y'],
        rows.map((row) => [noise(row), 3 * z[row]!]),
      ),
    );
    await folder.table(
      'bob',
      'numbers.csv',
      csv(
        ['b'],
        rows.map((row) => [z[row]]),
      ),
    );
    await folder.table(
      'bob',
      'far.csv',
      csv(
        ['b'],
        rows.map((row) => [z[row]! * 1000]),
      ),
    );
    const { result } = await runSsLr(
      folder.run({
        features: { alice: ['a'], bob: ['b'] },
        label: 'y',
        label_party: 'alice',
        train_data: { alice: 'numbers.csv', bob: 'numbers.csv' },
        test_data: { alice: 'numbers.csv', bob: 'far.csv' },
        prediction_output: 'artifact:numbers.csv',
        params: { epochs: 30, reg_type: 'linear', batch_size: 20 },
      }),
    );
    const predictions = (await folder.rows('alice', result.prediction_output as string))
      .slice(1)
      .map(([, p]) => Number(p));
    // Labels up to 3 have the size 4: steps of 4/1024, and nothing beyond 8.
    expect(predictions.filter((p) => !Number.isInteger(p * 256))).toEqual([]);
    expect([Math.min(...predictions), Math.max(...predictions)]).toEqual([-8, 8]);
  });

  test('a receiver with the columns reads labels of training rows off the predictions: this is what it gets', async () => {
    const rows = Array.from({ length: 200 }, (_, row) => row);
    const secret = rows.map((row) => Number(noise(50_000 + row) > 0));
    const columns = rows.map((column) => `b${column}`);
    const sign = (row: number, column: number): number => Math.sign(noise(row * 211 + column * 7));
    await folder.table(
      'alice',
      'coins.csv',
      csv(
        ['y'],
        secret.map((y) => [y]),
      ),
    );
    await folder.table(
      'bob',
      'coins.csv',
      csv(
        columns,
        rows.map((row) => rows.map((column) => sign(row, column))),
      ),
    );
    const { result } = await runSsLr(
      folder.run({
        features: { bob: columns },
        label: 'y',
        label_party: 'alice',
        train_data: { alice: 'coins.csv', bob: 'coins.csv' },
        prediction_receiver: 'bob',
        prediction_output: 'artifact:coins.csv',
        params: { epochs: 40, batch_size: 20, learning_rate: 0.02 },
      }),
    );
    const predictions = (await folder.rows('bob', result.prediction_output as string)).slice(1).map(([p]) => Number(p));
    expect(predictions.filter((p, row) => (p > 0.5 ? 1 : 0) === secret[row]).length).toBeGreaterThan(180);
  });

  test("probabilities still follow the peer's only column: this is what they are", async () => {
    const rows = Array.from({ length: 200 }, (_, row) => row);
    const x = rows.map((row) => noise(20_000 + row) * 2);
    const z = rows.map((row) => noise(30_000 + row) * 2);
    const y = rows.map((row) => Number(x[row]! + z[row]! + noise(40_000 + row) > 0));
    await folder.table(
      'alice',
      'one.csv',
      csv(
        ['a', 'y'],
        rows.map((row) => [x[row], y[row]]),
      ),
    );
    await folder.table(
      'bob',
      'one.csv',
      csv(
        ['b'],
        rows.map((row) => [z[row]]),
      ),
    );
    const { result } = await runSsLr(
      folder.run({
        features: { alice: ['a'], bob: ['b'] },
        label: 'y',
        label_party: 'alice',
        train_data: { alice: 'one.csv', bob: 'one.csv' },
        prediction_output: 'artifact:one.csv',
        params: { epochs: 20, batch_size: 20 },
      }),
    );
    const predictions = (await folder.rows('alice', result.prediction_output as string))
      .slice(1)
      .map(([, p]) => Number(p));
    expect(predictions.filter((p) => !Number.isInteger(p * 1024))).toEqual([]);
    const paths = result.model_paths as Record<string, string>;
    const { weights } = openModel(await folder.text('alice', paths.alice!), await folder.text('bob', paths.bob!));
    // The best that alice can do, were her own weight known: the score of the probability without her part of it.
    const least = 2 ** -11;
    const scores = predictions.map((p) => Math.log((p + least) / (1 - p + least)));
    const rest = scores.map((score, row) => score - weights[0]! * x[row]!);
    expect(correlation(rest, z)).toBeGreaterThan(0.99);
    expect(correlation(rest, z)).toBeLessThan(0.99999);
  });
});

/** A training of both parties and the dealer in this process. */
async function trained(
  columns: readonly [number, number],
  cells: readonly [Float64Array, Float64Array],
  label: Float64Array,
  schedule: Schedule,
): Promise<{ weights: number[]; intercept: number } | 'ran away' | 'no room'> {
  const rows = label.length;
  const sizes = { features: [sizeOf(cells[0], 0), sizeOf(cells[1], 0)], label: sizeOf(label, -26) } as const;
  const weightBits = weightBitsOf(schedule, rows, columns, sizes);
  if (weightBits === null) return 'no room';
  const losses = mostLosses(schedule.epochs, rows);
  const room = { weightBits, labelSize: sizes.label, losses };
  const [first, second] = await together(
    async (session) => {
      const { index } = session;
      const data = {
        rows,
        columns: columns[index],
        values: cells[index],
        label: index === 0 ? label : null,
      };
      return trainOnShares(session, data, columns, schedule, room).catch((error: unknown) => {
        if (error instanceof RanAway) return 'ran away' as const;
        throw error;
      });
    },
    (parties) => dealTraining(parties, rows, columns, schedule, losses),
  );
  expect(first === 'ran away').toBe(second === 'ran away');
  if (first === 'ran away' || second === 'ran away') return 'ran away';
  const all = [...decode(add(first.weights, second.weights), STATE_BITS)];
  return { weights: all.slice(0, -1), intercept: all.at(-1)! };
}

const SCHEDULE: Schedule = { regType: 'linear', epochs: 1, batchSize: 64, learningRate: 0.1, l1: 0, l2: 0 };

describe('a training that ends well has the model of a plain fit', () => {
  type Cells = readonly [Float64Array, Float64Array];
  /** The features of a row, and 1. */
  const rowOf = (cells: Cells, rows: number, row: number): number[] => [
    ...cells.flatMap((block) => [...block.subarray((row * block.length) / rows, ((row + 1) * block.length) / rows)]),
    1,
  ];
  const residualOf = (
    weights: readonly number[],
    row: readonly number[],
    y: number,
    regType: Schedule['regType'],
  ): number => {
    const score = weights.reduce((sum, w, at) => sum + w * row[at]!, 0);
    return (regType === 'logistic' ? 0.5 + score / 8 : score) - y;
  };
  const squaresOf = (
    weights: readonly number[],
    cells: Cells,
    label: Float64Array,
    regType: Schedule['regType'],
  ): number =>
    label.reduce((sum, y, row) => sum + residualOf(weights, rowOf(cells, label.length, row), y, regType) ** 2, 0);

  /** The same schedule on doubles. */
  function plainFit(
    cells: Cells,
    label: Float64Array,
    { regType, epochs, batchSize, learningRate, l2 }: Schedule,
  ): number[] {
    const rows = Array.from(label, (_, row) => rowOf(cells, label.length, row));
    const weights: number[] = rows[0]!.map(() => 0);
    for (let epoch = 0; epoch < epochs; epoch += 1) {
      for (const [from, to] of batches(label.length, batchSize)) {
        const moves = weights.map((w, at) => (at < weights.length - 1 ? l2 * w : 0));
        for (let row = from; row < to; row += 1) {
          const residual = residualOf(weights, rows[row]!, label[row]!, regType);
          rows[row]!.forEach((x, at) => (moves[at]! += residual * x));
        }
        moves.forEach((move, at) => (weights[at]! -= (learningRate / (to - from)) * move));
      }
    }
    return weights;
  }

  test('also with labels up to a million in one batch of 40,000 rows, where weights came out with another sign', async () => {
    const rows = 40_000;
    const x = Float64Array.from({ length: rows }, (_, row) => noise(row) * 1.3);
    const other = Float64Array.from({ length: rows }, (_, row) => noise(row + 17));
    const label = x.map((value) => value * 759_471);
    const schedule = { ...SCHEDULE, epochs: 4, batchSize: rows, learningRate: 1 };
    const model = await trained([1, 1], [x, other], label, schedule);
    if (typeof model === 'string') throw new Error(model);
    expect(Math.abs(model.weights[0]! / 759_471 - 1)).toBeLessThan(0.05);
    const plain = plainFit([x, other], label, schedule);
    [...model.weights, model.intercept].forEach((w, at) => expect(Math.abs(w - plain[at]!)).toBeLessThan(0.1));
  });

  test('in 12 of 12 equal runs, the same within 2^-36', async () => {
    const rows = 300;
    const x = Float64Array.from({ length: rows }, (_, row) => noise(row));
    const other = Float64Array.from({ length: rows }, (_, row) => noise(row + 1000));
    const label = x.map((value, row) => value * 800_000 - other[row]! * 100_000);
    const schedule = { ...SCHEDULE, epochs: 3, batchSize: 50, learningRate: 1 };
    const plain = plainFit([x, other], label, schedule);
    const runs = [];
    for (let run = 0; run < 12; run += 1) runs.push(await trained([1, 1], [x, other], label, schedule));
    const all = runs.map((run) => (typeof run === 'string' ? [] : [...run.weights, run.intercept]));
    for (const weights of all) {
      expect(weights).toHaveLength(3);
      weights.forEach((w, at) => {
        expect(Math.abs(w - all[0]![at]!)).toBeLessThan(2 ** -36);
        // The rate of a step has 26 bits.
        expect(Math.abs(w - plain[at]!)).toBeLessThan(800_000 * 2 ** -26);
      });
    }
  });

  test('or fails, whatever the sizes of the values, the rate and the kind', async () => {
    const rows = 120;
    const seen = { ok: 0, 'ran away': 0, 'no room': 0 };
    for (let run = 0; run < 100; run += 1) {
      const pick = <T>(choices: readonly T[], salt: number): T =>
        choices[Math.floor((noise(run * 7 + salt) + 1) * 0.5 * choices.length)]!;
      const regType = pick(['linear', 'logistic'] as const, 1);
      const schedule: Schedule = {
        ...SCHEDULE,
        regType,
        epochs: pick([1, 4, 12], 2),
        batchSize: pick([8, 40, 120], 3),
        learningRate: pick([0.01, 0.5, 3, 40, 100], 4),
        l2: pick([0, 0, 1, 1e5], 5),
      };
      const scale = 2 ** pick([-8, 0, 2, 9, 19], 6);
      const cells = [0, 1].map((party) =>
        Float64Array.from({ length: rows * 2 }, (_, at) => noise(run * 31 + at * 3 + party) * scale),
      ) as [Float64Array, Float64Array];
      const labelScale = 2 ** pick([-5, 0, 10, 20], 7);
      const label = Float64Array.from({ length: rows }, (_, row) =>
        regType === 'logistic' ? Number(cells[0][row * 2]! > 0) : noise(run + row * 5) * labelScale,
      );
      const model = await trained([2, 2], cells, label, schedule);
      const plain = plainFit(cells, label, schedule);
      const ratio = squaresOf(plain, cells, label, regType) / squaresOf([0, 0, 0, 0, 0], cells, label, regType);
      seen[typeof model === 'string' ? model : 'ok'] += 1;
      if (model === 'ran away') expect(ratio).not.toBeLessThan(1.09);
      if (typeof model === 'string') continue;
      expect(ratio).toBeLessThan(1.11);
      const size = Math.max(1, ...plain.map(Math.abs));
      [...model.weights, model.intercept].forEach((w, at) =>
        expect(Math.abs(w - plain[at]!) / size).toBeLessThan(2 ** -16),
      );
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(7);
  });
});

function correlation(left: readonly number[], right: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [a, b] = [left.map((value) => value - mean(left)), right.map((value) => value - mean(right))];
  const dot = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, at) => sum + value * y[at]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
