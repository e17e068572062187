import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Registry } from 'prom-client';
import type { AppConfig } from '#libs/platform';
import { openDatabase, Databases } from '#libs/repositories';
import { useTestDatabase } from '#libs/testing';
import { ApiMetrics } from '../../metrics/api-metrics.js';
import { Backlog } from './backlog.js';
import type { Creation } from './create-from.js';

const MAX = 100;
const creation = (tasks: number, replayed = false): Promise<Creation> =>
  Promise.resolve({ chain: { total_tasks: tasks }, replayed } as Creation);
const overloaded = (words: string, seconds: string) => ({
  code: 'OVERLOADED',
  headers: { 'Retry-After': seconds },
  detail: expect.stringContaining(words),
});

/** Says nothing of how many tasks other tenants have. */
const FULL = overloaded(`As many tasks wait as MAX_WAITING_TASKS allows (${MAX}): try again`, '10');

describe('too much to do', () => {
  const database = useTestDatabase();
  let metrics: ApiMetrics;
  let backlog: Backlog;
  beforeEach(() => {
    metrics = new ApiMetrics(new Registry());
  });

  /** A backlog on the test's database, in which two tenants have chains: `waiting` tasks of each are unfinished, and half as many ended. */
  async function withWaiting<T>(waiting: number, max: number, use: () => Promise<T>): Promise<T> {
    const owner = await openDatabase(database.url, { max: 1 });
    const api = await openDatabase(database.url, { role: 'task_chain_api', max: 2 });
    try {
      await owner.query({ name: '', text: 'TRUNCATE task_chains CASCADE' });
      await owner.query({
        name: '',
        text: `INSERT INTO tenants (tenant_id, name) VALUES ('other', 'o') ON CONFLICT DO NOTHING`,
      });
      await owner.query(
        {
          name: '',
          text: `INSERT INTO task_chains (chain_id, tenant_id, chain_name, chain_type, chain_config, status, completed_tasks, total_tasks, timeout_seconds)
                 SELECT tenant || status, tenant, 'n', 'parallel', '{}'::jsonb, status, $1::int / 2, $1::int + $1::int / 2, 60
                   FROM unnest(ARRAY['default', 'other'], ARRAY['RUNNING', 'PENDING']) AS open(tenant, status)
                  UNION ALL SELECT 'ended', 'default', 'n', 'parallel', '{}'::jsonb, 'CANCELLED', 0, 1000000, 60`,
        },
        [waiting],
      );
      backlog = new Backlog({ maxWaitingTasks: max } as AppConfig, new Databases(api, api), metrics);
      return await use();
    } finally {
      await Promise.all([owner.close(), api.close()]);
    }
  }
  const shed = async () => (await metrics.chainsShed.get()).values[0]?.value ?? 0;

  test('while the tasks of all tenants are as many as may wait, a chain is refused', async () => {
    await withWaiting(MAX / 2, MAX, async () => {
      await expect(backlog.admit(() => creation(1))).rejects.toMatchObject(FULL);
      expect(await shed()).toBe(1);
    });
    await withWaiting(MAX / 2 - 1, MAX, async () => {
      await expect(backlog.admit(() => creation(1))).resolves.toMatchObject({ replayed: false });
    });
    await withWaiting(MAX, 0, async () => {
      await expect(backlog.admit(() => creation(1))).resolves.toMatchObject({ replayed: false });
    });
  });

  test('what was created since the last count is counted, a replayed answer is not', async () => {
    await withWaiting(MAX / 2 - 2, MAX, async () => {
      await backlog.admit(() => creation(3));
      await backlog.admit(() => creation(90, true));
      await backlog.admit(() => creation(1));
      await expect(backlog.admit(() => creation(1))).rejects.toMatchObject(FULL);
    });
  });

  test('beyond 1,000 creations at once the next is refused, until one has ended', async () => {
    await withWaiting(0, 0, async () => {
      let end = (): void => undefined;
      const first = new Promise<Creation>((resolve) => (end = () => void creation(1).then(resolve)));
      let refuse = (): void => undefined;
      const others = new Promise<Creation>((_, reject) => (refuse = () => reject(new Error('refused'))));
      const all = [backlog.admit(() => first), ...Array.from({ length: 999 }, () => backlog.admit(() => others))];
      await expect(backlog.admit(() => creation(1))).rejects.toMatchObject(overloaded('creating 1000 chains', '1'));
      end();
      await all[0];
      await expect(backlog.admit(() => creation(1))).resolves.toBeDefined();
      refuse();
      await Promise.allSettled(all);
      for (let n = 0; n < 1_001; n++) await backlog.admit(() => creation(1));
    });
  });

  /** A backlog whose counts are given: a number, or none where the count fails. */
  function counting(...counts: readonly (number | undefined)[]): { asked: () => number; pass: (ms: number) => void } {
    let asked = 0;
    let now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    const query = async (): Promise<object[]> => {
      const waiting = counts[asked++];
      now += 200;
      if (waiting === undefined) throw new Error('away');
      return [{ waiting }];
    };
    backlog = new Backlog(
      { maxWaitingTasks: MAX } as AppConfig,
      new Databases({} as never, { query } as never),
      metrics,
    );
    return { asked: () => asked, pass: (ms) => void (now += ms) };
  }
  afterEach(() => void jest.restoreAllMocks());

  test('a chain is never refused by a count that is due again', async () => {
    const { pass } = counting(MAX, MAX, 0);
    await expect(backlog.admit(() => creation(1))).rejects.toMatchObject(FULL);
    pass(3_900);
    await expect(backlog.admit(() => creation(1))).rejects.toMatchObject(FULL);
    pass(100);
    await expect(backlog.admit(() => creation(1))).rejects.toMatchObject(FULL);
    pass(4_000);
    await expect(backlog.admit(() => creation(1))).resolves.toBeDefined();
  });

  test('counts take a twentieth of the time, also those that fail, which leave the count of before', async () => {
    const { asked, pass } = counting(MAX - 3, undefined, MAX);
    for (let n = 0; n < 2; n++) await backlog.admit(() => creation(1));
    expect(asked()).toBe(1);
    pass(4_000);
    await backlog.admit(() => creation(1));
    await expect(backlog.admit(() => creation(1))).rejects.toMatchObject(FULL);
    expect(asked()).toBe(2);
    pass(4_000);
    await expect(backlog.admit(() => creation(1))).rejects.toMatchObject(FULL);
    expect(asked()).toBe(3);
  });

  test('before the first count nothing is admitted: the database may be away', async () => {
    const away = new Databases({} as never, { query: () => Promise.reject(new Error('away')) } as never);
    backlog = new Backlog({ maxWaitingTasks: MAX } as AppConfig, away, metrics);
    for (let n = 0; n < 2; n++) await expect(backlog.admit(() => creation(1))).rejects.toThrow('away');
  });
});
