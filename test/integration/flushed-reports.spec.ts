import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openTestQueues, takeJobs, type TestQueues } from '#libs/testing';
import { Services } from '../faults/services.js';

let services: Services;
let opened: TestQueues;
beforeAll(async () => {
  // Nothing but a flush brings the log to the disk for as long as the test takes.
  services = await Services.start('postgres', { wal_writer_delay: '10s' });
  opened = await openTestQueues({ redisUrl: undefined, databaseUrl: await services.freshDatabase() });
});
afterAll(async () => {
  await opened.close();
  await services.stop();
});

it('kill -9 of PostgreSQL straight after a report is acknowledged loses no result and gives out no run again', async () => {
  const { backend, channel, queues } = opened;
  if (backend.kind !== 'postgres') throw new Error('not the backend of this test');
  const { rows } = await backend.pool.query('SHOW synchronous_commit');
  expect(rows).toEqual([{ synchronous_commit: 'off' }]);

  const ids = { chainId: 'c', taskId: 't', taskRequestId: 'r', taskType: 'diagnostic', attempt: 1 };
  let runs = 0;
  let restarted: Promise<void> | undefined;
  const [struck, over] = [new Signal(), new Signal()];
  const worker = await takeJobs(backend, 'diagnostic', 2, async () => {
    runs += 1;
    await channel.publish('done', { result: runs });
    restarted = services.restartKilledPostgres();
    struck.give();
    await over.given;
  });
  try {
    await queues.send([{ ...ids, params: {}, inputs: {}, timeoutMs: null, priority: 5 }]);
    await struck.given;
    await restarted;

    const delivery = await channel.receive('done', 10, 30_000);
    expect(delivery.messages.map((text) => JSON.parse(text) as unknown)).toEqual([{ result: 1 }]);
    await delivery.ack();
    // The job is still the one that was taken: a worker that is idle finds none.
    expect(await queues.depth('diagnostic')).toMatchObject({ waiting: 0, prioritized: 0, active: 1 });
    expect(runs).toBe(1);
  } finally {
    over.give();
    await worker.close();
  }
});

class Signal {
  give: () => void = () => undefined;
  readonly given = new Promise<void>((resolve) => (this.give = resolve));
}
