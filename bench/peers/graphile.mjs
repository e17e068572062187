// graphile-worker as a bare queue: the graph lies in this process's memory, which is client and worker in one.
// With `local` it fetches and completes in batches (its local queue).
import { Logger, makeWorkerUtils, run as startWorker } from 'graphile-worker';
import { CONCURRENCY, followInMemory, serve, versionOf, work } from './driver.mjs';

const local = process.argv[2] === 'local';
const connectionString = process.env.DATABASE_URL;
const logger = new Logger(() => () => undefined);
const batches = { localQueue: { size: CONCURRENCY + 1 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
const preset = { worker: local ? batches : {} };
const utils = await makeWorkerUtils({ connectionString, logger });
await utils.migrate();

const graphs = followInMemory((tasks) =>
  tasks.length === 1
    ? utils.addJob('task', tasks[0])
    : utils.addJobs(tasks.map((payload) => ({ identifier: 'task', payload }))),
);
const task = async (payload) => {
  await work(payload.delayMs);
  await graphs.ended(payload);
};
const taskList = { task };
const worker = await startWorker({
  connectionString,
  logger,
  preset,
  taskList,
  concurrency: CONCURRENCY,
  maxPoolSize: 20,
  noHandleSignals: true,
});
const close = async () => {
  await worker.stop();
  await utils.release();
};
await serve({ version: `graphile-worker ${versionOf('graphile-worker')}`, run: graphs.run, close });
