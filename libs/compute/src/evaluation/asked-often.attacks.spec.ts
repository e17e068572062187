import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runTask } from '../catalogue/run-task.js';
import { DealerDone } from '../contract/site.js';
import type { JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';
import { NEUTRAL } from '../party/party-link.js';
import { TestSites } from '../party/sites-for-tests.js';
import { FEATURES, rowsFrom } from './models-for-tests.js';
import { Serving } from './serving-for-tests.js';

const ROWS = rowsFrom(1000, 100);
/** What bob's owner allows: a part of the rows a start, and two starts. */
const [MOST, STARTS] = [40, 2];
const keyOf = (row: number): string => `C-${row}`;
const COLUMNS = ROWS.slice(0, 30).map((_, column) => `x${column}`);
const noise = (row: number, column: number): number => ((row + 1) * (7919 * (column + 1) + 31)) % 1009;

describe('a site that asks another one a hundred times', () => {
  let runs: OwnedRuns;
  let model: Record<string, string>;
  let bobs: string;

  const alices = (name: string, moved: number): Promise<string> =>
    runs.table('alice', name, [
      ['id', ...FEATURES.alice, 'y'],
      ...ROWS.map((row, at) => [keyOf(at), row[0]! + moved, row[1]!, row[5]!]),
    ]);
  const prepare = (taskId: string, alice: string, scores: number): Promise<TaskRun<never>> => {
    const serve = { key: 'id', scores, minutes: 1 };
    const asked = { model, input_data: { alice, bob: bobs }, prediction_receiver: 'alice', serve };
    return runs.prepare('predict', taskId, asked as never);
  };
  /** What bob's ledger has of tasks whose names begin so. */
  const opened = async (name: string): Promise<JsonObject[]> =>
    (await readFile(join(runs.owners['bob']!.root, '.party', 'ledger.jsonl'), 'utf8'))
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as JsonObject]))
      .filter(({ kind, task }) => kind === 'open' && (task as string).startsWith(`chain-1/${name}`));

  beforeAll(async () => {
    runs = await OwnedRuns.claim('bob');
    const train = rowsFrom(0, 300);
    const tables = {
      alice: await runs.table('alice', 'train', [
        [...FEATURES.alice, 'y'],
        ...train.map((row) => [row[0]!, row[1]!, row[5]!]),
      ]),
      bob: await runs.table('bob', 'train', [FEATURES.bob, ...train.map((row) => row.slice(2, 5))]),
    };
    bobs = await runs.table('bob', 'rows', [FEATURES.bob, ...ROWS.map((row) => row.slice(2, 5))]);
    const training = { train_data: tables, features: FEATURES, label: 'y', label_party: 'alice' };
    const { result } = await runs.run('ss_lr', 'train', { ...training, params: { epochs: 1 } } as never);
    model = result.model_paths as Record<string, string>;
    const params = { '/prediction_receiver': { enum: ['alice'] }, '/serve/scores': { min: 1, max: MOST } };
    const rule = { effect: 'allow', task_types: ['predict'], params, uses: { max: STARTS, days: 30 } } as const;
    runs.policy('bob', 'rows', { rules: [rule] });
  });
  afterAll(() => runs.folder.remove());

  test('gets as many scores as the owner of the rows has allowed, over all starts, each row once', async () => {
    for (let start = 0; start < STARTS; start += 1) {
      // Its own columns it may move from start to start: each is one more look at the same rows.
      const serving = await Serving.start(await prepare(`look-${start}`, await alices(`look-${start}`, start), MOST));
      const answers = [];
      for (let row = 0; row < ROWS.length; row += 1) answers.push((await serving.score(keyOf(row))).status);
      // The same rows a hundred times are no more than once.
      for (let row = 0; row < ROWS.length; row += 1) await serving.score(keyOf(row % MOST));
      await serving.outcomes();
      expect(answers).toEqual(ROWS.map((_, row) => (row < MOST ? 200 : 429)));
      expect(await opened(`look-${start}`)).toEqual(
        Array(MOST).fill(expect.objectContaining({ to: ['alice'], counts: { predictions: 1 } })),
      );
    }
    const third = await Serving.start(await prepare('look-2', await alices('look-2', 2), MOST));
    expect((await third.outcomes())[1]).toMatchObject({ reason: { code: 'APPROVAL_REQUIRED' } });
    expect(await opened('look-2')).toEqual([]);
    expect(await opened('look-')).toHaveLength(STARTS * MOST);
  });

  test('gets none where it asks for more a start than the owner has allowed', async () => {
    const serving = await Serving.start(await prepare('more', await alices('more', 0), MOST + 1));
    const reason = { code: 'APPROVAL_REQUIRED', message: expect.stringContaining('/serve/scores') as unknown };
    expect((await serving.outcomes())[1]).toMatchObject({ reason });
    expect(await opened('more')).toEqual([]);
  });

  test('gets figures about a column of codes to half a bit a row, one by one or all at once', async () => {
    const codes = await runs.table('bob', 'codes', [['y'], ...ROWS.map((_, row) => [noise(row, 4_711) % 2])]);
    const table = await runs.table('alice', 'columns', [
      COLUMNS,
      ...ROWS.map((_, row) => COLUMNS.map((__, column) => noise(row, column))),
    ]);
    const ask = async (taskId: string, columns: readonly string[]): Promise<string> => {
      const asked = { input_data: { alice: table, bob: codes }, columns: { alice: columns, bob: ['y'] } };
      const [, bob] = await atSites(await runs.prepare('pearson_correlation', taskId, asked as never));
      return bob!.status === 'fulfilled' ? 'SUCCESS' : (bob!.reason as { code: string }).code;
    };
    expect(await ask('all', COLUMNS)).toBe('BUDGET_EXHAUSTED');
    const came: string[] = [];
    for (const [at, column] of COLUMNS.slice(0, 6).entries()) came.push(await ask(`figure-${at}`, [column]));
    // 100 rows allow 50 bits: four correlations of 11.
    expect(came).toEqual([...Array<string>(4).fill('SUCCESS'), ...Array<string>(2).fill('BUDGET_EXHAUSTED')]);
    // A newer version of the table is the same column.
    const newer = await runs.table('bob', 'codes', [['y'], ...ROWS.map((_, row) => [noise(row, 4_711) % 2])], 2);
    const asked = { input_data: { alice: table, bob: newer }, columns: { alice: ['x9'], bob: ['y'] } };
    const [, bob] = await atSites(await runs.prepare('pearson_correlation', 'newer', asked as never));
    expect(bob).toMatchObject({ status: 'rejected', reason: { code: 'BUDGET_EXHAUSTED' } });
  });
});

/** What a task of both parties and a dealer comes to at each of their sites. */
async function atSites(run: TaskRun<never>): Promise<PromiseSettledResult<TaskRunResult | null>[]> {
  const parties = ['alice', 'bob'];
  const sites = new TestSites([...parties, NEUTRAL]);
  const params = { ...(run.params as object), sf_init_config: { parties, address: 'node', dealer: 'lab' } } as never;
  // Each has files of its own of the same names.
  const own = (member: string): Partial<TaskRun> => ({ artifactRoot: join(run.artifactRoot, member) });
  return Promise.allSettled(
    [...parties, NEUTRAL].map((member) =>
      runTask('pearson_correlation', { ...run, ...own(member), params, site: sites.of(member) }).catch(
        (error: unknown) => {
          if (error instanceof DealerDone) return null;
          throw error;
        },
      ),
    ),
  );
}
