import { describe, expect, test } from '@jest/globals';
import type { Logger } from '#libs/platform';
import type { StatusChannel, TaskJob, TaskQueues } from '#libs/queues';
import type { JobSecrets } from './job-secrets.js';
import { Worker } from './worker.js';

const JOB: TaskJob = {
  chainId: 'chain-1',
  taskId: 'a',
  taskRequestId: 'task-1',
  taskType: 'diagnostic',
  attempt: 1,
  params: { task_config: { result: { n: 1 } } },
  inputs: {},
  timeoutMs: null,
  priority: 5,
};

/** A worker whose channel refuses the first so many reports, with what came through; `take` gives it a job. */
async function workerWith(refusals: number, drainMs: number) {
  const stored: object[] = [];
  const jobs: Promise<void>[] = [];
  let take: (job: TaskJob) => Promise<void> = async () => undefined;
  const queues = {
    consume: (_type: string, _slots: number, work: (job: TaskJob) => Promise<void>) => {
      take = work;
      return { drain: async () => void (await Promise.all(jobs)), close: async () => undefined };
    },
  } as unknown as TaskQueues;
  const channel = {
    subscribe: async () => undefined,
    publish: async (lane: string, message: object) => {
      if (lane !== 'done') return;
      if (refusals-- > 0) throw new Error('no connection');
      stored.push(message);
    },
  } as unknown as StatusChannel;
  const secrets = { open: async (job: TaskJob) => ({ params: job.params, hide: <T>(value: T) => value }) };
  const logger = { warn: () => undefined, debug: () => undefined, info: () => undefined, error: () => undefined };
  const worker = new Worker(
    queues,
    channel,
    { slots: { diagnostic: 1 }, dataRoot: '.', artifactRoot: '.', secrets: secrets as unknown as JobSecrets, drainMs },
    logger as unknown as Logger,
  );
  await worker.start();
  return { worker, stored, take: (job: TaskJob) => void jobs.push(take(job)) };
}

describe('a worker that is stopping', () => {
  test('stores the end of a run although the channel fails at first', async () => {
    const { worker, stored, take } = await workerWith(1, 30_000);
    take(JOB);
    await worker.stop();
    expect(stored).toMatchObject([{ kind: 'succeeded', taskId: 'a', attempt: 1 }]);
  });

  test('gives up once runs are to be handed back', async () => {
    const { worker, stored, take } = await workerWith(Infinity, 50);
    take(JOB);
    await worker.stop();
    expect(stored).toEqual([]);
  });
});
