import { Inject, Injectable } from '@nestjs/common';
import { failpoint, LOGGER, type Logger } from '#libs/platform';
import { jobId, LANE, STATUS_CHANNEL, type HeldAttempt, type StatusChannel, type TaskJob } from '#libs/queues';
import { JobSecrets } from '../secrets/job-secrets.js';
import { WORKER_SETTINGS, type WorkerSettings } from '../worker-settings.js';
import { Intake } from './intake.js';
import { startRun, type Run, type RunContext, type StopReason } from './run-job.js';

const REPORT_RETRY_MS = 1_000;

/** Runs jobs and reports their ends. A job ends only when its report is stored. */
@Injectable()
export class JobRunner {
  private readonly runs = new Map<string, Run>();
  /** Until when a report that could not be stored is retried. */
  private reportsUntil = Infinity;
  private readonly context: RunContext;

  constructor(
    @Inject(WORKER_SETTINGS) { id, dataRoot, artifactRoot, callsToPrivate, scripts, runners }: WorkerSettings,
    @Inject(STATUS_CHANNEL) private readonly channel: StatusChannel,
    private readonly intake: Intake,
    secrets: JobSecrets,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const note: RunContext['note'] = (message) => void channel.publish(LANE.progress, message).catch(() => undefined);
    this.context = { workerId: id, dataRoot, artifactRoot, callsToPrivate, scripts, runners, logger, secrets, note };
  }

  /** Tasks that run now. */
  get running(): number {
    return this.runs.size;
  }

  /** The attempts that run now. */
  held(): HeldAttempt[] {
    return [...this.runs.values()].map(({ ref }) => ({
      taskRequestId: ref.taskRequestId,
      attempt: ref.attempt,
      runId: ref.runId,
    }));
  }

  async process(job: TaskJob): Promise<void> {
    const id = jobId(job);
    if (this.runs.has(id)) return; // The same job twice in one worker: the first run reports for both.
    await failpoint('worker.afterTake');
    const run = startRun(job, this.context);
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
