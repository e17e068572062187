// BullMQ by the client: flows, bare jobs whose graph the worker holds in memory, or one job after the other.
// The worker is a separate process (bullmq-worker.mjs).
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { FlowProducer, Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { serve, successorsOf, versionOf } from './driver.mjs';

const mode = process.argv[2];
const redis = () => new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null });
const connection = redis();
const defaultJobOptions = { removeOnComplete: true };
const worker = fork(new URL('./bullmq-worker.mjs', import.meta.url));
await once(worker, 'message');
let number = 0;

/** Each chain a tree; the roots have their own queue, so that the client receives nothing else. */
async function flows() {
  const producer = new FlowProducer({ connection });
  const events = new QueueEvents('roots', { connection: redis() });
  await events.waitUntilReady();
  const open = new Map();
  events.on('completed', ({ jobId }) => open.get(jobId)?.());
  return async (chains) => {
    const trees = chains.map((graph) => {
      const node = (i) => ({
        name: 'task',
        queueName: i === graph.length - 1 ? 'roots' : 'tasks',
        data: { delayMs: graph[i].delayMs },
        opts: { ...defaultJobOptions, ...(i === graph.length - 1 ? { jobId: `root-${++number}` } : {}) },
        children: graph[i].parents.map(node),
      });
      return node(graph.length - 1);
    });
    const ended = Promise.all(trees.map(({ opts }) => new Promise((end) => open.set(opts.jobId, end))));
    await producer.addBulk(trees);
    await ended;
    open.clear();
  };
}

/** The worker adds what a finished task makes ready: nothing of the graph is stored anywhere. */
async function raw() {
  const queue = new Queue('raw', { connection, defaultJobOptions });
  await queue.waitUntilReady();
  return async (chains) => {
    const graphs = chains.map((graph) => ({
      delays: graph.map(({ delayMs }) => delayMs),
      waitsFor: graph.map(({ parents }) => parents.length),
      successors: successorsOf(graph),
    }));
    worker.send(graphs);
    await once(worker, 'message');
    const ready = graphs.flatMap(({ delays, waitsFor }, chain) =>
      waitsFor.flatMap((n, task) => (n === 0 ? [{ name: 'task', data: { chain, task, delayMs: delays[task] } }] : [])),
    );
    const ended = once(worker, 'message');
    await queue.addBulk(ready);
    await ended;
  };
}

/** The client adds a task when it hears that the one before has ended. */
async function ping() {
  const queue = new Queue('tasks', { connection, defaultJobOptions });
  const events = new QueueEvents('tasks', { connection: redis() });
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
  let heard = () => {};
  events.on('completed', ({ jobId }) => heard(jobId));
  // QueueEvents hears nothing of what ends before its first read.
  for (let done = false; !done;) {
    heard = () => (done = true);
    await queue.add('task', { delayMs: 0 });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return async ([graph]) => {
    for (const { delayMs } of graph) {
      const ended = new Promise((resolve) => (heard = resolve));
      await queue.add('task', { delayMs });
      await ended;
    }
  };
}

const run = await { flow: flows, raw, ping }[mode]();
await serve({ version: `BullMQ ${versionOf('bullmq')}`, run, close: () => worker.kill() });
