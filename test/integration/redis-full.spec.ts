import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { Redis } from 'ioredis';
import { chain, describeSystem, eventually, line } from './system/index.js';

/** The words of Redis about its last save. */
const lastSave = async (redis: Redis): Promise<string | undefined> =>
  /rdb_last_bgsave_status:(\w+)/.exec(await redis.info('persistence'))?.[1];

async function save(redis: Redis, outcome: string): Promise<void> {
  await redis.bgsave().catch(() => undefined);
  await eventually(`the save is ${outcome}`, async () => ((await lastSave(redis)) === outcome ? true : undefined));
}

describeSystem('a Redis that cannot save', 'redis', {}, (check) => {
  check('refuses what writes: chains wait, ready says why, and all goes on when it can save', async (system) => {
    const { api } = system;
    const redis = new Redis(system.redisUrl!);
    try {
      const [, folder] = (await redis.config('GET', 'dir')) as [string, string];
      // As on a full disk: the save cannot take its name.
      const obstacle = join(folder, 'dump.rdb');
      mkdirSync(obstacle);
      await redis.config('SET', 'save', '3600 1');
      const before = await api.start(chain(line(3, { delay_ms: 1_000 })));
      await api.untilTask(before, 'task-0', 'RUNNING');
      await save(redis, 'err');
      expect(await redis.set('a', '1').catch(String)).toContain('MISCONF');
      const meanwhile = await api.start(chain(line(2)));

      const worker = system.app('compute-worker');
      const { port } = await worker.ready();
      const ready = await fetch(`http://127.0.0.1:${String(port)}/health/ready`);
      expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('MISCONF')]);
      const waits = (): true | undefined =>
        worker.lines.some((each) => each.includes('a report could not be')) || undefined;
      await eventually('a report waits', waits);
      expect((await api.chain(meanwhile)).completed_tasks).toBe(0);

      rmdirSync(obstacle);
      await save(redis, 'ok');
      for (const id of [before, meanwhile]) expect((await api.ended(id)).status).toBe('SUCCESS');
      for (const app of system.apps) expect([app.name, app.running]).toEqual([app.name, true]);
    } finally {
      redis.disconnect();
    }
  });
});
