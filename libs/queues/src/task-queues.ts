import { createPostgresBackend, createRedisBackend, withBackend } from 'bullmq';
import type { Job, Queue, Worker } from 'bullmq';
import { jobId, type TaskJob } from './messages.js';
import type { Backend } from './backend.js';

/** Where a job is: `missing` was never sent, is finished, or was lost with the queue. */
export type JobState = 'waiting' | 'active' | 'missing';

/** A job as text: PostgreSQL's jsonb would put the inputs' keys in an order of its own. */
interface JobData {
  readonly job: string;
}

/** An outage makes every queue and worker complain many times a second: one line tells it as well, ms. */
const QUIET_MS = 10_000;

/** What goes to the queue in one call at most, unless one job alone is larger. */
const BULK_JOBS = 500;
const BULK_CHARACTERS = 8 * 1024 * 1024;

/** Cuts a list into parts that are small enough to send. */
export function inBulks<T>(items: readonly T[], lengthOf: (item: T) => number): T[][] {
  const bulks: T[][] = [];
  let left = 0;
  for (const item of items) {
    left -= lengthOf(item);
    const bulk = bulks.at(-1);
    if (bulk !== undefined && bulk.length < BULK_JOBS && left >= 0) bulk.push(item);
    else {
      bulks.push([item]);
      left = BULK_CHARACTERS - lengthOf(item);
    }
  }
  return bulks;
}

/** Takes jobs of one task type until closed. */
export interface Consumer {
  /** Takes no more jobs and waits for those it has. */
  drain(): Promise<void>;
  /** Lets go of everything now. */
  close(): Promise<void>;
}

/**
 * BullMQ as a priority queue with locks and nothing more: one queue per task type, one try per job, no recovery of
 * stalled jobs (PostgreSQL's leases do that), jobs removed when finished.
 */
export class TaskQueues {
  private heard = -Infinity;
  private unheard = 0;
  private readonly queues = new Map<string, Queue<JobData>>();

  constructor(
    private readonly backend: Backend,
    /** Hears of faults of the queue: of all within ten seconds one, with how many went unheard before it. */
    private readonly onError: (error: Error, unheard: number) => void,
  ) {}

  /** Sends jobs in bulk, those of a type one bulk after another. A job whose id is already there is ignored. */
  async send(jobs: readonly TaskJob[]): Promise<void> {
    const byType = new Map<string, TaskJob[]>();
    for (const job of jobs) {
      const list = byType.get(job.taskType);
      if (list === undefined) byType.set(job.taskType, [job]);
      else list.push(job);
    }
    await Promise.all([...byType].map(([type, list]) => this.sendBulks(type, list)));
  }

  async state(type: string, id: string): Promise<JobState> {
    const state = await this.queue(type).getJobState(id);
    if (state === 'active') return 'active';
    return state === 'waiting' || state === 'prioritized' || state === 'delayed' ? 'waiting' : 'missing';
  }

  /** Jobs of the type by where they are. Those with a priority, as all of ours, wait in `prioritized`. */
  async depth(type: string): Promise<{ waiting: number; prioritized: number; active: number }> {
    const {
      waiting = 0,
      prioritized = 0,
      active = 0,
    } = await this.queue(type).getJobCounts('waiting', 'prioritized', 'active');
    return { waiting, prioritized, active };
  }

  /** Runs `work` for each job of the type, `slots` at once. The job is removed when `work` ends, however it ends. */
  consume(type: string, slots: number, work: (job: TaskJob) => Promise<void>): Consumer {
    const worker = this.makeWorker(type, slots, async (job) => work(JSON.parse(job.data.job) as TaskJob));
    worker.on('error', this.hear);
    return {
      drain: () => worker.close(false),
      close: () => worker.close(true),
    };
  }

  /** The queue of a type, for who shows what lies in it. */
  toShow(type: string): Queue<JobData> {
    return this.queue(type);
  }

  async close(): Promise<void> {
    await Promise.all([...this.queues.values()].map((queue) => queue.close()));
  }

  private async sendBulks(type: string, jobs: readonly TaskJob[]): Promise<void> {
    const written = jobs.map((job) => ({
      name: type,
      data: { job: JSON.stringify(job) },
      opts: { jobId: jobId(job), priority: 11 - job.priority },
    }));
    for (const bulk of inBulks(written, ({ data }) => data.job.length)) await this.queue(type).addBulk(bulk);
  }

  private readonly hear = (error: Error): void => {
    const now = performance.now();
    if (now - this.heard < QUIET_MS) {
      this.unheard++;
      return;
    }
    this.heard = now;
    this.onError(error, this.unheard);
    this.unheard = 0;
  };

  private queue(type: string): Queue<JobData> {
    let queue = this.queues.get(type);
    if (queue === undefined) {
      queue = this.makeQueue(type);
      queue.on('error', this.hear);
      this.queues.set(type, queue);
    }
    return queue;
  }

  private makeQueue(type: string): Queue<JobData> {
    const { backend } = this;
    const defaultJobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true };
    if (backend.kind === 'redis') {
      const { Queue } = withBackend(createRedisBackend);
      return new Queue<JobData>(queueName(type), {
        connection: backend.redis,
        prefix: backend.prefix,
        defaultJobOptions,
      }) as never;
    }
    const { Queue } = withBackend(createPostgresBackend);
    return new Queue<JobData>(queueName(type), { connection: backend.pool as never, defaultJobOptions }) as never;
  }

  private makeWorker(type: string, concurrency: number, work: (job: Job<JobData>) => Promise<void>): Worker<JobData> {
    const { backend } = this;
    // Locks decide nothing, leases in PostgreSQL do: they only bound how long the job of a dead worker is shown.
    const options = { concurrency, maxStalledCount: 0, lockDuration: 10_000, stalledInterval: 5_000 };
    if (backend.kind === 'redis') {
      const { Worker } = withBackend(createRedisBackend);
      return new Worker<JobData>(queueName(type), work as never, {
        connection: backend.redis,
        prefix: backend.prefix,
        ...options,
      }) as never;
    }
    const { Worker } = withBackend(createPostgresBackend);
    return new Worker<JobData>(queueName(type), work as never, {
      connection: backend.pool as never,
      ...options,
    }) as never;
  }
}

function queueName(type: string): string {
  return `task-${type}`;
}
