import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runTask } from '../catalogue/run-task.js';
import { checkTaskParams } from '../catalogue/check-params.js';
import { clearResult, testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { runPsi } from './psi-run.js';

const PARTIES = ['alice', 'bob', 'carol', 'dave'];
let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

const params = (parties: readonly string[], more: Record<string, unknown> = {}) => ({
  sf_init_config: { parties, address: 'local' },
  task_config: {
    keys: Object.fromEntries(parties.map((party) => [party, ['id']])),
    input_paths: Object.fromEntries(parties.map((party) => [party, 'keys.csv'])),
    ...more,
  },
});
const run = (parties: readonly string[], more: Record<string, unknown> = {}) =>
  folder.run({}, { params: params(parties, more) as never });
async function tables(keys: Readonly<Record<string, readonly string[]>>): Promise<void> {
  for (const [party, ids] of Object.entries(keys))
    await folder.table(party, 'keys.csv', `id,of\n${ids.map((id) => `${id},${party} ${id}\n`).join('')}`);
}
const ids = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, at) => `k${from + at}`);

describe('the intersection of three parties and more', () => {
  test('is what a plain join gives, aligned for all', async () => {
    await tables({ alice: ids(0, 900), bob: ids(300, 1500).reverse(), carol: ids(200, 700), dave: ids(500, 5000) });
    const { result } = await runTask('psi', run(PARTIES));
    expect(result).toMatchObject({
      intersection_count: 200,
      psi_protocol: 'KMPRT_PSI_NPC',
      parties: PARTIES,
      receiver: null,
    });
    for (const party of PARTIES) {
      const [, ...rows] = await folder.rows(party, (result.output_paths as Record<string, string>)[party]!);
      expect(rows).toEqual(ids(500, 700).map((id) => [id, `${party} ${id}`]));
    }
  });

  test('goes to the receiver alone when one is named, and looks the same to others whatever it holds', async () => {
    const seen = [];
    for (const bob of [ids(0, 40), ids(1000, 1040)]) {
      await tables({ alice: ids(0, 50), bob, carol: ids(20, 60) });
      const outcome = await runTask('psi', run(PARTIES.slice(0, 3), { receiver: 'carol' }));
      expect(Object.keys(outcome.result.output_paths as object)).toEqual(['carol']);
      expect(clearResult(outcome, 'carol')).toMatchObject({ intersection_count: bob[0] === 'k0' ? 20 : 0 });
      seen.push(JSON.stringify([outcome.result, outcome.artifacts.map(({ sha256: _, ...file }) => file)]));
    }
    expect(new Set(seen).size).toBe(1);
  });

  test('may be empty, of tables without rows as well, where that is allowed', async () => {
    await tables({ alice: [], bob: ids(0, 3), carol: ids(0, 3) });
    const empty = { allow_empty_result: true };
    expect((await runTask('psi', run(['alice', 'bob', 'carol'], empty))).result.intersection_count).toBe(0);
    await tables({ alice: ids(0, 3), bob: [] });
    expect((await runTask('psi', run(['alice', 'bob', 'carol'], empty))).result.intersection_count).toBe(0);
    await expect(runTask('psi', run(['alice', 'bob', 'carol']))).rejects.toMatchObject({ code: 'EMPTY_INTERSECTION' });
  });

  test('crosses as salts, keys of pairs, facts, points and tables of random values, of sizes that the rows give', async () => {
    const sizes = async (bob: readonly string[]) => {
      await tables({ alice: ids(0, 60), bob, carol: ids(30, 90) });
      const crossed: CrossedMessage[] = [];
      await runPsi(run(['alice', 'bob', 'carol'], { receiver: 'alice' }) as never, (message) => crossed.push(message));
      // Between the two that are no leader nothing of their tables crosses.
      expect(crossed.filter(({ from, to }) => from === 'bob' && to === 'carol').map(({ body }) => body.length)).toEqual(
        [32, 32],
      );
      for (const { body } of crossed)
        if (typeof body === 'string') expect(JSON.parse(body)).toEqual({ rows: 60, kinds: ['text'] });
      return crossed.map(({ from, to, body }) => `${from} ${to} ${body.length}`).sort();
    };
    expect(await sizes(ids(0, 60))).toEqual(await sizes(ids(1000, 1060)));
  });
});

test('joins and protocols are of as many parties as they take', () => {
  const faults = (count: number, more: Record<string, unknown>) =>
    checkTaskParams(
      'psi',
      params(
        Array.from({ length: count }, (_, at) => `p${at}`),
        more,
      ) as never,
    ).map(({ pointer, message }) => `${pointer} ${message}`);
  expect(faults(10, {})).toEqual([]);
  expect(faults(3, { protocol: 'KMPRT_PSI_NPC' })).toEqual([]);
  expect(faults(11, {})).toEqual(['/task_config/input_paths must name two to 10 parties']);
  expect(faults(2, { protocol: 'KMPRT_PSI_NPC' })).toEqual([
    expect.stringMatching(/^\/task_config\/protocol is for three/),
  ]);
  for (const more of [{ protocol: 'ECDH_PSI_2PC' }, { join: 'left', left_party: 'p0' }])
    expect(faults(3, more)).toEqual([expect.stringMatching(/input_paths must name exactly two/)]);
});
