import type { OnApplicationShutdown } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { jobId, type TaskJob } from './messages.js';
import { queueName, type JobData } from './task-queue.js';

/** The state of a job: `missing` was never sent, is finished, or was lost with the queue. */
export type JobState = 'waiting' | 'active' | 'missing';

/** The most that goes to the queue in one call, unless one job alone is larger. */
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

/**
 * BullMQ as a priority queue with locks and nothing more: one queue per task type, one try per job, no recovery of
 * stalled jobs (PostgreSQL's leases do that), jobs removed when finished.
 */
export class TaskQueues implements OnApplicationShutdown {
  private readonly queues: Map<string, Queue<JobData>>;
  private readonly added: Queue<JobData>[] = [];

  constructor(
    registered: readonly Queue<JobData>[],
    /** Opens the queue of a type that was not registered: workers of a later release may run types unknown here. */
    private readonly open: (type: string) => Queue<JobData>,
    private readonly onError: (error: Error) => void,
  ) {
    for (const queue of registered) queue.on('error', onError);
    this.queues = new Map(registered.map((queue) => [queue.name, queue]));
  }

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

  /** The queue of a type, for a board that shows what it holds. */
  queue(type: string): Queue<JobData> {
    const name = queueName(type);
    let queue = this.queues.get(name);
    if (queue === undefined) {
      queue = this.open(type).on('error', this.onError);
      this.queues.set(name, queue);
      this.added.push(queue);
    }
    return queue;
  }

  /** Closes what was opened here; @nestjs/bullmq closes the registered queues. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.added.map((queue) => queue.close()));
  }

  private async sendBulks(type: string, jobs: readonly TaskJob[]): Promise<void> {
    const written = jobs.map((job) => ({
      name: type,
      data: { job: JSON.stringify(job) },
      opts: { jobId: jobId(job), priority: 11 - job.priority },
    }));
    for (const bulk of inBulks(written, ({ data }) => data.job.length)) await this.queue(type).addBulk(bulk);
  }
}
