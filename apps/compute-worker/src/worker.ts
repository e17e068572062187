import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { failpoint, type Logger } from '#libs/platform';
import {
  jobId,
  type Consumer,
  type Control,
  type HeldAttempt,
  type StatusChannel,
  type TaskJob,
  type TaskQueues,
} from '#libs/queues';
import { Intake } from './intake.js';
import type { JobSecrets } from './job-secrets.js';
import { startRun, type Run, type RunContext, type StopReason } from './run-job.js';

const HEARTBEAT_MS = 2_000;
/** Without an answer to a heartbeat for this long (the lease of 15 s less 5 s) the worker stops its own work, ms. */
const FENCE_MS = 10_000;
const REPORT_RETRY_MS = 1_000;

export interface WorkerOptions {
  readonly slots: Readonly<Record<string, number>>;
  readonly dataRoot: string;
  readonly artifactRoot: string;
  readonly secrets: JobSecrets;
  /** How long runs may go on after a stop was asked for, ms. */
  readonly drainMs: number;
}

/**
 * One queue processor per task type. A job ends only when its report is stored. One heartbeat for the whole process
 * names what it runs; the answer names what to stop, and without answers the worker stops by itself, since its tasks
 * are being given to others. Durations are by the monotonic clock.
 */
export class Worker {
  readonly id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  private readonly runs = new Map<string, Run>();
  private readonly intake: Intake;
  private consumers: Consumer[] = [];
  private heartbeat: NodeJS.Timeout | undefined;
  private seq = 0;
  private answered = performance.now();
  private stopping = false;
  /** Until when a report that could not be stored is tried again. */
  private reportsUntil = Infinity;

  constructor(
    private readonly queues: TaskQueues,
    private readonly channel: StatusChannel,
    private readonly options: WorkerOptions,
    private readonly logger: Logger,
  ) {
    this.intake = new Intake(options.slots, queues);
  }

  async start(): Promise<void> {
    await this.channel.subscribe((text) => this.onControl(text));
    await this.beat();
    this.heartbeat = setInterval(() => void this.beat(), HEARTBEAT_MS);
    this.consumers = Object.entries(this.options.slots).map(([type, slots]) =>
      this.queues.consume(type, slots, (job) => this.process(job)),
    );
  }

  /** Takes no more jobs, lets runs end for `drainMs`, then hands the rest back. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.reportsUntil = performance.now() + this.options.drainMs;
    const drained = Promise.all(this.consumers.map((consumer) => consumer.drain()));
    const deadline = setTimeout(() => this.stopAll('shutdown'), this.options.drainMs);
    await drained;
    clearTimeout(deadline);
    clearInterval(this.heartbeat);
  }

  /** Milliseconds since a listener last answered. */
  unansweredMs(): number {
    return performance.now() - this.answered;
  }

  /** Task types of which jobs wait for long although slots are free: what liveness looks at. */
  async stuckTypes(): Promise<string[]> {
    return this.stopping ? [] : this.intake.stuck();
  }

  get running(): number {
    return this.runs.size;
  }

  private async process(job: TaskJob): Promise<void> {
    const id = jobId(job);
    if (this.runs.has(id)) return; // The same job twice in one worker: the first run speaks for both.
    await failpoint('worker.afterTake');
    const surroundings: RunContext = {
      workerId: this.id,
      dataRoot: this.options.dataRoot,
      artifactRoot: this.options.artifactRoot,
      logger: this.logger,
      secrets: this.options.secrets,
      note: (note) => void this.channel.publish('notes', note).catch(() => undefined),
    };
    const run = startRun(job, surroundings);
    this.runs.set(id, run);
    const left = this.intake.took(job.taskType);
    try {
      const report = await run.ended;
      if (report !== null) {
        await failpoint('worker.beforePublish');
        await this.report(report);
        await failpoint('worker.afterPublish');
      }
    } finally {
      this.runs.delete(id);
      left();
    }
  }

  /** Until it is stored, or runs would be handed back: the heartbeat keeps the task's lease meanwhile. */
  private async report(report: object): Promise<void> {
    for (;;) {
      try {
        await this.channel.publish('done', report);
        return;
      } catch (error) {
        this.logger.warn({ err: error }, 'a report could not be stored and is tried again');
        if (performance.now() > this.reportsUntil) return;
        await new Promise((resolve) => setTimeout(resolve, REPORT_RETRY_MS));
      }
    }
  }

  private async beat(): Promise<void> {
    if (this.unansweredMs() > FENCE_MS && this.runs.size > 0) {
      this.logger.warn({ runs: this.runs.size }, 'no listener has answered for too long: stopping what runs here');
      this.stopAll('fenced');
    }
    const tasks: HeldAttempt[] = [...this.runs.values()].map(({ ref }) => ({
      taskRequestId: ref.taskRequestId,
      attempt: ref.attempt,
      runId: ref.runId,
    }));
    const beat = { kind: 'heartbeat', workerId: this.id, seq: ++this.seq, slots: this.options.slots, tasks };
    await this.channel.publish('beats', beat).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'a heartbeat could not be sent');
    });
  }

  private onControl(text: string): void {
    let control: Control;
    try {
      control = JSON.parse(text) as Control;
    } catch {
      return;
    }
    if (control.kind === 'stop') return this.stopRuns(control.tasks);
    if (control.workerId !== this.id) return;
    this.answered = performance.now();
  }

  private stopRuns(tasks: readonly HeldAttempt[]): void {
    for (const task of tasks) {
      const run = this.runs.get(jobId(task));
      // Another worker's run of the same attempt may be the one that does not count.
      if (run !== undefined && (task.runId === undefined || task.runId === run.ref.runId)) run.stop('cancelled');
    }
  }

  private stopAll(reason: StopReason): void {
    for (const run of this.runs.values()) run.stop(reason);
  }
}
