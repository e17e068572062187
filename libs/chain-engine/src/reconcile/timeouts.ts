import { failure } from '#libs/chain-domain';
import { engineQueries } from '#libs/repositories';
import { taskWork, type ChainWork } from '../apply/decide-work.js';
import type { ChainEngine } from '../chain-engine.js';
import { taskRef } from './leases.js';

/** A worker ends an overdue run itself. The reconciler ends a run that is overdue by this much longer, ms. */
const TIMEOUT_GRACE_MS = 5_000;

const ALL = { tasks: true, in_queue: true, approvals: true, holds: true, chains: true };

/**
 * Ends runs beyond their timeout that no worker ended, tasks beyond their time in the queue or for an approval, and
 * chains beyond their deadline.
 */
export async function reconcileTimeouts(engine: ChainEngine): Promise<void> {
  // Where one of the five takes too long, the others still end what they find.
  const found = await engineQueries.overdue(engine.db, TIMEOUT_GRACE_MS).catch(() => ALL);
  const tasks = found.tasks ? await engineQueries.overdueTasks(engine.db, TIMEOUT_GRACE_MS) : [];
  if (tasks.length > 0) {
    await engine.applyApart(
      taskWork(tasks.map(taskRef), (task, position) => ({
        event: {
          kind: 'TaskFailed',
          position,
          attempt: task.attempt,
          runId: null,
          retryable: true,
          random: Math.random(),
          error: failure('TIMEOUT_RUN', `the task ran longer than its ${task.timeout_seconds} s`),
        },
      })),
    );
  }
  const waiting = found.in_queue ? await engineQueries.overdueInQueue(engine.db) : [];
  if (waiting.length > 0) {
    await engine.applyApart(
      taskWork(waiting.map(taskRef), (task, position) => ({
        event: {
          kind: 'TaskQueueTimedOut',
          position,
          attempt: task.attempt,
          random: Math.random(),
          error: failure(
            'TIMEOUT_QUEUE',
            `no worker took the task within its ${task.timeout_seconds} s in the queue: add workers or slots of its type`,
          ),
        },
      })),
    );
  }
  const unapproved = found.approvals ? await engineQueries.overdueApprovals(engine.db) : [];
  if (unapproved.length > 0) {
    const late = taskWork(unapproved.map(taskRef), (_, position) => ({
      event: { kind: 'ApprovalTimedOut', position },
    }));
    await engine.applyApart(late);
  }
  const held = found.holds ? await engineQueries.overdueHolds(engine.db) : [];
  if (held.length > 0) {
    const over = taskWork(held.map(taskRef), (_, position, { nowMs, lagMs }) => ({
      event: { kind: 'HoldTimedOut', position },
      report: { result: { ended_at: new Date(nowMs + lagMs).toISOString() } },
    }));
    await engine.applyApart(over);
  }
  const chains = found.chains ? await engineQueries.overdueChains(engine.db) : [];
  if (chains.length > 0) {
    const work = chains.map((chainId): ChainWork => ({
      chainId,
      requestIds: undefined,
      incoming: ({ state }) => (state.chain.deadlineAt === null ? [] : [{ event: { kind: 'ChainTimedOut' } }]),
    }));
    await engine.applyApart(work);
  }
}
