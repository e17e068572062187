// The worker of bullmq.mjs. It says 'ready', then of each batch of bare graphs 'loaded' and 'ended'.
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { CONCURRENCY, work } from './driver.mjs';

const redis = () => new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null });
const queue = new Queue('raw', { connection: redis(), defaultJobOptions: { removeOnComplete: true } });
let graphs = [];
let open = 0;

async function runRaw({ data: { chain, task, delayMs } }) {
  const result = await work(delayMs);
  const { delays, waitsFor, successors } = graphs[chain];
  const ready = successors[task].filter((next) => --waitsFor[next] === 0);
  // Added before the job ends, so that BullMQ hands the next one out with the end of this one.
  if (ready.length > 0) {
    await queue.addBulk(ready.map((next) => ({ name: 'task', data: { chain, task: next, delayMs: delays[next] } })));
  }
  if (--open === 0) process.send('ended');
  return result;
}

const runTask = ({ data }) => work(data.delayMs);
const workers = [
  new Worker('tasks', runTask, { connection: redis(), concurrency: CONCURRENCY }),
  new Worker('roots', runTask, { connection: redis(), concurrency: CONCURRENCY }),
  new Worker('raw', runRaw, { connection: redis(), concurrency: CONCURRENCY }),
];
process.on('message', (loaded) => {
  graphs = loaded;
  open = graphs.reduce((sum, { delays }) => sum + delays.length, 0);
  process.send('loaded');
});
await Promise.all(workers.map((worker) => worker.waitUntilReady()));
process.on('disconnect', () => process.exit(0));
process.send('ready');
