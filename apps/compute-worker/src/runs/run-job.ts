import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_TENANT, failure } from '#libs/chain-domain';
import { EngineNotReady, isAtSites, placesOf, RunStopped, runTask, TaskFailure, withMarkers } from '#libs/compute';
import type { AllowedScripts, TaskParams, TaskRun, TaskRunner } from '#libs/compute';
import type { Logger } from '#libs/platform';
import type { DoneReport, Note, RunEnd, RunRef, TaskJob } from '#libs/queues';
import { failed, SpanKind, spanIdOfRun, startSpan, traceIds, traceparentOf, within } from '#libs/tracing';
import type { SiteRuns } from '../nodes/site-runs.js';
import type { JobSecrets, OpenedJob } from '../secrets/job-secrets.js';
import { RunProgress } from './run-progress.js';

/** A start is reported only for runs that last longer; the end of a shorter one implies it, ms. */
const REPORT_START_AFTER_MS = 50;

/** Why a worker stops a run. Another attempt, or nobody, goes on after it. */
export type StopReason = 'cancelled' | 'fenced' | 'shutdown';

/** Where runs take place, and what they use. */
export interface RunContext {
  readonly workerId: string;
  readonly dataRoot: string;
  readonly artifactRoot: string;
  readonly callsToPrivate: boolean;
  readonly scripts: AllowedScripts;
  readonly runners: readonly TaskRunner[];
  readonly logger: Logger;
  readonly secrets: JobSecrets;
  readonly sites: Pick<SiteRuns, 'run'>;
  /** Best effort. */
  readonly note: (note: Note) => void;
}

/** A run under way. */
export interface Run {
  readonly ref: RunRef;
  /** Whether its sites have still to accept it: another worker may go on with that. */
  isOffered(): boolean;
  stop(reason: StopReason): void;
  /** The report of its end; null when no listener waits for it any more. Never rejects. */
  readonly ended: Promise<DoneReport | null>;
}

/** Logs a line with the run's ids. */
type RunLog = (level: 'debug' | 'info' | 'error', fields: object, message: string) => void;

/** The reason of a run's abort signal. */
class StoppedBy extends RunStopped {
  constructor(readonly reason: StopReason | 'timeout') {
    super(`the run was stopped: ${reason}`, reason === 'shutdown');
  }
}

/**
 * Starts a job: a run with a new id, a time limit, throttled progress and log lines in bundles. The run is a pipeline: the task's
 * outcome, then what a stop makes of it, then its report. It calls `waits` once it only waits for what runs elsewhere.
 */
export function startRun(job: TaskJob, context: RunContext, waits: () => void = () => undefined): Run {
  const { chainId, taskId, taskRequestId, attempt, timeoutMs } = job;
  const runId = randomUUID();
  const span = startRunSpan(job, runId, context.workerId);
  const traceparent = span === undefined ? job.traceparent : traceparentOf(span);
  const ref: RunRef = { chainId, taskId, taskRequestId, attempt, runId, workerId: context.workerId, traceparent };
  const log: RunLog = (level, fields, message) => {
    const tenant = job.tenant === undefined ? {} : { tenant: job.tenant };
    const ids = { chain_id: chainId, task_id: taskId, attempt, run_id: runId };
    context.logger[level]({ ...tenant, ...ids, ...traceIds(traceparent), ...fields }, message);
  };
  const began = performance.now();
  const elapsed = (): { elapsedMs: number } => ({ elapsedMs: performance.now() - began });
  const abort = new AbortController();
  const stop = (reason: StopReason | 'timeout'): void => abort.abort(new StoppedBy(reason));
  const progress = new RunProgress(ref, context.note);
  const timers: NodeJS.Timeout[] = [];
  const begin = (): void => {
    if (timers.length > 0) return;
    timers.push(setTimeout(() => context.note({ ...ref, kind: 'started', ...elapsed() }), REPORT_START_AFTER_MS));
    if (timeoutMs !== null) timers.push(setTimeout(() => stop('timeout'), timeoutMs));
  };
  const isOffered = (): boolean => timers.length === 0;
  if (!isAtSites(job.params)) begin();

  const ended = within(span, async (): Promise<DoneReport | null> => {
    const outcome = await outcomeOf(job, context, abort.signal, progress, log, begin, waits);
    for (const timer of timers) clearTimeout(timer);
    const stopped = abort.signal.reason instanceof StoppedBy ? abort.signal.reason.reason : undefined;
    if (stopped !== undefined) span?.setAttribute('taskchain.run.stopped', stopped);
    // The attempt stays as it is: its job is sent again.
    const isLeft = stopped === 'shutdown' && isOffered();
    const end = isLeft ? null : endOf(outcome, stopped, timeoutMs);
    const report = end === null ? null : { ...ref, ...elapsed(), ...end };
    if (report !== null) logEnd(report, log, progress);
    if (report?.kind === 'failed') failed(span, report.error.code);
    progress.flush();
    return report;
  }).finally(() => span?.end());
  return { ref, isOffered, stop, ended };
}

function startRunSpan(job: TaskJob, runId: string, workerId: string): ReturnType<typeof startSpan> {
  return startSpan(`run ${job.taskType}`, {
    kind: SpanKind.CONSUMER,
    parent: job.traceparent,
    links: job.follows,
    spanId: spanIdOfRun(runId),
    attributes: {
      ...(job.tenant !== undefined && { 'taskchain.tenant': job.tenant }),
      'taskchain.chain.id': job.chainId,
      'taskchain.task.id': job.taskId,
      'taskchain.task.attempt': job.attempt,
      'taskchain.task.type': job.taskType,
      'taskchain.run.id': runId,
      'taskchain.worker.id': workerId,
    },
  });
}

/** Opens the job's secrets and runs its task. Never rejects, and hides the secrets in everything that leaves the run. */
async function outcomeOf(
  job: TaskJob,
  context: RunContext,
  signal: AbortSignal,
  progress: RunProgress,
  log: RunLog,
  begin: () => void,
  waits: () => void,
): Promise<RunEnd> {
  const fail = (error: unknown): RunEnd => {
    if (!signal.aborted && !(error instanceof TaskFailure)) {
      const { name, code, places } = placesOf(error);
      log('error', { error: name, code, places }, 'a task ended with an unforeseen error');
    }
    if (error instanceof EngineNotReady) log('error', { mend: error.mend }, error.message);
    return failureOf(error);
  };
  const succeed = async ({ params, hide, checkName }: OpenedJob): Promise<RunEnd> => {
    const { chainId, taskId, attempt, taskType, tenant, inputs, consent, handed, partyResults: named = [] } = job;
    const marked = withMarkers(params as TaskParams, named);
    const run: TaskRun = {
      chainId,
      taskId,
      attempt,
      requestId: job.taskRequestId,
      ...marked,
      handed,
      inputs: inputs as never,
      dataRoot: tenantRoot(context.dataRoot, tenant),
      artifactRoot: context.artifactRoot,
      callsToPrivate: context.callsToPrivate,
      scripts: context.scripts,
      // The owners decide on the parameters as they are before secrets are put in.
      consent: consent && { ...consent, params: job.params as TaskParams },
      signal,
      waits,
      progress: (fraction, stage) => progress.update(fraction, hide(stage)),
      log: (level, message) => progress.log(level, hide(message)),
      opened: (party, entry) =>
        context.note({ kind: 'opened', taskRequestId: job.taskRequestId, attempt, party, entry: hide(entry) }),
    };
    const { result, artifacts, partyResults } = await runTask(taskType, run, context.runners);
    const folder = join(context.artifactRoot, chainId, taskId);
    try {
      for (const { name } of artifacts) checkName(name);
    } catch (error) {
      await Promise.all(artifacts.map(({ name }) => rm(join(folder, name), { force: true })));
      throw error;
    }
    return { kind: 'succeeded', result: hide(result), artifacts, ...(partyResults && { partyResults }) };
  };
  if (isAtSites(job.params)) {
    const events = { signal, begin, progress: (fraction: number, stage: string) => progress.update(fraction, stage) };
    return context.sites.run(job, events).then((done): RunEnd => ({ kind: 'succeeded', ...done }), fail);
  }
  return context.secrets.open(job).then(
    (opened) => succeed(opened).catch((error: unknown) => opened.hide(fail(error))),
    (error: unknown) => fail(error),
  );
}

/** The folder of a tenant's parties. Those of the default tenant lie at the root, as before there were tenants. */
function tenantRoot(dataRoot: string, tenant = DEFAULT_TENANT): string {
  // No party's folder has this name: a party's name begins with a letter.
  return tenant === DEFAULT_TENANT ? dataRoot : join(dataRoot, `@${tenant}`);
}

/** The end of a run that was perhaps stopped; null when another run, or none, takes its place. */
function endOf(outcome: RunEnd, stopped: StopReason | 'timeout' | undefined, timeoutMs: number | null): RunEnd | null {
  switch (stopped) {
    case undefined:
      return outcome;
    case 'timeout': {
      const message = `the task ran longer than its ${timeoutMs! / 1000} s: raise its timeout or give it less to do`;
      return { kind: 'failed', error: failure('TIMEOUT_RUN', message), retryable: true };
    }
    case 'shutdown':
      return { kind: 'released' };
    case 'cancelled':
    case 'fenced':
      return null;
  }
}

function failureOf(error: unknown): RunEnd {
  if (error instanceof TaskFailure) {
    const { code, message, details, retryable } = error;
    return { kind: 'failed', error: { code, message, details }, retryable };
  }
  const { name } = placesOf(error);
  // The text of an unforeseen error may hold data: it stays in the worker.
  const message = `the task ended with an unforeseen ${name}: see its worker's log`;
  return { kind: 'failed', error: failure('TASK_ERROR', message), retryable: true };
}

function logEnd(report: DoneReport, log: RunLog, progress: RunProgress): void {
  const end = { outcome: report.kind, ms: Math.round(report.elapsedMs) };
  if (report.kind !== 'failed') return log('debug', end, 'a run ended');
  const { code, message } = report.error;
  log('info', { ...end, code }, 'a run ended');
  progress.log('error', `${code}: ${message}`);
}
