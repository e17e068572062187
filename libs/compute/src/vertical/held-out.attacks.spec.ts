import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConsentJson } from '#libs/consent';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import { NEUTRAL } from '../party/party-program.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { runSsLr } from '../ss-lr/ss-lr-run.js';
import { splitRows } from './split-rows.js';

const ROWS = 400;
const noise = (row: number, seed: number): number => ((row + 1) * (7919 * seed + 31)) % 1009;
const rowsOf = <T>(value: (row: number) => T): T[] => Array.from({ length: ROWS }, (_, row) => value(row));

describe('whoever chooses which rows a training holds out', () => {
  /** Held out by the second training alone. */
  const [first, second] = [0.5, 0.5 + 1 / ROWS];
  const target = splitRows(ROWS, second, 0).heldOut.find((row) => !splitRows(ROWS, first, 0).heldOut.includes(row))!;
  const refused = { code: 'ROWS_TOO_CLOSE', retryable: false, details: { party: 'alice', min_rows: 20 } };
  let runs: OwnedRuns;
  let bobs: string;

  beforeEach(async () => {
    runs = await OwnedRuns.claim('alice');
    bobs = await runs.table('bob', 'b', [['b'], ...rowsOf((row) => [noise(row, 3)])]);
  });
  afterEach(() => runs.folder.remove());

  const table = (rows: readonly (readonly number[])[], name = 'c') => runs.table('alice', name, [['x', 'y'], ...rows]);
  type Config = Readonly<Record<string, ConsentJson>>;
  const config = (alice: string, test_fraction: number, params: Config): Config => ({
    ...{ train_data: { alice, bob: bobs }, features: { alice: ['x'], bob: ['b'] } },
    ...{ label: 'y', label_party: 'alice', test_fraction, params },
  });
  const train = (type: string, taskId: string, alice: string, held: number, params: Config) =>
    runs.run(type, taskId, config(alice, held, params));

  test('reads no label off two losses, whose rows differ by one', async () => {
    const alice = await table(rowsOf((row) => [noise(row, 1) / 1009, row === target ? 30 : row % 2]));
    const linear = { epochs: 1, batch_size: 400, reg_type: 'linear', learning_rate: 1e-6 };
    const loss = async (taskId: string, held: number): Promise<number> => {
      const { result } = await train('ss_lr', taskId, alice, held, linear);
      return (result as { training_metrics: { final_loss: number } }).training_metrics.final_loss;
    };
    // The mean square of the 200 labels: the rest of them gives half of one.
    expect(await loss('with', first)).toBeGreaterThan(30 ** 2 / 200);
    const crossed: CrossedMessage[] = [];
    const without = await runs.prepare('ss_lr', 'without', config(alice, second, linear));
    await expect(runSsLr(without, (message) => crossed.push(message))).rejects.toMatchObject(refused);
    // Nor does the size of the labels cross, of which the target has the largest.
    expect(crossed.filter(({ from, to }) => from === 'alice' && to !== NEUTRAL)).toHaveLength(1);
    for (const [type, params] of [
      ['ss_glm', { distribution: 'poisson' }],
      ['ss_xgb', { objective: 'linear', num_boost_round: 1, max_depth: 1 }],
      ['secureboost', { objective: 'linear', num_boost_round: 1, max_depth: 1 }],
    ] as const) {
      await expect(train(type, type, alice, second, params)).rejects.toMatchObject(refused);
    }
    // The same rows again, and rows that differ by 20, are figures of no single one. Nor are all rows, but then all but one are.
    await loss('again', first);
    await loss('other', first + 20 / ROWS);
    await loss('all', 0);
    await expect(loss('all-but-one', 1 / ROWS)).rejects.toMatchObject(refused);
  });

  test('learns by no failure what a row adds to those of a training', async () => {
    // 19 of the rows that both trainings use, and the target, have another value.
    const both = [...splitRows(ROWS, second, 0).train].slice(0, 19);
    const alice = await table(rowsOf((row) => [Number(row === target || both.includes(row)), noise(row, 2) % 2]));
    const ask = (taskId: string, held: number) =>
      train('ss_lr', taskId, alice, held, { epochs: 1 }).then(
        () => 'none',
        ({ code }: { code: string }) => code,
      );
    expect(await ask('without', second)).toBe('GROUP_TOO_SMALL');
    expect(await ask('with', first)).toBe('ROWS_TOO_CLOSE');
  });

  test('and of a table whose rows it chose learns nothing by a held-out row in place of another', async () => {
    const rows = 200;
    const all = Array.from({ length: rows + 1 }, (_, id) => [1000 + id, noise(id, 1) / 1009, noise(id, 2) % 2]);
    const alice = await runs.table('alice', 'customers', [['id', 'x', 'y'], ...all]);
    const held = splitRows(rows, first, 0).heldOut;
    // Both lists put a row at this place, which is held out; all other places have the same rows.
    const place = [...held].find((at) => at > 0)!;
    const ask = async (taskId: string, without: number) => {
      const ids = all.map(([id]) => id!).filter((_, at) => at !== without);
      const list = await runs.table('bob', taskId, [['id', 'b'], ...ids.map((id) => [id, noise(id, 3) / 1009])]);
      const matched = await runs.run('psi', taskId, {
        ...{ keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice, bob: list } },
      });
      const train_data = matched.result.output_paths as { alice: string; bob: string };
      return runs.prepare('ss_lr', `${taskId}-train`, {
        ...{ train_data, features: { alice: ['x'], bob: ['b'] }, label: 'y', label_party: 'alice' },
        ...{ test_fraction: first, params: { epochs: 1 } },
      });
    };
    await runSsLr(await ask('one', place + 1));
    const crossed: CrossedMessage[] = [];
    const other = await ask('other', place);
    await expect(runSsLr(other, (message) => crossed.push(message))).rejects.toMatchObject(refused);
    expect(crossed.filter(({ from, to }) => from === 'alice' && to !== NEUTRAL)).toHaveLength(1);
  });

  test('says of a training that runs away what to do, where nobody chose the rows of its table', async () => {
    const alice = await table(rowsOf((row) => [noise(row, 1), noise(row, 2) % 2]));
    await expect(train('ss_lr', 'away', alice, first, { epochs: 1 })).rejects.toMatchObject({
      code: 'NOT_CONVERGED',
      message: expect.stringMatching(/Lower params.learning_rate/),
    });
  });
});
