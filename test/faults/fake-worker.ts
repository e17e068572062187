import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { jobId, type AttemptRef, type DoneReport, type TaskJob } from '#libs/queues';
import { takeJobs } from '#libs/testing';
import type { System } from './system.js';

/**
 * The slots of each of its consumers: BullMQ fetches jobs one after another until all slots of a consumer are full, before
 * it begins the first of them.
 */
const SLOTS_EACH = 100;

/** Takes jobs as a worker does and says of them what a test wants, when it wants. */
export class FakeWorker {
  readonly id = `fake-${randomUUID()}`;
  /** Every job in the order in which it came. */
  readonly jobs: TaskJob[] = [];
  /** Called with each job as it comes. */
  onJob: (job: TaskJob) => void = () => undefined;
  private readonly running = new Map<string, { readonly ref: AttemptRef; readonly end: () => void }>();
  private consumers: readonly Awaited<ReturnType<typeof takeJobs>>[] = [];
  private readonly timer: NodeJS.Timeout;
  private seq = 0;

  private constructor(
    private readonly system: System,
    private readonly slots: number,
  ) {
    this.timer = setInterval(() => void this.beat().catch(() => undefined), 1_000);
  }

  /** `slots`: how many tasks it claims to run at once, a multiple of 100. */
  static async start(system: System, slots: number): Promise<FakeWorker> {
    const worker = new FakeWorker(system, slots);
    worker.consumers = await Promise.all(
      Array.from({ length: Math.ceil(slots / SLOTS_EACH) }, () =>
        takeJobs(system.backend, 'diagnostic', SLOTS_EACH, (job) => worker.take(job)),
      ),
    );
    await worker.beat();
    return worker;
  }

  /** The report of a job's success, or with `error` of its failure. */
  reportOf(job: TaskJob, outcome: { result: unknown } | { error: string }, runId: string = randomUUID()): DoneReport {
    const { chainId, taskId, taskRequestId, attempt } = job;
    const run = { chainId, taskId, taskRequestId, attempt, runId, workerId: this.id, elapsedMs: 1 };
    return 'result' in outcome
      ? { ...run, kind: 'succeeded', result: outcome.result, artifacts: [] }
      : { ...run, kind: 'failed', error: { code: outcome.error, message: 'as asked' }, retryable: false };
  }

  /** As a worker does: until it is stored. */
  async publish(report: DoneReport): Promise<void> {
    for (let stored = false; !stored;) {
      stored = await this.system.channel.publish('done', report).then(
        () => true,
        () => delay(1_000, false),
      );
    }
    const id = jobId(report);
    this.running.get(id)?.end();
    this.running.delete(id);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    for (const { end } of this.running.values()) end();
    await Promise.all(this.consumers.map((consumer) => consumer.close()));
  }

  private async take(job: TaskJob): Promise<void> {
    const ref = { taskRequestId: job.taskRequestId, attempt: job.attempt };
    const ended = new Promise<void>((end) => this.running.set(jobId(job), { ref, end }));
    this.jobs.push(job);
    this.onJob(job);
    await ended;
  }

  private async beat(): Promise<void> {
    const tasks = [...this.running.values()].map(({ ref }) => ref);
    const beat = { kind: 'heartbeat', workerId: this.id, seq: ++this.seq, slots: { diagnostic: this.slots }, tasks };
    await this.system.channel.publish('notes', beat);
  }
}
