import { failpoint } from '#libs/platform';
import type { TaskJob, TaskQueues } from '#libs/queues';
import type { ChainSave, Database } from '#libs/repositories';
import type { ChainCache } from './apply/chain-cache.js';
import type { Incoming } from './apply/decide-chain.js';
import { countStored, type EngineMetrics } from './metrics.js';
import { tracedSend } from './traces.js';
import {
  dispatchedAttempts,
  prepareJobs,
  type PreparedJobs,
  type Skipped,
  type Unsendable,
} from './dispatch/prepare-jobs.js';
import type { Room } from './dispatch/capacity.js';
import { applyWork, taskWork, type ChainWork } from './apply/apply-work.js';

/** Bulk sends to a queue that does not answer are given up after this long, ms. */
const SEND_TIMEOUT_MS = 5_000;

export interface EngineLog {
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}

/** What the listener's loops share. */
export interface Engine {
  readonly db: Database;
  readonly queues: TaskQueues;
  readonly room: Room;
  readonly cache: ChainCache;
  readonly metrics: EngineMetrics;
  readonly log: EngineLog;
  /** Hears of what this process stored, before its jobs are sent. */
  onStored?: (saves: readonly ChainSave[]) => void;
}

/** Applies work, then sends what it dispatched. The rows are committed first: a send that is lost costs a lease, never a task. */
export async function applyAndSend(engine: Engine, work: readonly ChainWork[]): Promise<ChainSave[]> {
  const beside = (saves: readonly ChainSave[]): Promise<PreparedJobs> =>
    prepareJobs(engine.db, dispatchedAttempts(saves), saves);
  const rounds = await applyWork(engine.db, work, engine.room, beside, engine.cache);
  for (const { stored, side } of rounds) {
    countStored(engine.metrics, stored);
    tellQuarantined(engine.log, stored);
    engine.onStored?.(stored);
    if (stored.length > 0) await failpoint('listener.afterSave');
    await sendPrepared(engine, ofStored(side, stored));
  }
  if (rounds.length > 1) engine.metrics.conflicts.inc(rounds.length - 1);
  return rounds.flatMap((round) => round.stored);
}

/** Sends jobs, fails the tasks whose jobs could not be made, and skips those whose condition is false; then the rest. */
export async function sendPrepared(engine: Engine, first: PreparedJobs): Promise<void> {
  for (let prepared = first; ; prepared = await prepareJobs(engine.db, prepared.rest)) {
    const { jobs, unsendable, skipped, rest } = prepared;
    if (jobs.length > 0) await send(engine, jobs);
    if (unsendable.length > 0) await applyAndSend(engine, taskWork(unsendable, unsendableEvent));
    if (skipped.length > 0) await applyAndSend(engine, taskWork(skipped, skippedEvent));
    if (rest.size === 0) return;
  }
}

/**
 * Priorities are a tenant's own and count where its tasks are claimed. In a queue that tenants share they would not end: whose
 * tasks are all urgent would go past what others have there for ever. What lies there goes in the order in which it came.
 */
const SHARED_PRIORITY = 5;

async function send(engine: Engine, made: readonly TaskJob[]): Promise<void> {
  const jobs = engine.room.shared ? made.map((job) => ({ ...job, priority: SHARED_PRIORITY })) : made;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the queue did not answer within ${SEND_TIMEOUT_MS} ms`)),
      SEND_TIMEOUT_MS,
    );
  });
  try {
    await Promise.race([tracedSend(jobs, (traced) => engine.queues.send(traced)), tooLate]);
  } catch (error) {
    engine.metrics.sendFailures.inc();
    engine.log.warn({ err: error, jobs: jobs.length }, 'jobs were not sent; they are sent again when their lease ends');
  } finally {
    clearTimeout(timer);
  }
}

function unsendableEvent({ attempt, error }: Unsendable, position: number): Incoming {
  return { event: { kind: 'TaskFailed', position, attempt, runId: null, error, retryable: false, random: 0 } };
}

function skippedEvent({ attempt, condition }: Skipped, position: number): Incoming {
  return { event: { kind: 'TaskConditionFalse', position, attempt }, data: { condition } };
}

/** Of what was prepared beside a save, the part whose chain was stored. */
function ofStored(prepared: PreparedJobs, stored: readonly ChainSave[]): PreparedJobs {
  const ids = new Set(stored.map((save) => save.loaded.chainId));
  const sent = dispatchedAttempts(stored);
  return {
    jobs: prepared.jobs.filter((job) => ids.has(job.chainId)),
    unsendable: prepared.unsendable.filter((task) => ids.has(task.chainId)),
    skipped: prepared.skipped.filter((task) => ids.has(task.chainId)),
    rest: new Map([...prepared.rest].filter(([id]) => sent.has(id))),
  };
}

/** A report from a future that this database does not know: it was restored, or somebody else reports. */
function tellQuarantined(log: EngineLog, saves: readonly ChainSave[]): void {
  for (const { loaded, events } of saves) {
    for (const { taskId, attempt, kind, disposition } of events) {
      if (disposition !== 'QUARANTINED') continue;
      const data = { tenant: loaded.tenantId, chain_id: loaded.chainId, task_id: taskId, attempt, kind };
      log.error(data, 'a report of an attempt that was never sent was quarantined: was the database restored?');
    }
  }
}
