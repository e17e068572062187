import {
  createRedisBackend,
  FlowProducer,
  Queue,
  Worker,
  type Job,
  type Processor,
  type QueueOptions,
  type WorkerOptions,
} from 'bullmq';
import pg from 'pg';
import type { Backend } from './backend.js';
import type { TaskJob } from './messages.js';
import { createRecoveringBackend } from './recovering-backend.js';
import { LONGEST_BLOCK_S } from './redis-connection.js';

/** A job as text: PostgreSQL's jsonb would reorder the keys of the inputs. */
export interface JobData {
  readonly job: string;
}

/** A job as BullMQ hands it to a processor. */
export type QueuedJob = Job<JobData>;

/** The task job that a queued job carries. */
export function taskJobOf(job: QueuedJob): TaskJob {
  return JSON.parse(job.data.job) as TaskJob;
}

/** The name of a task type's queue. */
export function queueName(type: string): string {
  return `task-${type}`;
}

/** BullMQ's queue, on the backend that its connection belongs to. */
export class BackendQueue extends Queue<JobData> {
  private flows: FlowProducer | undefined;

  constructor(name: string, options: QueueOptions) {
    super(name, options, backendFactoryOf(options.connection));
  }

  /**
   * On PostgreSQL each job as a flow of one: BullMQ's own statement makes two temporary tables at each call. One job takes 0.55 ms of
   * PostgreSQL's CPU this way and 4.3 that way, and 256 jobs the same.
   */
  override async addBulk(jobs: Parameters<Queue<JobData>['addBulk']>[0]): ReturnType<Queue<JobData>['addBulk']> {
    if (!(this.opts.connection instanceof pg.Pool)) return super.addBulk(jobs);
    this.flows ??= new FlowProducer(this.opts, backendFactoryOf(this.opts.connection)).on('error', (error) => {
      this.emit('error', error);
    });
    const added = await this.flows.addBulk(
      jobs.map(({ name, data, opts }) => ({ name, data, opts: { ...this.jobsOpts, ...opts }, queueName: this.name })),
    );
    return added.map(({ job }) => job);
  }

  override async close(): Promise<void> {
    await this.flows?.close();
    await super.close();
  }
}

/** BullMQ's worker, on the backend that its connection belongs to. */
export class BackendWorker extends Worker<JobData> {
  constructor(name: string, processor: Processor<JobData>, options: WorkerOptions) {
    super(
      name,
      processor,
      { drainDelay: longestWaitOf(options.connection), ...options, ...apart(options) },
      backendFactoryOf(options.connection),
    );
  }

  /**
   * On PostgreSQL takes no more jobs, and closes when it is ready: a worker that gets ready once it is closed takes a connection from
   * the pool, and the pool could never end.
   */
  override async close(force?: boolean): Promise<void> {
    if (this.opts.connection instanceof pg.Pool) {
      await this.pause(true);
      await this.waitUntilReady().catch(() => undefined);
    }
    await super.close(force);
  }
}

/** BullMQ's options for every queue and worker on this backend: one try per job, and no job outlives its end. */
export function queueOptionsOf(backend: Backend): QueueOptions {
  const defaultJobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true };
  if (backend.kind === 'postgres') return { connection: backend.pool as never, defaultJobOptions };
  return { connection: backend.redis, prefix: backend.prefix, defaultJobOptions };
}

/**
 * BullMQ's options for every processor. It starts when the app says so, and a stalled job is never run again: leases in
 * PostgreSQL decide that. The locks only bound how long the job of a dead worker is shown as active: each type has a queue that is looked at
 * for them, so that a short interval is what an idle worker mostly does.
 */
export const PROCESSOR_OPTIONS = {
  autorun: false,
  maxStalledCount: 0,
  lockDuration: 10_000,
  stalledInterval: 30_000,
} as const;

/**
 * How long a worker waits before it asks although nothing woke it, s. A job wakes it: a marker in Redis, NOTIFY in PostgreSQL. In Redis it
 * blocks, and must ask before its connection counts as dead. In PostgreSQL the pool finds a connection that swallows bytes by its own pings, and
 * a new one wakes the worker.
 */
function longestWaitOf(connection: unknown): number {
  return connection instanceof pg.Pool ? 300 : LONGEST_BLOCK_S;
}

/** Intervals that differ by up to a tenth: the looks of all types at once would open ten connections to PostgreSQL each time. */
function apart({ stalledInterval }: WorkerOptions): Partial<WorkerOptions> {
  return stalledInterval === undefined
    ? {}
    : { stalledInterval: Math.round(stalledInterval * (1 + Math.random() / 10)) };
}

function backendFactoryOf(connection: unknown): never {
  return (connection instanceof pg.Pool ? createRecoveringBackend : createRedisBackend) as never;
}
