import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { runTask } from '../catalogue/run-task.js';
import { clearResult, testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject } from '../contract/task-type.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { aligned } from '../ss-pvalue/cases-for-tests.js';
import { writeSlices } from '../ss-pvalue/slices-for-tests.js';
import { csvOf } from '../table/breast-cancer-for-tests.js';
import { runScorecard } from './scorecard-run.js';

interface Card {
  readonly columns: Readonly<Record<string, readonly { readonly value: number; readonly points: number }[]>>;
  readonly base_points?: number;
  readonly rows: number;
}

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

const config = (name: string, model: Record<string, string>, more: JsonObject = {}): JsonObject => ({
  ...{ model, label: 'bad', label_party: 'alice', ...more },
  train_data: { alice: `${name}.csv`, bob: `${name}.csv` },
});

describe('scorecard', () => {
  test.each([
    [{}, { scale: 20 / Math.LN2, at: 600, odds: 20, sign: -1 }],
    [
      { scaled_value: 500, odd_base: 2, pdo: 150, positive: 0 },
      { scale: 150 / Math.LN2, at: 500, odds: 2, sign: 1 },
    ],
  ])('gives points of the weights of statsmodels: %j', async (params, { scale, at, odds, sign }) => {
    const { features, tests, rows } = await aligned(folder, 'scorecard');
    const crossed: CrossedMessage[] = [];
    const model = await writeSlices(folder, features);
    const outcome = await runScorecard(folder.run(config('scorecard', model, { params })), (message) =>
      crossed.push(message),
    );
    expect(outcome.result).toEqual({
      ...{ rows: rows - (rows % 20), columns: { alice: 2, bob: 2 } },
      ...{ scaled_value: 600, odd_base: 20, pdo: 20, positive: 1, ...params },
    });
    const [alice, bob] = [clearResult<Card>(outcome, 'alice'), clearResult<Card>(outcome, 'bob')];
    expect([Object.keys(alice.columns), Object.keys(bob.columns)]).toEqual([features.alice, features.bob]);
    expect(Object.keys(bob)).toEqual(['columns', 'rows']);
    const points = Object.entries({ ...alice.columns, ...bob.columns }).flatMap(([name, values]) =>
      values.map((each) => ({ ...each, expected: sign * scale * tests[name]!.w * each.value })),
    );
    expect(points.length).toBeGreaterThan(13);
    points.push({
      value: 0,
      points: alice.base_points!,
      expected: at - scale * Math.log(odds) + sign * scale * tests.const!.w,
    });
    for (const { points: found, expected } of points) {
      expect(Number.isInteger(found)).toBe(true);
      // Half a point of rounding, and what the line of pieces makes of the sigmoid.
      expect(Math.abs(found - expected)).toBeLessThan(0.5 + 0.01 * scale);
    }
    // Each party is sent shares of 50 values a column, however many it has: its own columns', and the base points.
    const last = (to: string): number =>
      (crossed.findLast((message) => message.to === to && typeof message.body !== 'string')!.body as Uint8Array).length;
    expect([last('alice'), last('bob')]).toEqual([16 * 101, 16 * 100]);
  });

  test('fails with a code that says what to do', async () => {
    const rows = Array.from({ length: 200 }, (_, row) => row);
    const noise = (row: number, column: number): number => ((row + 1) * (7919 * column + 31)) % 1009;
    const features = { alice: ['a'], bob: ['b'] };
    const failing = async (b: (row: number) => number, more: { kind?: 'linear' } = {}): Promise<unknown> => {
      await folder.table(
        'alice',
        'f.csv',
        csvOf(
          ['a', 'bad'],
          rows.map((row) => [noise(row, 1) % 7, noise(row, 2) % 2]),
        ),
      );
      await folder.table(
        'bob',
        'f.csv',
        csvOf(
          ['b'],
          rows.map((row) => [b(row)]),
        ),
      );
      const model = await writeSlices(folder, features, more.kind ?? 'logistic');
      return runTask('scorecard', folder.run(config('f', model))).catch((error: unknown) => error);
    };
    expect(await failing((row) => noise(row, 3) % 50)).toHaveProperty('result');
    expect(await failing((row) => row % 51)).toMatchObject({
      code: 'TOO_MANY_BUCKETS',
      details: { column: 'b', limit: 50 },
    });
    expect(await failing((row) => noise(row, 1) % 7)).toMatchObject({ code: 'SINGULAR_INFORMATION' });
    expect(await failing((row) => Number(row === 3))).toMatchObject({
      code: 'GROUP_TOO_SMALL',
      details: { column: 'b' },
    });
    expect(await failing((row) => noise(row, 3) % 5, { kind: 'linear' })).toMatchObject({ code: 'MODEL_INCOMPATIBLE' });
  });

  test('is refused before it runs where its parameters do not go together', () => {
    const faults = (more: JsonObject): string[] =>
      checkTaskParams('scorecard', {
        sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
        task_config: config('t', { alice: 'm', bob: 'm' }, more) as never,
      }).map(({ pointer }) => pointer);
    expect(faults({})).toEqual([]);
    expect(faults({ label_party: 'carol' })).toEqual(['/task_config/label_party']);
    expect(faults({ params: { pdo: 0 } })).toEqual(['/task_config/params/pdo']);
  });
});
