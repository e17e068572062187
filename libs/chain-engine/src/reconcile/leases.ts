import { failpoint } from '#libs/platform';
import { jobId } from '#libs/queues';
import { engineQueries } from '#libs/repositories';
import type { InFlightTask } from '#libs/repositories';
import type { Incoming } from '../apply/decide-chain.js';
import { applyAndSend, sendPrepared, type Engine } from '../chain-engine.js';
import { prepareJobs } from '../dispatch/prepare-jobs.js';
import { LEASES, taskWork, type ChainWork } from '../apply/apply-work.js';

const BATCH = 500;
/** A worker ends an overdue run itself; the reconciler does so for one that did not, this much later, ms. */
const TIMEOUT_GRACE_MS = 5_000;
/** A worker that took a job names it in its next heartbeat, 2 s later at most; this is when it should be known, ms. */
const NAMED_WITHIN_MS = 3_000;
/** Since when each engine has seen jobs taken of which no heartbeat tells. */
const takenSince = new WeakMap<Engine, Map<string, number>>();

/**
 * Leases that ran out. A RUNNING task has lost its worker. A QUEUED one has lost its job (sent again, same attempt),
 * still waits in the queue (lease renewed), or was taken: by a worker that has yet to tell of it, or, when it is seen
 * so again, by one that is not heard of any more (lost).
 * `reportsWaiting`: reports lie unread in the channel, so a job that is gone may be finished rather than lost.
 */
export async function reconcileLeases(engine: Engine, reportsWaiting: boolean): Promise<void> {
  const expired = await engineQueries.expiredLeases(engine.db, BATCH);
  if (expired.length === 0) return;
  await failpoint('reconcile.afterSelect');
  const lost: InFlightTask[] = [];
  const resend: InFlightTask[] = [];
  const waiting: InFlightTask[] = [];
  const taken: InFlightTask[] = [];
  for (const task of expired) {
    if (reportsWaiting) {
      waiting.push(task);
    } else if (task.status === 'RUNNING') {
      lost.push(task);
    } else {
      const id = jobId({ taskRequestId: task.task_request_id, attempt: task.attempt });
      const state = await engine.queues.state(task.task_type, id);
      if (state === 'waiting') waiting.push(task);
      else if (state === 'missing') resend.push(task);
      else (takenBefore(engine, id) ? lost : taken).push(task);
    }
  }
  await renew(engine, waiting, LEASES.waitingMs);
  await renew(engine, [...resend, ...taken], LEASES.queuedMs);
  for (const task of resend) await repaired(engine, 'job-lost', task);
  if (resend.length > 0) await resendJobs(engine, new Map(resend.map((task) => [task.id, task.attempt])));
  if (lost.length > 0) await declareLost(engine, lost);
}

async function renew(engine: Engine, tasks: readonly InFlightTask[], leaseMs: number): Promise<void> {
  if (tasks.length === 0) return;
  const requestIds = tasks.map((task) => task.task_request_id);
  await engineQueries.renewLeases(
    engine.db,
    requestIds,
    tasks.map((task) => task.attempt),
    leaseMs,
  );
}

/** Whether the job was seen in a worker's hands long enough ago for a heartbeat to have told of it. */
function takenBefore(engine: Engine, id: string): boolean {
  const now = performance.now();
  const seen = takenSince.get(engine) ?? new Map<string, number>();
  takenSince.set(engine, seen);
  for (const [other, since] of seen) if (now - since > 10 * LEASES.queuedMs) seen.delete(other);
  const since = seen.get(id);
  if (since === undefined) seen.set(id, now);
  return since !== undefined && now - since > NAMED_WITHIN_MS;
}

/**
 * A lease that is renewed between the look and the save holds its chain back, and deciding it again would do so again,
 * for as long as the worker lives: it is given up, and the next round looks anew. Counted is what was stored.
 */
async function declareLost(engine: Engine, lost: readonly InFlightTask[]): Promise<void> {
  const work = taskWork(lost.map(ref), lostEvent).map((item): ChainWork => ({ ...item, once: true }));
  const saves = await applyAndSend(engine, work);
  const ended = new Set(
    saves.flatMap(({ attempts, loaded }) =>
      attempts.map((a) => attemptKey(loaded.rows.get(a.position)!.id, a.attempt)),
    ),
  );
  for (const task of lost)
    if (ended.has(attemptKey(task.id, task.attempt))) await repaired(engine, 'worker-lost', task);
}

const attemptKey = (id: number, attempt: number): string => `${id}.${attempt}`;

/** Runs past their own time that no worker ended, and chains past theirs. */
export async function reconcileTimeouts(engine: Engine): Promise<void> {
  const tasks = await engineQueries.overdueTasks(engine.db, TIMEOUT_GRACE_MS);
  if (tasks.length > 0) {
    await applyAndSend(
      engine,
      taskWork(tasks.map(ref), (task, position) => ({
        event: {
          kind: 'TaskFailed',
          position,
          attempt: task.attempt,
          runId: null,
          retryable: true,
          random: Math.random(),
          error: { code: 'TIMEOUT_RUN', message: `the task ran longer than its ${task.timeout_seconds} s` },
        },
      })),
    );
  }
  const waiting = await engineQueries.overdueInQueue(engine.db);
  if (waiting.length > 0) {
    await applyAndSend(
      engine,
      taskWork(waiting.map(ref), (task, position) => ({
        event: {
          kind: 'TaskQueueTimedOut',
          position,
          attempt: task.attempt,
          random: Math.random(),
          error: {
            code: 'TIMEOUT_QUEUE',
            message: `no worker took the task within its ${task.timeout_seconds} s in the queue: add workers or slots of its type`,
          },
        },
      })),
    );
  }
  const chains = await engineQueries.overdueChains(engine.db);
  if (chains.length > 0) {
    const work = chains.map((chainId): ChainWork => ({
      chainId,
      requestIds: undefined,
      incoming: ({ state }) => (state.chain.deadlineAt === null ? [] : [{ event: { kind: 'ChainTimedOut' } }]),
    }));
    await applyAndSend(engine, work);
  }
}

/** The queue has lost everything: sends all that is QUEUED again, with the same attempts. Returns how many. */
export async function resendAll(engine: Engine): Promise<number> {
  let sent = 0;
  for (let after = 0; ;) {
    const rows = await engineQueries.queuedTasks(engine.db, after, BATCH);
    if (rows.length === 0) return sent;
    after = rows.at(-1)!.id;
    sent += rows.length;
    await resendJobs(engine, new Map(rows.map((row) => [row.id, row.attempt])));
  }
}

async function resendJobs(engine: Engine, attempts: ReadonlyMap<number, number>): Promise<void> {
  await sendPrepared(engine, await prepareJobs(engine.db, attempts));
}

async function repaired(engine: Engine, kind: string, task: InFlightTask): Promise<void> {
  engine.metrics.repairs.inc({ kind });
  engine.log.warn({ kind, chain_id: task.chain_id, task_id: task.task_id, attempt: task.attempt }, 'repaired a task');
  await engineQueries.recordRepair(engine.db, kind, task.chain_id, task.task_id, {
    attempt: task.attempt,
    status: task.status,
  });
}

function lostEvent(task: { attempt: number }, position: number): Incoming {
  return { event: { kind: 'TaskLost', position, attempt: task.attempt, runId: null }, report: { lost: true } };
}

function ref<T extends { chain_id: string; task_request_id: string }>(
  row: T,
): T & { chainId: string; taskRequestId: string } {
  return { ...row, chainId: row.chain_id, taskRequestId: row.task_request_id };
}
