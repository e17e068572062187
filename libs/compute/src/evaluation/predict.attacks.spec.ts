import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SIGMOID, SLOPE_BITS } from '../mpc/spline.js';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import { openModel } from '../ss-lr/open-model-for-tests.js';
import { FEATURES, rowsFrom, TEST } from './models-for-tests.js';

/** What the parties' processes compute on shares, in clear: a probability to 1/1024. */
function predicted(score: number): number {
  const exact = SIGMOID.reduce((sum, { knot, slope }) => sum + slope * Math.max(0, score - knot), 0) / 2 ** SLOPE_BITS;
  return Math.floor(exact * 1024 + 0.5) / 1024;
}

/** The score at which a probability between the ends is predicted, by bisection. */
function scoreOf(probability: number): number {
  let [low, high] = [-8, 8];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (predicted(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const dot = (weights: readonly number[], values: readonly number[]): number =>
  weights.reduce((sum, weight, at) => sum + weight * values[at]!, 0);

describe('a receiver that chooses its own columns and asks again', () => {
  let runs: OwnedRuns;
  let training: TaskRunResult;
  let weights: number[];
  let intercept: number;
  const datasets: Record<string, string> = {};
  const both = (rows: readonly number[][]): Record<string, number[][]> => ({
    alice: rows.map((row) => [row[0]!, row[1]!, row[5]!]),
    bob: rows.map((row) => row.slice(2, 5)),
  });
  const header = (party: string): string[] => (party === 'alice' ? [...FEATURES.alice, 'y'] : [...FEATURES.bob]);
  const table = async (party: string, name: string, rows: readonly number[][]): Promise<string> =>
    (datasets[`${party}/${name}`] = await runs.table(party, name, [header(party), ...rows]));
  const ask = (taskId: string, bobs: string, more: JsonObject = {}, alices = 'test'): Promise<TaskRunResult> =>
    runs.run('predict', taskId, {
      model: training.result.model_paths as Record<string, string>,
      input_data: { alice: datasets[`alice/${alices}`]!, bob: datasets[`bob/${bobs}`]! },
      prediction_receiver: 'bob',
      ...more,
    } as never);
  const probabilitiesOf = async ({ result }: TaskRunResult): Promise<number[]> =>
    (await runs.folder.rows('bob', result.prediction_output as string)).slice(1).map(([p]) => Number(p));
  const openings = async (): Promise<JsonObject[]> =>
    (await readFile(join(runs.owners.alice!.root, '.party', 'ledger.jsonl'), 'utf8'))
      .split('\n')
      .flatMap((line) => (line.includes('"open"') ? [JSON.parse(line) as JsonObject] : []));

  beforeAll(async () => {
    runs = await OwnedRuns.claim('alice', 'bob');
    for (const [name, rows] of [
      ['train', rowsFrom(0, 300)],
      ['test', TEST],
    ] as const) {
      for (const [party, own] of Object.entries(both(rows))) await table(party, name, own);
    }
    await table(
      'bob',
      'zeros',
      TEST.map(() => [0, 0, 0]),
    );
    await table(
      'bob',
      'units',
      TEST.map((_, row) => [0, 1, 2].map((column) => (row % 3 === column ? 1 : 0))),
    );
    training = await runs.run('ss_lr', 'train', {
      train_data: { alice: datasets['alice/train']!, bob: datasets['bob/train']! },
      features: FEATURES,
      label: 'y',
      label_party: 'alice',
      params: { epochs: 3 },
    } as never);
    const paths = training.result.model_paths as { alice: string; bob: string };
    const files = [await runs.folder.text('alice', paths.alice), await runs.folder.text('bob', paths.bob)] as const;
    ({ weights, intercept } = openModel(...files));
  });
  afterAll(() => runs.folder.remove());

  test('is noted each time for the owner of the rows, who is warned, and ends where the policy says', async () => {
    const before = (await openings()).length;
    runs.policy('alice', 'test', { rules: [{ effect: 'allow', task_types: ['predict'], uses: { max: 2, days: 30 } }] });
    await ask('first', 'zeros');
    expect(runs.log.filter((line) => line.includes('PRIVACY_REPEATED'))).toEqual([]);
    await ask('second', 'units');
    expect(runs.log.filter((line) => line.includes('PRIVACY_REPEATED'))).not.toEqual([]);
    await expect(ask('third', 'test')).rejects.toMatchObject({ code: 'APPROVAL_REQUIRED' });
    const noted = { type: 'predict', to: ['bob'], counts: { predictions: TEST.length }, bits: {} };
    expect((await openings()).slice(before)).toMatchObject([noted, noted]);
    // Of the datasets of the model and of the new rows.
    expect((await openings()).at(-1)!.datasets).toEqual(expect.arrayContaining(['test', 'train']));
    runs.policy('alice', 'test', {
      rules: [
        { effect: 'allow', task_types: ['predict'], params: { '/prediction_receiver': { enum: ['alice'] } } },
        { effect: 'refuse', task_types: ['predict'] },
      ],
    });
    await expect(ask('fourth', 'test')).rejects.toMatchObject({ code: 'POLICY_REFUSED' });
    const own = await ask('fifth', 'test', { prediction_receiver: 'alice' });
    expect(own.result).toMatchObject({ party: 'alice' });
    runs.policy('alice', 'test', {});
  });

  test('asks in vain with a model whose training rows the owner has closed', async () => {
    runs.policy('alice', 'train', { rules: [{ effect: 'refuse', task_types: ['predict'] }] });
    await expect(ask('closed', 'test')).rejects.toMatchObject({ code: 'POLICY_REFUSED' });
    runs.policy('alice', 'train', {});
    // What was predicted comes from the model's rows and from the new ones.
    const { result } = await ask('open', 'test');
    runs.policy('bob', 'train', { rules: [{ effect: 'refuse', task_types: ['table_statistics'] }] });
    const statistics = { input_data: { bob: result.prediction_output as string } };
    await expect(runs.run('table_statistics', 'later', statistics, { parties: ['bob'] })).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
    });
    runs.policy('bob', 'train', {});
  });

  test('learns its own weights by one more prediction: this is what it gets', async () => {
    const [zeros, units] = [
      await probabilitiesOf(await ask('zeros', 'zeros')),
      await probabilitiesOf(await ask('units', 'units')),
    ];
    const alices = TEST.map((row) => dot(weights.slice(0, 2), row) + intercept);
    zeros.forEach((p, row) => expect(Math.abs(p - predicted(alices[row]!))).toBeLessThanOrEqual(2 ** -10));
    const guesses = [0, 1, 2].map((column) => {
      const moved = TEST.flatMap((_, row) => {
        const [one, other] = [zeros[row]!, units[row]!];
        const inside = [one, other].every((p) => p > 0.1 && p < 0.9);
        return row % 3 === column && inside ? [scoreOf(other) - scoreOf(one)] : [];
      });
      return moved.reduce((sum, each) => sum + each, 0) / moved.length;
    });
    guesses.forEach((guess, column) => expect(Math.abs(guess - weights[2 + column]!)).toBeLessThan(0.01));
  });

  test("learns the other's part of each score to seven digits by thirty, and from as many rows that it knows the other's weights", () => {
    const own = weights.slice(2);
    const parts = TEST.map((row) => dot(weights.slice(0, 2), row) + intercept);
    // It moves its own part of the score until the probability of 1/2 turns.
    const read = parts.map((part) => {
      let [low, high] = [-16, 16];
      for (let asked = 0; asked < 30; asked += 1) {
        const middle = (low + high) / 2;
        const cell = middle / own[0]!;
        if (predicted(part + own[0]! * cell) < 0.5) low = middle;
        else high = middle;
      }
      return scoreOf(0.5) - (low + high) / 2;
    });
    const errorOf = (guesses: readonly number[]): number =>
      Math.max(...guesses.map((guess, row) => Math.abs(guess - parts[row]!)));
    const once = parts.map((part) => scoreOf(predicted(part)));
    expect(errorOf(once)).toBeGreaterThan(1e-3);
    expect(errorOf(read)).toBeLessThan(1e-7);
    // Three rows of alice's two columns, and the intercept: three equations.
    const [first, second, third] = TEST as [number[], number[], number[]];
    const [p, q] = [first, second].map((row) => [row[0]! - third[0]!, row[1]! - third[1]!]) as [number[], number[]];
    const [s, t] = [read[0]! - read[2]!, read[1]! - read[2]!];
    const determinant = p[0]! * q[1]! - p[1]! * q[0]!;
    expect((s * q[1]! - t * p[1]!) / determinant).toBeCloseTo(weights[0]!, 5);
    expect((p[0]! * t - q[0]! * s) / determinant).toBeCloseTo(weights[1]!, 5);
  });
});
