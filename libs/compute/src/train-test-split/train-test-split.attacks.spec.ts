import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EigenvalueDecomposition, Matrix, pseudoInverse } from 'ml-matrix';
import type { ConsentJson } from '#libs/consent';
import { testFolder } from '../contract/run-for-tests.js';
import type { TaskRunResult } from '../contract/task-type.js';
import { permutation } from '../mpc/random.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { drawn, flagsFrom, trainCounts, type TrainFlags } from './draw.js';
import { runTrainTestSplit } from './train-test-split-run.js';

type Config = { readonly [key: string]: ConsentJson };

const ROWS = 60;
/** 28 of them are 1. */
const labelOf = (row: number): number => Number((row * row) % 60 < 15 || row % 60 > 48);
const labels = Array.from({ length: ROWS }, (_, row) => labelOf(row));
const ones = labels.reduce((sum, each) => sum + each, 0);

/** What fits the draws best without more knowledge: labels less their mean are orthogonal to each draw. Rows whose label is right, up to naming. */
function blindly(draws: readonly TrainFlags[]): number {
  const seen = new Matrix(draws.map((flags) => Array.from(flags)));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(seen.transpose().mmul(seen), {
    assumeSymmetric: true,
  });
  const least = realEigenvalues.indexOf(Math.min(...realEigenvalues));
  const found = eigenvectorMatrix.getColumn(least);
  const cut = [...found].sort((one, other) => one - other);
  // The largest gap parts two values; where all gaps are small, any will do.
  const gaps = cut.slice(1).map((value, at) => value - cut[at]!);
  const edge = cut[gaps.indexOf(Math.max(...gaps))]!;
  const right = found.filter((value, row) => Number(value > edge) === labels[row]).length;
  return Math.max(right, ROWS - right);
}

/**
 * Of the labels of so many rows, those that are right: the others are known, and so is how many of each class there are. The median over all runs of so many rows: the
 * draws follow from a random key, and some of them leave two rows on the same side.
 */
function knowingOthers(draws: readonly TrainFlags[], unknown: number): number {
  const inTrain = trainCounts([ROWS - ones, ones], 0.5)[1]!;
  const right = Array.from({ length: ROWS - unknown + 1 }, (_, from) => {
    const isUnknown = (row: number): boolean => row >= from && row < from + unknown;
    const seen = new Matrix(draws.map((flags) => Array.from(flags.subarray(from, from + unknown))));
    const sums = draws.map((flags) => [
      inTrain - labels.reduce((sum, each, row) => sum + (isUnknown(row) ? 0 : each * flags[row]!), 0),
    ]);
    const found = pseudoInverse(seen).mmul(new Matrix(sums)).getColumn(0);
    return found.filter((value, at) => Math.round(value) === labels[from + at]).length;
  }).sort((one, other) => one - other);
  return right[Math.floor(right.length / 2)]!;
}

const inClear = (count: number): TrainFlags[] =>
  Array.from({ length: count }, (_, seed) =>
    drawn(permutation(ROWS, seed), Uint8Array.from(labels), trainCounts([ROWS - ones, ones], 0.5)),
  );

describe('draws by a label, without a limit', () => {
  test('give all labels by as many of them as there are rows', () => {
    expect(blindly(inClear(ROWS + 4))).toBe(ROWS);
    expect(blindly(inClear(10))).toBeLessThan(48);
  });
});

describe('who draws by the label of a claimed party', () => {
  let runs: OwnedRuns;
  let alice: string;
  let bob: string;
  beforeEach(async () => {
    runs = await OwnedRuns.claim('alice');
    const rows = labels.map((label, row) => [row, label, (row * 7919) % 1009]);
    alice = await runs.table('alice', 'c', [['id', 'y', 'x'], ...rows]);
    bob = await runs.table('bob', 'b', [['id'], ...labels.map((_, row) => [row])]);
  });
  afterEach(() => runs.folder.remove());

  const config = (more: Config = {}): Config => ({
    ...{ input_data: { alice, bob }, train_size: 0.5, label_column: { alice: 'y' } },
    ...more,
  });
  /** What bob gets of a draw. */
  const draw = async (taskId: string, more: Config = {}): Promise<TrainFlags> => {
    const crossed: CrossedMessage[] = [];
    const run = await runs.prepare('train_test_split', taskId, config(more));
    await runTrainTestSplit(run, (message) => crossed.push(message));
    const [bits] = crossed.filter(({ from, body }) => from === 'alice' && typeof body !== 'string');
    return flagsFrom('alice', bits!.body as Uint8Array, ROWS, ROWS / 2);
  };

  test('gets ten draws of 60 rows, by which no label is found, but ten by who knows the others', async () => {
    const draws: TrainFlags[] = [];
    const ask = async (): Promise<void> => {
      for (let seed = 0; seed < 100; seed += 1) draws.push(await draw(`draw-${seed}`, { random_state: seed }));
    };
    await expect(ask()).rejects.toMatchObject({
      code: 'BUDGET_EXHAUSTED',
      details: { party: 'alice', column: 'y', opened: 30, asked: 3, limit: 30 },
    });
    expect(draws).toHaveLength(10);
    expect(blindly(draws)).toBeLessThan(48);
    expect(knowingOthers(draws, 8)).toBe(8);
    expect(knowingOthers(draws, 30)).toBeLessThan(27);
  }, 60_000);

  test('cannot draw the rows without the key, also by the whole table', async () => {
    const given = await draw('given');
    expect(await draw('again')).toEqual(given);
    // The same table in a folder that nobody has claimed, and in one with another key.
    const text = await runs.folder.text('alice', 'c-1.csv');
    const unclaimed = await testFolder();
    try {
      await unclaimed.table('alice', 'c.csv', text);
      await unclaimed.table('bob', 'b.csv', await runs.folder.text('bob', 'b-1.csv'));
      const crossed: CrossedMessage[] = [];
      const run = unclaimed.run(config({ input_data: { alice: 'c.csv', bob: 'b.csv' } }));
      await runTrainTestSplit(run, (message) => crossed.push(message));
      const bits = crossed.find(({ body }) => typeof body !== 'string')!;
      expect(flagsFrom('alice', bits.body as Uint8Array, ROWS, ROWS / 2)).not.toEqual(given);
    } finally {
      await unclaimed.remove();
    }
  });

  test('sees by no draw that the labels of two tables are equal', async () => {
    const given = await draw('given');
    const rows = labels.map((label, row) => [row + 1000, label, (row * 7919) % 1009]);
    const other = await runs.table('alice', 'other', [['id', 'y', 'x'], ...rows]);
    expect(await draw('other', { input_data: { alice: other, bob } })).not.toEqual(given);
  });

  test('learns by no psi which rows of a part are whose, unless the split follows from what is known', async () => {
    const match = (taskId: string, from: string): Promise<TaskRunResult> =>
      runs.run('psi', taskId, { keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice: from, bob } });
    const alone = { parties: ['alice'] };
    const partOf = async (taskId: string, from: string, more: Config): Promise<string> => {
      const task = { input_data: { alice: from }, train_size: 0.5, ...more };
      const { result } = await runs.run('train_test_split', taskId, task, alone);
      return (result.train_paths as { alice: string }).alice;
    };
    const known = ((await match('known', alice)).result.output_paths as { alice: string }).alice;
    const byLabel = { label_column: { alice: 'y' } };
    await expect(match('one', await partOf('by-label', known, byLabel))).rejects.toMatchObject({
      code: 'KEYS_NOT_ALLOWED',
    });
    expect((await match('two', await partOf('by-seed', known, {}))).result.intersection_count).toBe(30);
    // The order of a table that psi has not sorted is the party's own.
    await expect(match('three', await partOf('by-place', alice, {}))).rejects.toMatchObject({
      code: 'KEYS_NOT_ALLOWED',
    });
  });

  test('is charged also where no other party takes part', async () => {
    const run = (seed: number) =>
      runs.run(
        'train_test_split',
        `alone-${seed}`,
        { input_data: { alice }, train_size: 0.5, label_column: { alice: 'y' }, random_state: seed },
        { parties: ['alice'] },
      );
    for (let seed = 0; seed < 10; seed += 1) await run(seed);
    await expect(run(10)).rejects.toMatchObject({ code: 'BUDGET_EXHAUSTED' });
  }, 60_000);

  test('gets no figures of two parts that differ by a row', async () => {
    const wide = await runs.table('alice', 'w', [
      ['id', 'x'],
      ...Array.from({ length: 200 }, (_, row) => [row, row * 3]),
    ]);
    const statisticsOf = async (taskId: string, train_size: number): Promise<unknown> => {
      const alone = { parties: ['alice'] };
      const part = await runs.run('train_test_split', taskId, { input_data: { alice: wide }, train_size }, alone);
      const input_data = { alice: (part.result.train_paths as { alice: string }).alice };
      return (await runs.run('table_statistics', `figures-${taskId}`, { input_data }, alone)).result.rows;
    };
    expect(await statisticsOf('half', 0.5)).toEqual({ alice: 100 });
    expect(await statisticsOf('and-one', 0.505)).toEqual({ alice: null });
  });
});
