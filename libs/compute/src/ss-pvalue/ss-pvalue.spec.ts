import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { runTask } from '../catalogue/run-task.js';
import { clearResult, testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { csvOf } from '../table/breast-cancer-for-tests.js';
import { aligned } from './cases-for-tests.js';
import { pOf } from './p-value.js';
import { writeSlices, type Features } from './slices-for-tests.js';
import { runSsPvalue } from './ss-pvalue-run.js';

interface Test {
  readonly z: number;
  readonly p: number;
}

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

const config = (name: string, model: Record<string, string>, label = 'y'): JsonObject => ({
  ...{ model, label, label_party: 'alice' },
  train_data: { alice: `${name}.csv`, bob: `${name}.csv` },
});
/** What the readers of a party get. */
const keptBy = (outcome: TaskRunResult, party: string) =>
  clearResult<{ columns: Record<string, Test>; intercept?: Test; rows: number }>(outcome, party);

describe('ss_pvalue', () => {
  test.each(['breast-cancer', 'german-credit', 'linear'] as const)('gives z and p of statsmodels: %s', async (name) => {
    const { kind, label, features, rows, tests } = await aligned(folder, name);
    const outcome = await runTask(
      'ss_pvalue',
      folder.run(config(name, await writeSlices(folder, features, kind), label)),
    );
    expect(outcome.result).toEqual({
      reg_type: kind,
      rows: rows - (rows % 20),
      columns: { alice: features.alice.length, bob: features.bob.length },
    });
    const [alice, bob] = [keptBy(outcome, 'alice'), keptBy(outcome, 'bob')];
    expect(Object.keys(alice.columns)).toEqual(features.alice);
    expect(Object.keys(bob)).toEqual(['columns', 'rows']);
    expect(Object.keys(bob.columns)).toEqual(features.bob);
    const found: Record<string, Test> = { ...alice.columns, ...bob.columns, const: alice.intercept! };
    for (const [column, expected] of Object.entries(tests)) {
      const { z, p } = found[column]!;
      expect(Math.abs(p - expected.p)).toBeLessThan(0.005);
      expect(Math.abs(z - expected.z)).toBeLessThan(0.01 + 0.01 * Math.abs(expected.z));
      expect([z, p]).toEqual([Number(z.toFixed(2)), Number(p.toFixed(3))]);
    }
    expect(new Set(Object.keys(found))).toEqual(new Set(Object.keys(tests)));
  });

  test('gives the same again, whatever the weights of the model are, and sends no number in clear', async () => {
    const name = 'german-credit';
    const { features, label } = await aligned(folder, name);
    const crossed: CrossedMessage[] = [];
    const runs = await Promise.all(
      ['one', 'two'].map(async (training) => {
        const model = await writeSlices(folder, features, 'logistic', training);
        return runSsPvalue(folder.run(config(name, model, label), { taskId: training }), (message) =>
          crossed.push(message),
        );
      }),
    );
    expect(keptBy(runs[0]!, 'bob')).toEqual(keptBy(runs[1]!, 'bob'));
    const texts = crossed.flatMap(({ from, to, body }) =>
      typeof body === 'string' ? [[from, to, JSON.parse(body)]] : [],
    );
    const model = { kind: 'regression', objective: 'logistic', splits: 0 };
    const sizes = { train: 955, min_group_rows: 20 };
    for (const training of ['one', 'two']) {
      for (const [from, to] of [
        ['alice', 'bob'],
        ['bob', 'alice'],
      ]) {
        expect(texts).toContainEqual([from, to, { ...model, training }]);
        expect(texts).toContainEqual([from, to, sizes]);
        expect(texts).toContainEqual([from, to, { shown: false }]);
      }
    }
    const ofDealer = texts.filter(([, to]) => to !== 'alice' && to !== 'bob');
    expect(ofDealer.map(([from, , body]) => [from, body])).toEqual(
      Array(2).fill(['alice', { reg_type: 'logistic', rows: 955, first: 3, second: 2, first_has_label: true }]),
    );
    expect(texts).toHaveLength(14);
  });

  test('takes a party that has the label and no column', async () => {
    const features = { alice: [], bob: ['b'] };
    const rows = Array.from({ length: 60 }, (_, row) => row);
    await folder.table(
      'alice',
      'none.csv',
      csvOf(
        ['y'],
        rows.map((row) => [Number(row % 7 < 3)]),
      ),
    );
    await folder.table(
      'bob',
      'none.csv',
      csvOf(
        ['b'],
        rows.map((row) => [(row * 37) % 60]),
      ),
    );
    const outcome = await runTask('ss_pvalue', folder.run(config('none', await writeSlices(folder, features))));
    expect(keptBy(outcome, 'alice')).toMatchObject({ columns: {}, intercept: { p: expect.any(Number) } });
    expect(Object.keys(keptBy(outcome, 'bob').columns)).toEqual(['b']);
  });

  test('fails with a code that says what to do', async () => {
    const rows = Array.from({ length: 80 }, (_, row) => row);
    const noise = (row: number, column: number): number => ((row + 1) * (7919 * column + 31)) % 1009;
    const features: Features = { alice: ['a'], bob: ['b', 'c'] };
    const good = { a: (row: number) => noise(row, 1), y: (row: number) => noise(row, 2) % 2 };
    const ofBob = { b: (row: number) => noise(row, 3), c: (row: number) => noise(row, 4) };
    let tables = 0;
    const failing = async (
      alice: Record<string, (row: number) => number | string>,
      bob: Record<string, (row: number) => number | string>,
      more: { model?: Record<string, string>; rows?: number; bobRows?: number; kind?: 'linear' } = {},
    ): Promise<unknown> => {
      const name = `case-${(tables += 1)}`;
      const write = (party: string, columns: typeof alice, count: number) =>
        folder.table(
          party,
          `${name}.csv`,
          csvOf(
            Object.keys(columns),
            rows.slice(0, count).map((row) => Object.values(columns).map((of) => of(row))),
          ),
        );
      await write('alice', alice, more.rows ?? 80);
      await write('bob', bob, more.bobRows ?? more.rows ?? 80);
      const model = more.model ?? (await writeSlices(folder, features, more.kind ?? 'logistic', name));
      return runTask('ss_pvalue', folder.run(config(name, model))).catch((error: unknown) => error);
    };
    const is = (code: string, details: object = {}) => ({ code, details, retryable: false });
    const singular = { code: 'SINGULAR_INFORMATION', retryable: false };

    expect(await failing(good, ofBob, { rows: 59 })).toMatchObject(is('GROUP_TOO_SMALL', { min_rows: 60 }));
    expect(await failing(good, ofBob, { rows: 19 })).toMatchObject(is('GROUP_TOO_SMALL', { min_rows: 20 }));
    expect(await failing(good, ofBob, { bobRows: 79 })).toMatchObject({ code: 'NOT_ALIGNED' });
    // Together they are a column of alice's; each is within the rules.
    const half = { ...ofBob, c: (row: number) => 3 * noise(row, 1) - 2 * noise(row, 3) };
    for (const kind of [undefined, 'linear'] as const)
      expect(await failing(good, half, { ...(kind && { kind }) })).toMatchObject(singular);
    const separated = { ...good, y: (row: number) => Number(noise(row, 3) > 500) };
    expect(await failing(separated, ofBob)).toMatchObject(singular);
    const exact = { ...good, y: (row: number) => 2 * noise(row, 3) - noise(row, 4) };
    expect(await failing(exact, ofBob, { kind: 'linear' })).toMatchObject(singular);
    expect(await failing({ ...good, y: (row) => row % 3 }, ofBob)).toMatchObject(
      is('LABEL_NOT_BINARY', { column: 'y' }),
    );
    expect(await failing({ ...good, a: () => 7 }, ofBob)).toMatchObject(is('CONSTANT_COLUMN', { column: 'a' }));
    expect(await failing({ ...good, a: (row) => 1e6 + (row % 2) }, ofBob)).toMatchObject(
      is('NON_NUMERIC', { column: 'a' }),
    );
    const far = { ...good, y: (row: number) => (row === 5 ? 1e6 : noise(row, 2)) };
    expect(await failing(far, ofBob, { kind: 'linear' })).toMatchObject(is('GROUP_TOO_SMALL', { party: 'alice' }));
    expect(await failing({ ...good, a: () => '' }, ofBob)).toMatchObject(is('CAST_FAILED', { column: 'a' }));
    const other = await writeSlices(folder, features, 'logistic', 'other');
    const another = await writeSlices(folder, features, 'logistic', 'another');
    expect(await failing(good, ofBob, { model: { alice: other.alice!, bob: another.bob! } })).toMatchObject({
      code: 'MODEL_INCOMPATIBLE',
    });
    const swapped = await writeSlices(folder, { alice: ['b', 'c'], bob: ['a'] }, 'logistic', 'swapped');
    await folder.table('alice', 'no-model.json', '{}');
    for (const alice of [swapped.bob!, 'no-model.json'])
      expect(await failing(good, ofBob, { model: { alice, bob: other.bob! } })).not.toHaveProperty('result');
    expect(await failing(good, ofBob, { model: { ...other, alice: 'no-model.json' } })).toMatchObject({
      code: 'MODEL_INCOMPATIBLE',
    });
    expect(await folder.temporaries()).toEqual([]);
  });

  test('is refused before it runs where its parameters do not go together', () => {
    const task_config = config('t', { alice: 'm', bob: 'm' });
    const pointers = (more: JsonObject): string[] =>
      checkTaskParams('ss_pvalue', {
        sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
        task_config: { ...task_config, ...more },
      }).map(({ pointer }) => pointer);
    expect(pointers({})).toEqual([]);
    expect(pointers({ model: '${tasks.train.result.model_paths}', label_party: '${tasks.a.result.b}' })).toEqual([]);
    expect(pointers({ label_party: 'carol' })).toEqual(['/task_config/label_party']);
    expect(pointers({ model: { alice: 'm' } })).toContain('/task_config/model');
  });
});

test.each([
  [1.96, Infinity, 0.05],
  [-1.6449, Infinity, 0.1],
  [0, Infinity, 1],
  [0, 18, 1],
  [2.1009, 18, 0.05],
  [2.8784, 18, 0.01],
  [1, 30, 0.325],
  [100, 18, 0],
])('p of z %p with %p degrees of freedom is %p', (z, free, p) => expect(pOf(z, free)).toBe(p));
