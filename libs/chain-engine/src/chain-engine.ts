import { failpoint } from '#libs/platform';
import type { TaskJob, TaskQueues } from '#libs/queues';
import type { ChainSave, Database } from '#libs/repositories';
import { ChainCache } from './apply/chain-cache.js';
import type { Incoming } from './apply/decide-chain.js';
import { applyWork } from './apply/apply-work.js';
import { byHalves } from './apply/by-halves.js';
import { taskWork, type ChainWork } from './apply/decide-work.js';
import { familiesOf, followChildren } from './children/follow-children.js';
import { Capacity } from './dispatch/capacity.js';
import { dispatchedAttempts } from './dispatch/dispatched-attempts.js';
import { openEvent, withHanded } from './dispatch/open-control.js';
import { prepareJobs, type PreparedJobs, type Skipped, type Unsendable } from './dispatch/prepare-jobs.js';
import { countStored, type EngineMetrics } from './metrics.js';
import { holdOnce } from './reconcile/hold.js';
import { tracedSend } from './traces.js';

/** A bulk send to a queue that does not answer is given up after this long, ms. */
const SEND_TIMEOUT_MS = 5_000;

/**
 * The priority of every job in a queue that several tenants share. Priorities belong to a tenant and count where its
 * tasks are claimed; in a shared queue a tenant with urgent tasks only would overtake the others without end.
 */
const SHARED_PRIORITY = 5;

export interface EngineLog {
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}

/**
 * Applies events to chains and sends the jobs that follow. The listener's loops share one instance, and with it the
 * estimate of free capacity and the cache of chains.
 */
export class ChainEngine {
  readonly capacity = new Capacity();
  readonly cache = new ChainCache();
  private readonly observers: ((saves: readonly ChainSave[]) => void)[] = [];

  constructor(
    readonly db: Database,
    readonly queues: TaskQueues,
    readonly metrics: EngineMetrics,
    readonly log: EngineLog,
  ) {}

  /** Calls `observer` with what this process stored, before its jobs are sent. */
  onStored(observer: (saves: readonly ChainSave[]) => void): void {
    this.observers.push(observer);
  }

  /** Applies work, then sends what it dispatched. The rows are committed first: a lost send costs a lease, never a task. */
  async applyAndSend(work: readonly ChainWork[]): Promise<ChainSave[]> {
    const beside = (saves: readonly ChainSave[], saving: Promise<unknown>): Promise<PreparedJobs> =>
      prepareJobs(this.db, dispatchedAttempts(saves), saves, saving);
    const rounds = await applyWork(this.db, work, this.capacity, beside, this.cache);
    for (const { stored, turned, side, begun } of rounds) {
      this.wasStored([...stored, ...turned]);
      if (stored.length > 0) await failpoint('listener.afterSave');
      await this.sendPrepared(ofStored(side, stored));
      if (begun.length > 0) await this.sendPrepared(await prepareJobs(this.db, dispatchedAttempts(begun), begun));
    }
    if (rounds.length > 1) this.metrics.conflicts.inc(rounds.length - 1);
    const saves = rounds.flatMap(({ stored, turned }) => [...stored, ...turned]);
    await this.followFamilies(saves);
    return saves;
  }

  /** As `applyAndSend`, for work that rows call for: a chain whose rows make no sense is held, and stops no other. */
  applyApart(work: readonly ChainWork[]): Promise<ChainSave[]> {
    const apply = (part: readonly ChainWork[]): Promise<ChainSave[]> => this.applyAndSend(part);
    return byHalves(work, apply, ({ chainId }, error) => this.hold(chainId, error));
  }

  /** Records, logs and counts a chain with which nothing can be done. */
  hold(chainId: string, error: unknown): Promise<void> {
    return holdOnce(this, chainId, 'not-stored', { found: 'work', error: String(error) });
  }

  /** Parents and children hear of each other at once; where that fails, in a listener's next round. */
  private async followFamilies(saves: readonly ChainSave[]): Promise<void> {
    const families = familiesOf(saves);
    if (families.length === 0) return;
    await followChildren(this, families).catch((error: unknown) => {
      this.log.warn({ err: error, families }, 'parents and children are brought together later');
    });
  }

  /** Tells whoever observes it what this process has stored. */
  wasStored(saves: readonly ChainSave[]): void {
    countStored(this.metrics, saves);
    logQuarantined(this.log, saves);
    for (const observer of this.observers) observer(saves);
  }

  /** Sends jobs, opens control tasks, fails tasks whose jobs could not be made, skips those whose condition is false; then prepares the rest. */
  async sendPrepared(first: PreparedJobs): Promise<void> {
    for (let prepared = first; ; prepared = await prepareJobs(this.db, prepared.rest)) {
      const { jobs, controls, unsendable, skipped, rest } = prepared;
      if (jobs.length > 0) await this.send(jobs);
      if (controls.length > 0) await this.applyApart(taskWork(await withHanded(this.db, controls), openEvent));
      if (unsendable.length > 0) await this.applyApart(taskWork(unsendable, unsendableEvent));
      if (skipped.length > 0) await this.applyApart(taskWork(skipped, skippedEvent));
      if (rest.size === 0) return;
    }
  }

  /** Prepares and sends the jobs of dispatched tasks, given by row id and attempt. */
  async sendTasks(attempts: ReadonlyMap<number, number>): Promise<void> {
    await this.sendPrepared(await prepareJobs(this.db, attempts));
  }

  private async send(made: readonly TaskJob[]): Promise<void> {
    const jobs = this.capacity.shared ? made.map((job) => ({ ...job, priority: SHARED_PRIORITY })) : made;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`the queue did not answer within ${SEND_TIMEOUT_MS} ms`)),
        SEND_TIMEOUT_MS,
      );
    });
    try {
      await Promise.race([tracedSend(jobs, (traced) => this.queues.send(traced)), tooLate]);
    } catch (error) {
      this.metrics.sendFailures.inc();
      this.log.warn({ err: error, jobs: jobs.length }, 'jobs were not sent; they are sent again when their lease ends');
    } finally {
      clearTimeout(timer);
    }
  }
}

function unsendableEvent({ attempt, error }: Unsendable, position: number): Incoming {
  return { event: { kind: 'TaskFailed', position, attempt, runId: null, error, retryable: false, random: 0 } };
}

function skippedEvent({ attempt, condition }: Skipped, position: number): Incoming {
  return { event: { kind: 'TaskConditionFalse', position, attempt }, data: { condition } };
}

/** The part of what was prepared beside a save that belongs to stored chains. */
function ofStored(prepared: PreparedJobs, stored: readonly ChainSave[]): PreparedJobs {
  const ids = new Set(stored.map((save) => save.loaded.chainId));
  const sent = dispatchedAttempts(stored);
  return {
    jobs: prepared.jobs.filter((job) => ids.has(job.chainId)),
    controls: prepared.controls.filter((job) => ids.has(job.chainId)),
    unsendable: prepared.unsendable.filter((task) => ids.has(task.chainId)),
    skipped: prepared.skipped.filter((task) => ids.has(task.chainId)),
    rest: new Map([...prepared.rest].filter(([id]) => sent.has(id))),
  };
}

/** Logs reports of attempts that this database never handed out: it was restored, or somebody else reports. */
function logQuarantined(log: EngineLog, saves: readonly ChainSave[]): void {
  for (const { loaded, events } of saves) {
    for (const { taskId, attempt, kind, disposition } of events) {
      if (disposition !== 'QUARANTINED') continue;
      const data = { tenant: loaded.tenantId, chain_id: loaded.chainId, task_id: taskId, attempt, kind };
      log.error(data, 'a report of an attempt that was never sent was quarantined: was the database restored?');
    }
  }
}
