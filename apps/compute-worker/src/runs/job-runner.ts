import { Inject, Injectable } from '@nestjs/common';
import { isAtSites } from '#libs/compute';
import { failpoint, LOGGER, type Logger } from '#libs/platform';
import { jobId, LANE, STATUS_CHANNEL, type HeldAttempt, type StatusChannel, type TaskJob } from '#libs/queues';
import { SiteRuns } from '../nodes/site-runs.js';
import { JobSecrets } from '../secrets/job-secrets.js';
import { WORKER_SETTINGS, type WorkerSettings } from '../worker-settings.js';
import { Intake } from './intake.js';
import { RemoteSlots } from './remote-slots.js';
import { startRun, type Run, type RunContext, type StopReason } from './run-job.js';

const REPORT_RETRY_MS = 1_000;

/** Runs jobs and reports their ends. A job ends only when its report is stored. */
@Injectable()
export class JobRunner {
  private readonly runs = new Map<string, Run>();
  /** Until when a report that could not be stored is retried. */
  private reportsUntil = Infinity;
  private readonly context: RunContext;
  /** Runs that hold no slot of their type. */
  private readonly apart = new Set<Promise<void>>();
  private readonly remote: RemoteSlots;
  private readonly ownSlots: WorkerSettings['slots'];

  constructor(
    @Inject(WORKER_SETTINGS) settings: WorkerSettings,
    @Inject(STATUS_CHANNEL) private readonly channel: StatusChannel,
    private readonly intake: Intake,
    secrets: JobSecrets,
    sites: SiteRuns,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const note: RunContext['note'] = (message) => void channel.publish(LANE.progress, message).catch(() => undefined);
    const { id, dataRoot, artifactRoot, callsToPrivate, scripts, runners } = settings;
    this.ownSlots = settings.slots;
    this.remote = new RemoteSlots(settings.remoteSlots);
    this.context = {
      workerId: id,
      dataRoot,
      artifactRoot,
      callsToPrivate,
      scripts,
      runners,
      logger,
      secrets,
      sites,
      note,
    };
  }

  /** Tasks that run now. */
  get running(): number {
    return this.runs.size;
  }

  /** Tasks that run at once, by type: as many as there are slots, and those that hold none. */
  get slots(): Readonly<Record<string, number>> {
    const waiting = this.remote.byType;
    return Object.fromEntries(
      Object.entries(this.ownSlots).map(([type, slots]) => [type, slots + (waiting[type] ?? 0)]),
    );
  }

  /** The attempts that run now. */
  held(): HeldAttempt[] {
    return [...this.runs.values()].map(({ ref }) => ({
      taskRequestId: ref.taskRequestId,
      attempt: ref.attempt,
      runId: ref.runId,
    }));
  }

  /** Resolves once the job may leave its slot: the report of its run is stored, or it only waits for sites or what runs elsewhere. */
  async process(job: TaskJob): Promise<void> {
    const id = jobId(job);
    if (this.runs.has(id)) return; // The same job twice in one worker: the first run reports for both.
    const left = this.intake.took(job.taskType);
    let leave = (): void => undefined;
    const isLeft = new Promise<void>((resolve) => (leave = resolve));
    if (isAtSites(job.params)) leave();
    const run = {};
    const work = this.work(job, id, () => this.remote.ask(run, job.taskType, leave)).finally(() =>
      this.remote.leave(run),
    );
    try {
      await Promise.race([work, isLeft]);
    } finally {
      left();
    }
    const apart = work.catch((error: unknown) => this.logger.error({ err: error }, 'a run without a slot broke'));
    this.apart.add(apart);
    void apart.finally(() => this.apart.delete(apart));
  }

  /** Leaves the offers that wait to other workers; resolves once all other runs that hold no slot have ended. */
  async drainApart(): Promise<void> {
    for (const run of this.runs.values()) if (run.isOffered()) run.stop('shutdown');
    await Promise.all(this.apart);
  }

  private async work(job: TaskJob, id: string, waits: () => void): Promise<void> {
    await failpoint('worker.afterTake');
    const run = startRun(job, this.context, waits);
    this.runs.set(id, run);
    try {
      const report = await run.ended;
      if (report !== null) {
        await failpoint('worker.beforePublish');
        await this.report(report);
        await failpoint('worker.afterPublish');
      }
    } finally {
      this.runs.delete(id);
    }
  }

  /** Stops the runs of these attempts. Without a run id: whichever run the attempt has here. */
  stop(tasks: readonly HeldAttempt[]): void {
    for (const task of tasks) {
      const run = this.runs.get(jobId(task));
      // It may be another worker's run of the same attempt that does not count.
      if (run !== undefined && (task.runId === undefined || task.runId === run.ref.runId)) run.stop('cancelled');
    }
  }

  stopAll(reason: StopReason): void {
    for (const run of this.runs.values()) run.stop(reason);
  }

  /** From now on, a report that cannot be stored is given up after this time, ms. */
  giveUpReportsAfter(ms: number): void {
    this.reportsUntil = performance.now() + ms;
  }

  /** Retries until the report is stored or given up: meanwhile the heartbeat keeps the task's lease. */
  private async report(report: object): Promise<void> {
    for (;;) {
      try {
        await this.channel.publish(LANE.done, report);
        return;
      } catch (error) {
        this.logger.warn({ err: error }, 'a report could not be stored and is tried again');
        if (performance.now() > this.reportsUntil) return;
        await new Promise((resolve) => setTimeout(resolve, REPORT_RETRY_MS));
      }
    }
  }
}
