import { expect, it } from '@jest/globals';
import { DEFAULT_RETRY_POLICY, DEFAULT_SETTINGS, type Chain, type Task, type TaskEvent } from '#libs/chain-domain';
import type { LoadedChain } from '#libs/repositories';
import { Capacity } from '../dispatch/capacity.js';
import { decideChain } from './decide-chain.js';

it('keeps the run of an attempt that its worker hands back before its start was stored', () => {
  const released: TaskEvent = { kind: 'TaskLost', position: 0, attempt: 1, runId: 'r1' };
  const { attempts } = decideChain(sent(), [{ event: released }], new Capacity());
  expect(attempts).toEqual([{ position: 0, attempt: 1, runId: 'r1', outcome: 'LOST', error: null }]);
});

it('keeps no run of another task with an attempt that ends beside it', () => {
  const failed: TaskEvent = {
    ...{ kind: 'TaskFailed', position: 0, attempt: 1, runId: 'r1', retryable: false, random: 0 },
    error: { code: 'BROKEN', message: 'it broke' },
  };
  const { attempts } = decideChain(sent(), [{ event: failed }], new Capacity());
  expect(attempts).toMatchObject([
    { position: 0, runId: 'r1', outcome: 'FAILURE' },
    { position: 1, runId: null, outcome: 'CANCELLED' },
  ]);
});

it('tells webhooks of a failed task, and of one that holds its chain, each once', () => {
  const error = { code: 'BROKEN', message: 'it broke', details: { secret: 1 } };
  const failed: TaskEvent = {
    ...{ kind: 'TaskFailed', position: 0, attempt: 1, runId: 'r1', retryable: false, random: 0, error },
  };
  const notices = (loaded: LoadedChain) =>
    decideChain(loaded, [{ event: failed }, { event: failed }], new Capacity()).outbox.flatMap(({ kind, payload }) =>
      kind === 'NOTICE' ? [payload as { type: string; data: object }] : [],
    );
  const data = { chain_id: 'c', task_id: 't0', task_type: 'diagnostic', attempt: 1 };
  const sentData = { ...data, error: { code: 'BROKEN', message: 'it broke' } };
  const timestamp = '1970-01-01T00:00:02.000Z';
  expect(notices(sent())).toEqual([
    { type: 'task.failure', timestamp, data: sentData },
    expect.objectContaining({ type: 'chain.failure' }),
  ]);
  expect(notices(sent('pause'))).toEqual([{ type: 'chain.held', timestamp, data: sentData }]);
});

it('learns how long runs of a type take from the reports of their ends', () => {
  const succeeded: TaskEvent = { kind: 'TaskSucceeded', position: 0, attempt: 1, runId: 'r1' };
  const placesAfter = (elapsedMs?: number): number => {
    const capacity = new Capacity();
    const report = elapsedMs === undefined ? {} : { report: { elapsedMs } };
    decideChain(sent(), [{ event: succeeded, ...report }], capacity);
    capacity.refresh([{ task_type: 'diagnostic', slots: '2', in_flight: 0, tenants: [], shared: false }]);
    return capacity.places(100).places[0]!;
  };
  expect([placesAfter(), placesAfter(5), placesAfter(500)]).toEqual([4, 22, 4]);
});

/** A chain that stops on an error, with two tasks that were sent and have not started. */
function sent(onExhausted: 'fail' | 'pause' = 'fail'): LoadedChain {
  const tasks = [0, 1].map((position): Task => ({
    position,
    taskId: `t${position}`,
    taskType: 'diagnostic',
    status: 'QUEUED',
    attempt: 1,
    runId: null,
    failures: 0,
    losses: 0,
    parents: { pending: 0, succeeded: 0, failed: 0, skipped: 0 },
    triggerRule: 'all_success',
    retry: { ...DEFAULT_RETRY_POLICY, onExhausted },
    priority: 5,
    successors: [],
    ...DEFAULT_SETTINGS,
    hold: null,
    firstQueuedAt: 1_000,
    skipReason: null,
    nextAttemptAt: null,
    approvedAttempt: null,
    error: null,
  }));
  const chain: Chain = {
    status: 'RUNNING',
    ...{ epoch: 1, totalTasks: 2, completedTasks: 0, failedTasks: 0, skippedTasks: 0 },
    ...{ cancelledTasks: 0, toleratedTasks: 0, admittedTasks: 2, maxParallel: null, stopOnError: true },
    ...{ timeoutMs: 60_000, approvalMs: 60_000, deadlineAt: 60_000, timeLeftMs: null, error: null, endedBy: null },
  };
  return {
    ...{
      chainId: 'c',
      tenantId: 'default',
      version: 1,
      nowMs: 2_000,
      lagMs: 0,
      readAt: 0,
      compensates: false,
      parentId: null,
      turn: 0,
    },
    state: { chain, tasks: new Map(tasks.map((task) => [task.position, task])) },
    rows: new Map(
      tasks.map(({ position }) => [position, { id: position, taskRequestId: `r${position}`, grouped: false }]),
    ),
    positions: new Map(tasks.map(({ position }) => [`r${position}`, position])),
  };
}
