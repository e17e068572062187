import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DEFAULT_TENANT } from '#libs/chain-domain';
import { placesOf, runTask, TaskFailure } from '#libs/compute';
import type { TaskParams } from '#libs/compute';
import type { Logger } from '#libs/platform';
import type { DoneReport, Note, RunRef, TaskJob } from '#libs/queues';
import type { JobSecrets } from './job-secrets.js';
import { failed, SpanKind, spanIdOfRun, startSpan, traceIds, traceparentOf, within } from '#libs/tracing';

/** A start is reported only for runs that last longer; the end of a shorter one tells it too, ms. */
const REPORT_START_AFTER_MS = 50;
const PROGRESS_EVERY_MS = 250;
const LOGS_EVERY_MS = 250;

/** Why a run is stopped. Only a time-out is the run's own end; after the others another attempt, or nobody, goes on. */
export type StopReason = 'cancelled' | 'fenced' | 'shutdown';

/** Where the run lives and how it speaks. */
export interface RunSurroundings {
  readonly workerId: string;
  readonly dataRoot: string;
  readonly artifactRoot: string;
  readonly logger: Logger;
  readonly secrets: JobSecrets;
  /** Best effort. */
  readonly note: (note: Note) => void;
}

/** A run under way. */
export interface Run {
  readonly ref: RunRef;
  stop(reason: StopReason): void;
  /** What to report of its end; null when nobody waits for it any more. Never rejects. */
  readonly ended: Promise<DoneReport | null>;
}

/** Where a tenant's parties have their folders: those of the default one lie where they did before there were tenants. */
function tenantRoot(dataRoot: string, tenant = DEFAULT_TENANT): string {
  // No party is called so: a name of theirs begins with a letter.
  return tenant === DEFAULT_TENANT ? dataRoot : join(dataRoot, `@${tenant}`);
}

/** Starts a job: a run of its own id, with its time-out, throttled progress and gathered log lines. */
export function startRun(job: TaskJob, around: RunSurroundings): Run {
  const { chainId, taskId, taskRequestId, attempt } = job;
  const runId = randomUUID();
  const span = startSpan(`run ${job.taskType}`, {
    kind: SpanKind.CONSUMER,
    parent: job.traceparent,
    links: job.follows,
    spanId: spanIdOfRun(runId),
    attributes: {
      ...(job.tenant !== undefined && { 'taskchain.tenant': job.tenant }),
      'taskchain.chain.id': chainId,
      'taskchain.task.id': taskId,
      'taskchain.task.attempt': attempt,
      'taskchain.task.type': job.taskType,
      'taskchain.run.id': runId,
      'taskchain.worker.id': around.workerId,
    },
  });
  const traceparent = span === undefined ? job.traceparent : traceparentOf(span);
  const ids = { chain_id: chainId, task_id: taskId, attempt, run_id: runId };
  const named = { ...(job.tenant !== undefined && { tenant: job.tenant }), ...ids, ...traceIds(traceparent) };
  const ref: RunRef = { chainId, taskId, taskRequestId, attempt, runId, workerId: around.workerId, traceparent };
  const began = performance.now();
  const elapsed = (): number => performance.now() - began;
  const abort = new AbortController();
  let stopped: StopReason | 'timeout' | undefined;
  const stop = (reason: StopReason | 'timeout'): void => {
    stopped ??= reason;
    abort.abort(new Error(`the run was stopped: ${reason}`));
  };
  const notes = new RunNotes(ref, around.note);
  const start = setTimeout(() => around.note({ ...ref, kind: 'started', elapsedMs: elapsed() }), REPORT_START_AFTER_MS);
  const limit = job.timeoutMs === null ? undefined : setTimeout(() => stop('timeout'), job.timeoutMs);

  const ended = within(span, async (): Promise<DoneReport | null> => {
    let report: DoneReport;
    let hide = <T>(value: T): T => value;
    try {
      const opened = await around.secrets.open(job);
      ({ hide } = opened);
      const { result, artifacts } = await runTask(job.taskType, {
        chainId,
        taskId,
        attempt,
        params: opened.params as TaskParams,
        inputs: job.inputs as never,
        dataRoot: tenantRoot(around.dataRoot, job.tenant),
        artifactRoot: around.artifactRoot,
        signal: abort.signal,
        progress: (fraction, stage) => notes.progress(fraction, hide(stage)),
        log: (level, message) => notes.log(level, hide(message)),
      });
      report = { ...ref, kind: 'succeeded', elapsedMs: elapsed(), result: hide(result), artifacts: hide(artifacts) };
    } catch (error) {
      report = { ...ref, kind: 'failed', elapsedMs: elapsed(), ...hide(failureOf(error)) };
      if (stopped === undefined && !(error instanceof TaskFailure)) {
        const { name, code, places } = placesOf(error);
        around.logger.error({ ...named, error: name, code, places }, 'a task ended with an unforeseen error');
      }
    } finally {
      clearTimeout(start);
      clearTimeout(limit);
    }
    if (stopped !== undefined) span?.setAttribute('taskchain.run.stopped', stopped);
    if (stopped === 'timeout') {
      const message = `the task ran longer than its ${job.timeoutMs! / 1000} s: raise its timeout or give it less to do`;
      report = {
        ...ref,
        kind: 'failed',
        elapsedMs: elapsed(),
        error: { code: 'TIMEOUT_RUN', message },
        retryable: true,
      };
    } else if (stopped === 'shutdown') {
      report = { ...ref, kind: 'released', elapsedMs: elapsed() };
    } else if (stopped !== undefined) {
      notes.flush();
      return null;
    }
    const ms = Math.round(report.elapsedMs);
    if (report.kind !== 'failed') around.logger.debug({ ...named, outcome: report.kind, ms }, 'a run ended');
    else {
      around.logger.info({ ...named, outcome: report.kind, code: report.error.code, ms }, 'a run ended');
      failed(span, report.error.code);
      notes.log('error', `${report.error.code}: ${report.error.message}`);
    }
    notes.flush();
    return report;
  }).finally(() => span?.end());
  return { ref, stop, ended };
}

function failureOf(error: unknown): Pick<Extract<DoneReport, { kind: 'failed' }>, 'error' | 'retryable'> {
  if (error instanceof TaskFailure) {
    const { code, message, details, retryable } = error;
    return { error: { code, message, details }, retryable };
  }
  const { name } = placesOf(error);
  // The text of an unforeseen error may hold data: it stays in the worker.
  return {
    error: { code: 'TASK_ERROR', message: `the task ended with an unforeseen ${name}: see its worker's log` },
    retryable: true,
  };
}

/** A run's progress, at most a few a second and always the last one, and its log lines in bundles. */
class RunNotes {
  private lastProgress = -Infinity;
  private lines: { atMs: number; level: string; message: string }[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly ref: RunRef,
    private readonly note: (note: Note) => void,
  ) {}

  progress(fraction: number, stage: string): void {
    const now = performance.now();
    if (now - this.lastProgress < PROGRESS_EVERY_MS && fraction < 1) return;
    this.lastProgress = now;
    const { taskRequestId, attempt } = this.ref;
    const within = Math.min(1, Math.max(0, Number.isFinite(fraction) ? fraction : 0));
    this.note({ kind: 'progress', taskRequestId, attempt, fraction: within, stage: stage.slice(0, 128) || 'working' });
  }

  log(level: string, message: string): void {
    this.lines.push({ atMs: Date.now(), level, message: message.slice(0, 8_192) });
    this.timer ??= setTimeout(() => this.flush(), LOGS_EVERY_MS);
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { lines } = this;
    if (lines.length === 0) return;
    this.lines = [];
    const { taskRequestId, attempt } = this.ref;
    this.note({ kind: 'log', taskRequestId, attempt, lines });
  }
}
