import { isControlType } from '#libs/chain-domain';
import { failpoint } from '#libs/platform';
import { jobId } from '#libs/queues';
import { engineQueries } from '#libs/repositories';
import type { InFlightTask } from '#libs/repositories';
import { LEASES, taskWork, type ChainWork } from '../apply/decide-work.js';
import type { Incoming } from '../apply/decide-chain.js';
import type { ChainEngine } from '../chain-engine.js';

const BATCH = 500;
/** A worker names a job in its next heartbeat after taking it; a taken job should be known after this long, ms. */
const NAMED_WITHIN_MS = 3_000;

/** Handles tasks whose leases expired: sends lost jobs again and marks tasks of lost workers as lost. */
export class LeaseReconciler {
  /** By job id: when a job was first seen as taken without a heartbeat that names it. */
  private readonly takenSince = new Map<string, number>();

  constructor(private readonly engine: ChainEngine) {}

  /**
   * Handles expired leases. A RUNNING task has lost its worker. A QUEUED task has lost its job (sent again with the same
   * attempt), still waits in the queue (lease renewed), or was taken: by a worker whose heartbeat is still to come, or,
   * when seen so again, by a worker that is gone (lost).
   * `reportsWaiting`: reports lie unread in the channel, so a missing job may be finished rather than lost.
   */
  async reconcile(reportsWaiting: boolean): Promise<void> {
    const { db, queues } = this.engine;
    const expired = await engineQueries.expiredLeases(db, BATCH);
    if (expired.length === 0) return;
    await failpoint('reconcile.afterSelect');
    const lost: InFlightTask[] = [];
    const resend: InFlightTask[] = [];
    const waiting: InFlightTask[] = [];
    const taken: InFlightTask[] = [];
    for (const task of expired) {
      if (isControlType(task.task_type)) {
        // Whoever was to open it did not come to that.
        resend.push(task);
      } else if (reportsWaiting) {
        waiting.push(task);
      } else if (task.status === 'RUNNING') {
        lost.push(task);
      } else {
        const id = jobId({ taskRequestId: task.task_request_id, attempt: task.attempt });
        const state = await queues.state(task.task_type, id);
        if (state === 'waiting') waiting.push(task);
        else if (state === 'missing') resend.push(task);
        else (this.wasTakenBefore(id) ? lost : taken).push(task);
      }
    }
    await this.renew(waiting, LEASES.waitingMs);
    await this.renew([...resend, ...taken], LEASES.queuedMs);
    for (const task of resend) await this.record('job-lost', task);
    if (resend.length > 0) await this.engine.sendTasks(new Map(resend.map((task) => [task.id, task.attempt])));
    if (lost.length > 0) await this.declareLost(lost);
  }

  private async renew(tasks: readonly InFlightTask[], leaseMs: number): Promise<void> {
    if (tasks.length === 0) return;
    const requestIds = tasks.map((task) => task.task_request_id);
    const attempts = tasks.map((task) => task.attempt);
    await engineQueries.renewLeases(this.engine.db, requestIds, attempts, leaseMs);
  }

  /** Whether the job was seen as taken long enough ago for a heartbeat to have named it. */
  private wasTakenBefore(id: string): boolean {
    const now = performance.now();
    for (const [other, since] of this.takenSince) {
      if (now - since > 10 * LEASES.queuedMs) this.takenSince.delete(other);
    }
    const since = this.takenSince.get(id);
    if (since === undefined) this.takenSince.set(id, now);
    return since !== undefined && now - since > NAMED_WITHIN_MS;
  }

  /**
   * Declares tasks lost. A lease that is renewed between the read and the save blocks the save of its chain. A second
   * decision would fail in the same way while the worker lives, so the work is dropped and the next round reads again.
   * Counts what was stored.
   */
  private async declareLost(lost: readonly InFlightTask[]): Promise<void> {
    const work = taskWork(lost.map(taskRef), lostEvent).map((item): ChainWork => ({ ...item, once: true }));
    const saves = await this.engine.applyApart(work);
    const ended = new Set(
      saves.flatMap(({ attempts, loaded }) =>
        attempts.map((a) => attemptKey(loaded.rows.get(a.position)!.id, a.attempt)),
      ),
    );
    for (const task of lost) if (ended.has(attemptKey(task.id, task.attempt))) await this.record('worker-lost', task);
  }

  private async record(kind: string, task: InFlightTask): Promise<void> {
    const { db, log, metrics } = this.engine;
    const { chain_id, task_id, attempt, status } = task;
    metrics.repairs.inc({ kind });
    log.warn({ kind, chain_id, task_id, attempt }, 'repaired a task');
    await engineQueries.recordRepair(db, kind, chain_id, task_id, { attempt, status });
  }
}

const attemptKey = (id: number, attempt: number): string => `${id}.${attempt}`;

function lostEvent(task: { attempt: number }, position: number): Incoming {
  return { event: { kind: 'TaskLost', position, attempt: task.attempt, runId: null }, report: { lost: true } };
}

/** A row with the names that `taskWork` reads. */
export function taskRef<T extends { chain_id: string; task_request_id: string }>(
  row: T,
): T & { chainId: string; taskRequestId: string } {
  return { ...row, chainId: row.chain_id, taskRequestId: row.task_request_id };
}
