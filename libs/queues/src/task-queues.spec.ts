import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  createTestDatabase,
  describeUnless,
  noRedis,
  openTestQueues,
  startTestRedis,
  takeJobs,
  type TestDatabase,
  type TestQueues,
  type TestRedis,
} from '#libs/testing';
import { jobId, type TaskJob } from './messages.js';
import { inBulks, type TaskQueues } from './task-queues.js';

const skipped = await noRedis();
let made = 0;

/** A job of a type that no other test uses. */
function jobOf(type: string, more: Partial<TaskJob> = {}): TaskJob {
  const task = `task-${++made}`;
  return {
    chainId: 'chain-1',
    taskId: task,
    taskRequestId: task,
    taskType: type,
    attempt: 1,
    params: { task_config: {} },
    inputs: {},
    timeoutMs: null,
    priority: 5,
    ...more,
  };
}

it('cuts what is sent at once by number and by size', () => {
  const length = (n: number): number => n;
  const many = inBulks(Array<number>(1_200).fill(1), length);
  expect(many.map((bulk) => bulk.length)).toEqual([500, 500, 200]);
  const million = 1_000_000;
  expect(inBulks([5 * million, 3 * million, million, 20 * million, 1, 8 * million], length)).toEqual([
    [5 * million, 3 * million],
    [million],
    [20 * million],
    [1, 8 * million],
  ]);
  expect(inBulks([], length)).toEqual([]);
});

for (const kind of ['postgres', 'redis'] as const) {
  describeUnless(kind === 'redis' && skipped, `task queues on ${kind}`, () => {
    let database: TestDatabase;
    let redis: TestRedis | undefined;
    let opened: TestQueues;
    let queues: TaskQueues;
    const faults: Error[] = [];
    beforeAll(async () => {
      database = await createTestDatabase();
      if (kind === 'redis') redis = await startTestRedis();
      opened = await openTestQueues({ databaseUrl: database.url, redisUrl: redis?.url }, (error) => faults.push(error));
      ({ queues } = opened);
    });
    afterAll(async () => {
      await opened.close();
      await redis?.stop();
      await database.drop();
      expect(faults).toEqual([]);
    });

    it('hands a job on as it was sent, the inputs in their order', async () => {
      const inputs = { 'task-b': { n: 1 }, a: [null, '爱丽丝 🎉'], 'task-010': 1.5, 'task-001': 'x', Z: {} };
      const sent = jobOf('as-sent', {
        inputs,
        timeoutMs: 1500,
        priority: 10,
        params: { task_config: { z: 1, a: '\u0001' } },
      });
      await queues.send([sent]);
      const [job] = await take('as-sent', 1);
      expect(job).toEqual(sent);
      expect(Object.keys(job!.inputs)).toEqual(Object.keys(inputs));
    });

    it('carries jobs of many megabytes', async () => {
      const inputs = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`parent-${i}`, 'x'.repeat(64_000)]));
      const sent = [1, 2, 3].map(() => jobOf('large', { inputs }));
      await queues.send(sent);
      const taken = await take('large', 3);
      expect(taken.sort((a, b) => (a.taskId < b.taskId ? -1 : 1))).toEqual(sent);
    });

    it('keeps one job of an id, and takes the next attempt as another', async () => {
      const job = jobOf('ids');
      await queues.send([job]);
      await queues.send([job, { ...job, attempt: 2 }, job]);
      expect(await queues.depth('ids')).toEqual({ waiting: 0, prioritized: 2, active: 0 });
      const taken = await take('ids', 2);
      expect(taken.map(({ attempt }) => attempt).sort()).toEqual([1, 2]);
      expect(await queues.depth('ids')).toEqual({ waiting: 0, prioritized: 0, active: 0 });
    });

    it('knows where a job is: waiting, active, or missing once it is done or was never sent', async () => {
      const job = jobOf('states');
      expect(await queues.state('states', jobId(job))).toBe('missing');
      await queues.send([job]);
      expect(await queues.state('states', jobId(job))).toBe('waiting');
      const hold = gate();
      const begun = gate();
      const consumer = await consume('states', 1, async () => {
        begun.open();
        await hold.opened;
      });
      await begun.opened;
      expect(await queues.state('states', jobId(job))).toBe('active');
      expect(await queues.depth('states')).toEqual({ waiting: 0, prioritized: 0, active: 1 });
      hold.open();
      await consumer.close();
      expect(await queues.state('states', jobId(job))).toBe('missing');
      // The id may come again: what is missing is sent again.
      await queues.send([job]);
      expect(await queues.state('states', jobId(job))).toBe('waiting');
      expect(await take('states', 1)).toEqual([job]);
    });

    it('gives the urgent first, and the older first among equals', async () => {
      const jobs = [3, 9, 5, 10, 1, 9].map((priority) => jobOf('order', { priority }));
      await queues.send(jobs);
      const taken = await take('order', jobs.length);
      expect(taken.map(({ priority }) => priority)).toEqual([10, 9, 9, 5, 3, 1]);
      expect(taken.slice(1, 3)).toEqual([jobs[1], jobs[5]]);
    });

    it('runs as many at once as there are slots, and each job once among several consumers', async () => {
      const jobs = Array.from({ length: 60 }, () => jobOf('many'));
      let now = 0;
      let most = 0;
      const seen: string[] = [];
      const done = gate();
      const work = async (job: TaskJob) => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setImmediate(resolve));
        now--;
        seen.push(job.taskRequestId);
        if (seen.length === jobs.length) done.open();
      };
      const consumers = [await consume('many', 3, work), await consume('many', 3, work)];
      await queues.send(jobs);
      await done.opened;
      await Promise.all(consumers.map((consumer) => consumer.close()));
      expect([...seen].sort()).toEqual(jobs.map((job) => job.taskRequestId).sort());
      expect(most).toBeLessThanOrEqual(6);
      expect(most).toBeGreaterThan(1);
    });

    it('removes a job whose work throws, and does not run it again', async () => {
      const job = jobOf('throws');
      let runs = 0;
      const second = gate();
      const consumer = await consume('throws', 1, async ({ taskId }) => {
        if (taskId !== job.taskId) return second.open();
        runs++;
        throw new Error('as asked');
      });
      await queues.send([job]);
      await queues.send([jobOf('throws')]);
      await second.opened;
      await consumer.close();
      expect(runs).toBe(1);
      expect(await queues.state('throws', jobId(job))).toBe('missing');
    });

    it('drains: what runs ends, what waits stays', async () => {
      const [first, second] = [jobOf('drain'), jobOf('drain')];
      const begun = gate();
      const hold = gate();
      let ended = 0;
      const consumer = await consume('drain', 1, async () => {
        begun.open();
        await hold.opened;
        ended++;
      });
      await queues.send([first, second]);
      await begun.opened;
      const drained = consumer.close();
      hold.open();
      await drained;
      expect(ended).toBe(1);
      expect(await queues.depth('drain')).toEqual({ waiting: 0, prioritized: 1, active: 0 });
      expect(await take('drain', 1)).toEqual([second]);
    });

    it('takes a job of 16 MB', async () => {
      const inputs = Object.fromEntries(Array.from({ length: 260 }, (_, i) => [`parent-${i}`, 'x'.repeat(63 * 1024)]));
      const job = jobOf('large', { inputs });
      await queues.send([job]);
      const [taken] = await take('large', 1);
      expect(JSON.stringify(taken) === JSON.stringify(job)).toBe(true);
    });

    const consume = (type: string, slots: number, work: (job: TaskJob) => Promise<void>) =>
      takeJobs(opened.backend, type, slots, work, (error) => faults.push(error));

    /** Takes this number of jobs, one after another. */
    async function take(type: string, count: number): Promise<TaskJob[]> {
      const taken: TaskJob[] = [];
      const done = gate();
      const consumer = await consume(type, 1, async (job) => {
        taken.push(job);
        if (taken.length === count) done.open();
      });
      await done.opened;
      await consumer.close();
      return taken;
    }
  });
}

/** Something to wait for that a test opens itself. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
