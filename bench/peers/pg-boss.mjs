// pg-boss as a bare queue: the graph lies in this process's memory, which is client and worker in one.
import { PgBoss } from 'pg-boss';
import { followInMemory, serve, versionOf, work } from './driver.mjs';

const boss = new PgBoss({ connectionString: process.env.DATABASE_URL, useListenNotify: true, max: 20 });
boss.on('error', (error) => process.stderr.write(`${error.stack}\n`));
await boss.start();
await boss.createQueue('task', { notify: true });

const graphs = followInMemory((tasks) =>
  boss.insert(
    'task',
    tasks.map((data) => ({ data })),
  ),
);
// A batch of jobs ends together. A notice that comes meanwhile is lost, so it polls as often as it may, beside listening.
const options = { batchSize: 1000, pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 0.5 };
await boss.work('task', options, (jobs) =>
  Promise.all(
    jobs.map(async ({ data }) => {
      await work(data.delayMs);
      await graphs.ended(data);
    }),
  ),
);
await serve({
  version: `pg-boss ${versionOf('pg-boss')}`,
  run: graphs.run,
  close: () => boss.stop({ graceful: false }),
});
