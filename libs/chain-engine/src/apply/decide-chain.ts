import { decide, dispatch, evolve, failure, isChainTerminal, isControlType } from '#libs/chain-domain';
import type { Chain, ChainEvent, Decision, Refusal, Task } from '#libs/chain-domain';
import type {
  ArtifactRecord,
  AttemptRecord,
  AuditedChange,
  ChainSave,
  ChildStart,
  EventRecord,
  LoadedChain,
  TaskReport,
} from '#libs/repositories';
import type { Capacity } from '../dispatch/capacity.js';
import { endNotice, noticesOf } from './notices.js';

/** An event of a chain with what is stored beside it. */
export interface Incoming {
  readonly event: ChainEvent;
  readonly report?: TaskReport;
  readonly artifacts?: readonly Omit<ArtifactRecord, 'taskId'>[];
  /** Kept in the event's history. */
  readonly data?: Record<string, unknown>;
  /** The audit entry of a user's command. */
  readonly audit?: AuditedChange;
  /** What a task that is opened runs. */
  readonly child?: ChildStart;
  /** Opens the attempt of the task that follows, in the same save, where it is sent. */
  readonly opens?: (attempt: number) => Incoming;
}

/** Something was refused: nothing of the chain is stored. */
export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(`${refusal.refused}: the chain is ${refusal.status}`);
  }
}

/**
 * Takes a chain's events one after another through `decide`, sends what became ready where there is room, and gathers
 * all that must be stored. Moves `loaded.state` on. Throws `IncompleteState`, or `Refused` for a command.
 */
export function decideChain(loaded: LoadedChain, incoming: readonly Incoming[], capacity: Capacity): ChainSave {
  const { state, nowMs } = loaded;
  const before = state.chain;
  const changed = new Map<number, Task>();
  const dispatched = new Set<number>();
  const reports = new Map<number, TaskReport>();
  const events: EventRecord[] = [];
  const attempts: AttemptRecord[] = [];
  const artifacts: ArtifactRecord[] = [];
  const outbox: { kind: string; payload: unknown }[] = [];
  const ready: number[] = [];
  const children = new Map<number, ChildStart>();
  let movesChildren = false;

  const take = (item: Incoming): void => {
    const was = (position: number): Task | undefined => state.tasks.get(position);
    const decision = decide(state, item.event, nowMs);
    if ('refused' in decision) throw new Refused(decision);
    events.push(recordOf(item, decision, state.tasks));
    if (decision.disposition !== 'ACCEPTED') return;
    const named = 'position' in item.event ? item.event.position : undefined;
    // The chain of a turn that is over has ended: it has nothing to follow.
    movesChildren ||= item.event.kind !== 'TaskTurned' && moves(decision, state);
    if (item.child !== undefined && named !== undefined) children.set(named, item.child);
    for (const [position, task] of decision.changed) {
      const attempt = attemptOf(was(position), task, item.event);
      if (attempt !== null) {
        // A control task, or one whose condition was false, was never sent: that was no attempt.
        const unsent = item.event.kind === 'TaskConditionFalse' && position === named;
        if (!unsent && !isControlType(task.taskType)) attempts.push(attempt);
        capacity.ended(task.taskType, position === named ? item.report?.elapsedMs : undefined);
        if (loaded.rows.get(position)!.grouped) capacity.groupsMayWait = true;
      }
      if (task.status === 'READY' && task.hold === null) ready.push(position);
      changed.set(position, task);
    }
    if (named !== undefined) {
      if (item.report !== undefined) reports.set(named, item.report);
      const taskId = state.tasks.get(named)!.taskId;
      for (const artifact of item.artifacts ?? []) artifacts.push({ taskId, ...artifact });
    }
    const stop = decision.effects.flatMap((effect) =>
      effect.kind === 'AbortTask'
        ? [{ taskRequestId: loaded.rows.get(effect.position)!.taskRequestId, attempt: effect.attempt }]
        : [],
    );
    if (stop.length > 0) outbox.push({ kind: 'STOP', payload: { tasks: stop } });
    for (const payload of noticesOf(loaded, decision)) outbox.push({ kind: 'NOTICE', payload });
    if (item.audit !== undefined) outbox.push({ kind: 'AUDIT', payload: item.audit });
    evolve(state, decision);
  };
  for (const item of incoming) take(item);
  if (state.chain.status === 'RUNNING') send(loaded, ready, capacity, changed, dispatched);
  for (const { event, opens } of incoming) {
    if (opens === undefined || !('position' in event) || !dispatched.delete(event.position!)) continue;
    take(opens(state.tasks.get(event.position!)!.attempt));
  }
  if (isChainTerminal(state.chain.status) && state.chain.status !== before.status) {
    const end = finished(state.chain);
    events.push(end);
    outbox.push({ kind: 'NOTICE', payload: endNotice(loaded, end) });
  }
  return { loaded, before, changed, dispatched, reports, events, attempts, artifacts, outbox, children, movesChildren };
}

/** Whether a child has to follow: its task was left, its priority changed, or its chain was paused or resumed. */
function moves({ chain, changed }: Decision, state: LoadedChain['state']): boolean {
  const waits = (task: Task | undefined): boolean => task?.hold === 'CHILD';
  for (const [position, task] of changed) {
    const was = state.tasks.get(position);
    if (waits(was) && (!waits(task) || was!.priority !== task.priority)) return true;
  }
  return chain.status !== state.chain.status && [...state.tasks.values()].some(waits);
}

/** The most urgent first, while there is room; the others stay READY for the dispatcher. */
function send(
  loaded: LoadedChain,
  ready: number[],
  capacity: Capacity,
  changed: Map<number, Task>,
  dispatched: Set<number>,
): void {
  const tasks = ready
    .map((position) => loaded.state.tasks.get(position)!)
    .filter((task) => task.status === 'READY' && task.hold === null);
  tasks.sort((a, b) => b.priority - a.priority || a.position - b.position);
  for (const task of tasks) {
    if (loaded.rows.get(task.position)!.grouped) {
      capacity.groupsMayWait = true;
      continue;
    }
    if (!capacity.take(task.taskType, loaded.tenantId)) continue;
    const decision = dispatch(loaded.state, task.position, loaded.nowMs);
    evolve(loaded.state, decision);
    changed.set(task.position, decision.changed.get(task.position)!);
    dispatched.add(task.position);
  }
}

function recordOf(item: Incoming, decision: Decision, tasks: ReadonlyMap<number, Task>): EventRecord {
  const { event } = item;
  const position = 'position' in event ? event.position : undefined;
  const taskId = position === undefined ? null : tasks.get(position)!.taskId;
  const { disposition } = decision;
  if (!('attempt' in event)) return { taskId, kind: event.kind, disposition, data: item.data };
  return {
    taskId,
    kind: event.kind,
    disposition,
    attempt: event.attempt,
    runId: 'runId' in event ? event.runId : null,
    data: 'error' in event ? { error: event.error, ...item.data } : item.data,
  };
}

/** The attempt that this change ended, if it ended one. */
function attemptOf(was: Task | undefined, now: Task, event: ChainEvent): AttemptRecord | null {
  if (was === undefined || (was.status !== 'QUEUED' && was.status !== 'RUNNING')) return null;
  if (now.status === 'QUEUED' || now.status === 'RUNNING') return null;
  const outcome =
    now.status === 'SUCCESS'
      ? 'SUCCESS'
      : event.kind === 'TaskLost'
        ? 'LOST'
        : now.status === 'FAILURE' || now.status === 'RETRYING'
          ? 'FAILURE'
          : 'CANCELLED';
  const ownRun = 'runId' in event && event.position === now.position ? event.runId : null;
  const runId = now.runId ?? was.runId ?? ownRun;
  // A run that a stopping worker hands back says so itself: nothing is wrong with it.
  const lost = event.kind === 'TaskLost' && event.runId === null;
  const error = outcome === 'FAILURE' ? now.error : lost ? WORKER_LOST : null;
  return { position: now.position, attempt: was.attempt, runId, outcome, error };
}

const WORKER_LOST = failure('WORKER_LOST', 'its lease expired: no worker reported it any more');

function finished(chain: Chain): EventRecord {
  return {
    taskId: null,
    kind: 'ChainFinished',
    disposition: 'ACCEPTED',
    data: {
      status: chain.status,
      completed: chain.completedTasks,
      failed: chain.failedTasks,
      skipped: chain.skippedTasks,
      cancelled: chain.cancelledTasks,
      ...(chain.endedBy !== null && { ended_by: chain.endedBy }),
    },
  };
}
