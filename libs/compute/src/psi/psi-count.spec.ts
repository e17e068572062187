import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ConsentJson } from '#libs/consent';
import { runTask } from '../catalogue/run-task.js';
import { clearResult, testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { KeyHasher, POINT_BYTES } from '../mpc/curve.js';
import { mapToCurve } from '../mpc/elligator.js';
import { TestLines } from '../mpc/lines-for-tests.js';
import { exchange } from '../mpc/psi-exchange.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { runPsiCount } from './psi-count-run.js';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

type Config = { readonly [field: string]: ConsentJson };
interface Count {
  readonly original_count: number;
  readonly intersection_count: number | null;
  readonly withheld?: object;
}
const config = (more: Config = {}): Config => ({
  ...{ keys: { alice: ['id'], bob: ['uid'] }, input_paths: { alice: 'a.csv', bob: 'b.csv' }, receiver: 'bob' },
  ...more,
});
const column = (name: string, from: number, to: number): string =>
  `${name}\n${Array.from({ length: to - from }, (_, at) => `k${from + at}\n`).join('')}`;
async function count(alice: string, bob: string): Promise<Count> {
  await folder.table('alice', 'a.csv', alice);
  await folder.table('bob', 'b.csv', bob);
  return clearResult<Count>(await runTask('psi_count', folder.run(config())), 'bob');
}

describe('the number of common keys', () => {
  test('is that of a plain join, and goes to the receiver alone', async () => {
    await folder.table('alice', 'a.csv', column('id', 0, 5000));
    await folder.table('bob', 'b.csv', column('uid', 4000, 10_000));
    const crossed: CrossedMessage[] = [];
    const { result, artifacts, partyResults } = await runPsiCount(folder.run(config()), (message) =>
      crossed.push(message),
    );
    expect(partyResults).toEqual({ bob: { value: { original_count: 6000, intersection_count: 1000 } } });
    expect(result).toEqual({
      ...{ intersection_count: null, receiver: 'bob', parties: ['alice', 'bob'] },
      withheld: { intersection_count: 'Only bob learns it: see party_results.bob.' },
    });
    expect(artifacts).toEqual([]);
    const doubled = crossed.filter(({ body }) => typeof body !== 'string' && body.length > 32 && body[0] === 2);
    expect(new Set(doubled.map(({ to }) => to))).toEqual(new Set(['bob']));
    const json = crossed.filter(({ body }) => typeof body === 'string').map(({ body }) => body as string);
    expect(json.sort()).toEqual([
      ...['{"least":20}', '{"least":20}', '{"rows":5000,"kinds":["text"]}', '{"rows":6000,"kinds":["text"]}'],
    ]);
  });

  test('is shown neither where it is under 20, nor where all keys of the receiver but under 20 are common', async () => {
    const alice = column('id', 0, 100);
    expect(await count(alice, column('uid', 80, 140))).toMatchObject({ intersection_count: 20 });
    for (const bob of [column('uid', 81, 140), column('uid', 200, 260), column('uid', 0, 60), column('uid', 41, 119)]) {
      const seen = await count(alice, bob);
      expect(seen).toMatchObject({ intersection_count: null, withheld: { min_rows: 20 } });
    }
    expect(await count(alice, column('uid', 40, 120))).toMatchObject({ intersection_count: 60 });
  });

  test.each([
    ['DUPLICATE_KEYS', 'id\na\nb\na\n'],
    ['NULL_KEYS', 'id,v\nb,1\n,2\n'],
    ['KEY_TYPE_MISMATCH', 'id\n7\n8\n'],
  ])('fails with %s as psi does', async (code, alice) => {
    await expect(count(alice, 'uid\n7.0\n8.0\n')).rejects.toMatchObject({ code, retryable: false });
  });
});

test('the receiver cannot tell which of its keys match', async () => {
  const pointsOf = (from: number, keys: number): Buffer => {
    const points = Buffer.alloc(keys * POINT_BYTES);
    const hasher = new KeyHasher(Buffer.from('salt'));
    for (let at = 0; at < keys; at += 1) hasher.hash([`k${from + at}`], points, at);
    mapToCurve(points, keys);
    return points;
  };
  const lines = new TestLines();
  const side = (party: string, peer: string, points: Buffer, learns: boolean) =>
    exchange(lines.party(party), {
      ...{ peer, points, peerRows: 200, learns, peerLearns: !learns, hidesWhich: !learns, worked: () => undefined },
    });
  const [, found] = await Promise.all([
    side('alice', 'bob', pointsOf(0, 200), false),
    side('bob', 'alice', pointsOf(100, 200), true),
  ]);
  const places = Array.from(found.places!, (place) => place >= 0);
  expect(places.filter(Boolean)).toHaveLength(100);
  // The first 100 match. Those that seem to are as many of the first as of the last: 50 and 50, with a deviation of 3.5.
  expect(Math.abs(places.slice(0, 100).filter(Boolean).length - 50)).toBeLessThan(30);
  // No point comes back before the last of bob's is there, so no place follows from the time.
  const order = lines.seen
    .filter(({ body }) => body instanceof Uint8Array)
    .map(({ from, body }) => `${from} ${body[0]}`);
  expect(order.indexOf('alice 2')).toBeGreaterThan(order.lastIndexOf('bob 1'));
});

describe('who wants to know whether one customer is in a claimed table', () => {
  let runs: OwnedRuns;
  let alice: string;
  const MEMBERS = 100;
  const customers = Array.from({ length: MEMBERS }, (_, at) => [`m${at}`, 900_000 + at]);
  beforeAll(async () => {
    runs = await OwnedRuns.claim('alice');
    alice = await runs.table('alice', 'c', [['id', 'phone'], ...customers]);
  });
  afterAll(() => runs.folder.remove());

  const ask = async (taskId: string, ids: readonly string[], more: Config = {}): Promise<number | null> => {
    const bob = await runs.table('bob', taskId, [['uid'], ...ids.map((id) => [id])]);
    const outcome = await runs.run('psi_count', taskId, config({ input_paths: { alice, bob }, ...more }));
    return clearResult<Count>(outcome, 'bob').intersection_count;
  };
  const members = (to: number): string[] => customers.slice(0, to).map(([id]) => String(id));
  const strangers = Array.from({ length: 25 }, () => randomBytes(8).toString('hex'));

  test('reads it off two numbers, for half a bit a row over all tasks and no more', async () => {
    const list = [...members(20), ...strangers];
    expect(await ask('list', list)).toBe(20);
    const learnt: boolean[] = [];
    const attack = async (): Promise<void> => {
      for (let at = 0; at < 9; at += 1) learnt.push((await ask(`one-${at}`, [...list, `m${20 + at}`])) === 21);
    };
    // A number of up to 46 is 6 bits, and 50 may be opened.
    await expect(attack()).rejects.toMatchObject({
      code: 'BUDGET_EXHAUSTED',
      details: { party: 'alice', column: 'id', opened: 48, asked: 6, limit: 50 },
    });
    expect(learnt).toEqual(Array(7).fill(true));
    expect(runs.log.some((line) => line.includes('PRIVACY_REPEATED'))).toBe(true);
  });

  test('gets no number of few rows that psi chose, nor of others than a column whose values all differ', async () => {
    const other = await runs.table('alice', 'd', [['id', 'phone'], ...customers]);
    const bob = await runs.table('bob', 'few', [['uid'], ...members(19).map((id) => [id])]);
    const keys = { alice: ['id'], bob: ['uid'] };
    const { result } = await runs.run('psi', 'chosen', { keys, input_paths: { alice: other, bob } });
    const chosen = (result.output_paths as { alice: string }).alice;
    const list = [...members(20), ...strangers];
    const from = async (taskId: string, path: string, column = 'id') =>
      ask(taskId, list, {
        keys: { alice: [column], bob: ['uid'] },
        input_paths: {
          alice: path,
          bob: await runs.table('bob', `${taskId}-list`, [['uid'], ...list.map((id) => [id])]),
        },
      });
    await expect(from('count-few', chosen)).rejects.toMatchObject({ code: 'GROUP_TOO_SMALL' });
    await expect(from('count-other', chosen, 'phone')).rejects.toMatchObject({ code: 'KEYS_NOT_ALLOWED' });
    runs.policy('alice', 'd', { rules: [{ effect: 'allow', task_types: ['psi_count'] }], min_group_rows: 30 });
    expect(await from('floor', other)).toBeNull();
  });
});
