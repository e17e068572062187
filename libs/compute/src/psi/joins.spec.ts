import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTaskParams } from '../catalogue/check-params.js';
import { clearResult, testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { runPsi } from './psi-run.js';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

const config = (more: Record<string, unknown>): Record<string, unknown> => ({
  keys: { alice: ['id'], bob: ['uid'] },
  input_paths: { alice: 'a.csv', bob: 'b.csv' },
  left_party: 'alice',
  ...more,
});
/** Alice's ids from 0, and bob's from a first one. */
const tables = async (alice: number, [first, bob]: readonly [number, number]): Promise<void> => {
  const rows = (from: number, count: number) => Array.from({ length: count }, (_, at) => from + at);
  await folder.table(
    'alice',
    'a.csv',
    `id,x\n${rows(0, alice)
      .map((id) => `u${id},${id * 2}\n`)
      .join('')}`,
  );
  await folder.table(
    'bob',
    'b.csv',
    `y,z,uid\n${rows(first, bob)
      .map((id) => `${id * 3},"a, b",u${id}\n`)
      .join('')}`,
  );
};
const outputsOf = async (more: Record<string, unknown>, recorder?: (message: CrossedMessage) => void) => {
  const { result, artifacts, partyResults } = await runPsi(folder.run(config(more)), recorder);
  const paths = result.output_paths as Record<string, string>;
  const rows = async (party: string) => (await folder.rows(party, paths[party]!)).slice(1);
  return { result, artifacts, partyResults, paths, rows };
};

describe('a left join', () => {
  test.each(['ECDH_PSI_2PC', 'ECDH_OPRF_UB_PSI_2PC', 'KKRT_PSI_2PC'])(
    'writes all rows of the left party, and beside each the row of the other or nulls: %s',
    async (protocol) => {
      await tables(300, [200, 500]);
      const { result, rows } = await outputsOf({ join: 'left', protocol });
      const [left, right] = [await rows('alice'), await rows('bob')];
      expect(left.map(([id]) => id).sort()).toEqual(Array.from({ length: 300 }, (_, id) => `u${id}`).sort());
      expect(right).toEqual(
        left.map(([id]) => {
          const number = Number(id!.slice(1));
          return number < 200 ? ['', '', ''] : [String(number * 3), 'a, b', id];
        }),
      );
      expect(result).toMatchObject({ join: 'left', left_party: 'alice', intersection_count: null });
    },
  );

  test('tells the left party nothing of who matches: neither by messages nor by its order', async () => {
    await tables(100, [50, 100]);
    const crossed: CrossedMessage[] = [];
    const first = await outputsOf({ join: 'left' }, (message) => crossed.push(message));
    // Its points come back to bob alone, who learns the intersection.
    const doubled = crossed.filter(({ body }) => typeof body !== 'string' && body.length > 32 && body[0] === 2);
    expect(doubled.map(({ to }) => to)).toEqual(['bob']);
    expect(first.result.reports).toEqual([
      { party: 'alice', original_count: 100, intersection_count: -1 },
      { party: 'bob', original_count: 100, intersection_count: null },
    ]);
    expect(clearResult(first, 'bob')).toMatchObject({ intersection_count: 50, original_count: 100 });
    expect(first.partyResults!.alice ?? null).toBeNull();
    // By key, or as in the table, bob would see between which of his keys those lie that he lacks.
    const ids = (await first.rows('alice')).map(([id]) => id);
    expect(ids).not.toEqual([...ids].sort());
    expect(ids).not.toEqual(Array.from({ length: 100 }, (_, id) => `u${id}`));
    const second = await outputsOf({ join: 'left' });
    expect((await second.rows('alice')).map(([id]) => id)).not.toEqual(ids);
  });

  test('looks the same to others whatever matches', async () => {
    const seen = [];
    for (const first of [0, 30, 1000]) {
      await tables(40, [first + 1000, 40]);
      const lines: string[] = [];
      const run = folder.run(config({ join: 'left' }), { log: (_level, line) => void lines.push(line) });
      const { result, artifacts } = await runPsi(run);
      const files = artifacts.map(({ sha256: _, ...file }) => file);
      seen.push(JSON.stringify([result, files.filter(({ name }) => name.startsWith('bob')), lines.sort()]));
    }
    expect(new Set(seen).size).toBe(1);
  });

  test('is a right join with the parties swapped', async () => {
    await tables(30, [20, 40]);
    const { result, rows, partyResults } = await outputsOf({ join: 'right' });
    const [left, right] = [await rows('alice'), await rows('bob')];
    expect(right).toHaveLength(40);
    expect(left).toEqual(
      right.map(([, , id]) => (Number(id!.slice(1)) < 30 ? [id, `${Number(id!.slice(1)) * 2}`] : ['', ''])),
    );
    expect(Object.keys(partyResults!)).toEqual(['alice']);
    expect(result).toMatchObject({ join: 'right', intersection_count: null });
  });

  test('may match nothing, and takes a table of one column, a Parquet output and tables without rows', async () => {
    await tables(3, [10, 3]);
    const none = await outputsOf({ join: 'left', output_paths: { bob: 'out/joined.parquet' } });
    expect(none.paths.bob).toBe('out/joined.parquet');
    await folder.table('bob', 'b.csv', 'uid\nu1\n');
    expect(await (await outputsOf({ join: 'left' })).rows('bob')).toHaveLength(3);
    await folder.table('bob', 'b.csv', 'uid\n');
    expect(await (await outputsOf({ join: 'left' })).rows('bob')).toEqual([[''], [''], ['']]);
    expect(await (await outputsOf({ join: 'right' })).rows('alice')).toEqual([]);
  });
});

describe('a difference', () => {
  test('writes the rows of the left party that the other lacks, for that party alone', async () => {
    await tables(30, [20, 40]);
    const crossed: CrossedMessage[] = [];
    const { result, paths, rows, partyResults } = await outputsOf({ join: 'difference' }, (message) =>
      crossed.push(message),
    );
    expect(Object.keys(paths)).toEqual(['alice']);
    const ids = (await rows('alice')).map(([id]) => id);
    expect(ids).toEqual(Array.from({ length: 20 }, (_, id) => `u${id}`).sort());
    expect(clearResult({ partyResults } as never, 'alice')).toMatchObject({ intersection_count: 10 });
    expect(result.reports).toEqual([
      { party: 'alice', original_count: 30, intersection_count: null },
      { party: 'bob', original_count: 40, intersection_count: -1 },
    ]);
    const doubled = crossed.filter(({ body }) => typeof body !== 'string' && body.length > 32 && body[0] === 2);
    expect(doubled.map(({ to }) => to)).toEqual(['alice']);
  });
});

test('a join is refused where it would open more, or names no left party', () => {
  const faults = (more: Record<string, unknown>) =>
    checkTaskParams('psi', {
      sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
      task_config: { ...config({}), left_party: undefined, ...more },
    } as never).map(({ pointer, message }) => `${pointer.replace('/task_config', '')} ${message}`);
  expect(faults({ join: 'left', left_party: 'alice' })).toEqual([]);
  expect(faults({ join: 'left', left_party: 'alice', receiver: 'bob' })).toEqual([]);
  expect(faults({ join: 'right', left_party: 'alice', receiver: 'alice' })).toEqual([]);
  expect(faults({ join: 'left' })).toEqual(['/left_party is required for the join left']);
  expect(faults({ left_party: 'alice' })).toEqual(['/left_party goes with the join left, right or difference']);
  expect(faults({ join: 'difference', left_party: 'carol' })).toEqual(['/left_party must be one of alice, bob']);
  expect(faults({ join: 'left', left_party: 'alice', broadcast_result: true })).toEqual([
    expect.stringMatching(/^\/broadcast_result must not be true/),
  ]);
  for (const [join, receiver] of [
    ['left', 'alice'],
    ['right', 'bob'],
    ['difference', 'bob'],
  ])
    expect(faults({ join, left_party: 'alice', receiver })).toEqual([
      expect.stringMatching(/^\/receiver must be absent/),
    ]);
});
