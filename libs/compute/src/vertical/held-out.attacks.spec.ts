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
});
