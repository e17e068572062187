/**
 * What must hold after every commit (ARCHITECTURE.md, "Invariants"), checked without the code under test: counts
 * are recounted, and a trigger rule is tried over every way in which the parents could still end.
 */
import { isDeepStrictEqual } from 'node:util';
import { FOR_EACH, isControlType, type Task } from '#libs/chain-domain';
import {
  alive,
  certain,
  ENDED,
  endings,
  FINAL,
  isInFlight,
  isOpen,
  recount,
  Violation,
  type Snapshot,
  type TaskFacts,
} from './standing.js';

interface StoredEvent {
  readonly taskId: string | null;
  readonly kind: string;
  readonly disposition: string;
  readonly attempt: number | null;
  readonly runId: string | null;
  readonly version: number;
  /** The signal that a control task got. */
  readonly signalId: string | null;
}

/** What a statement added beside the chains. */
export interface Facts {
  /** The statement. */
  readonly by: string;
  readonly nowMs: number;
  /** When the one who saved had read the chain, where that is known. */
  readonly readMs?: number | undefined;
  readonly tasks: readonly TaskFacts[];
  /** Of the chain. */
  readonly events: readonly StoredEvent[];
  readonly outbox: readonly { readonly kind: string; readonly payload: unknown }[];
  /** All attempts that have ended; `id` is that of their job. */
  readonly attempts: readonly { readonly id: string; readonly runId: string | null; readonly outcome: string }[];
}

/** By so much a restore raises attempts. */
const LOST_ATTEMPTS = 1_000;
const ENDINGS = new Set([
  'TaskSucceeded',
  'TaskFailed',
  'TaskLost',
  'TaskQueueTimedOut',
  'TaskConditionFalse',
  'TaskTurned',
]);

export class Invariants {
  /** By attempt: the run that was accepted first. */
  private readonly runs = new Map<string, string>();
  /** Attempts that an accepted event has ended. */
  private readonly ended = new Set<string>();
  /** Attempts of control tasks that were opened. */
  private readonly opened = new Set<string>();
  /** The run whose result stands, by task. */
  private readonly results = new Map<string, unknown>();
  /** Attempts that were ever committed as QUEUED. */
  private readonly handedOut = new Set<string>();
  private readonly used = new Set<string>();
  private readonly sends = new Map<string, number>();
  /** Chains as they were when the queue came back from a backup. */
  private lost: readonly Snapshot[] | null = null;
  commits = 0;
  /** Notices that were stored. */
  notices = 0;

  /** Of a new chain: what is sent at once. */
  made(chainId: string, { tasks }: Snapshot): void {
    for (const { position, status, attempt } of tasks) {
      if (status === 'QUEUED') this.handedOut.add(`${chainId}-${position}.${attempt}`);
    }
  }

  /** After each statement: what a chain was, what it is, and what the statement added beside it. */
  committed(chainId: string, before: Snapshot, after: Snapshot, facts: Facts): void {
    this.commits++;
    const { by, events } = facts;
    for (const event of events) this.accepted(chainId, before, after, event, facts);
    const rerun = after.chain.epoch > before.chain.epoch;
    after.tasks.forEach((task, position) => {
      const was = before.tasks[position]!;
      const { changed_version: changed, result } = after.rows[position]!;
      const name = `${chainId}/${task.taskId}`;
      if (FINAL.has(was.status) && was.status !== task.status && !rerun) {
        throw new Violation('I1', `${name} went from ${was.status} to ${task.status} within an epoch`);
      }
      if (task.attempt < was.attempt) throw new Violation('I9', `${name}: attempt ${was.attempt} -> ${task.attempt}`);
      if (task.status === 'QUEUED') this.handedOut.add(`${chainId}-${position}.${task.attempt}`);
      if (task.status !== 'SUCCESS' && result !== null) {
        throw new Violation('I3', `${name} is ${task.status} and has the result of an earlier run`);
      }
      if (changed > after.version || (!isDeepStrictEqual(was, task) && changed !== after.version)) {
        throw new Violation('version', `${name} changed in version ${after.version} and says ${changed}`);
      }
      const fresh = task.status === 'PENDING' || (rerun && was.status !== task.status);
      if (fresh && task.failures + task.losses > 0) {
        throw new Violation('fresh', `${name} is to begin with ${task.failures} failures and ${task.losses} losses`);
      }
      moved(name, was, task, before, facts);
      const begins = was.status === 'PENDING' || (rerun && !isOpen(was));
      if (begins && changed > before.version) this.began(name, task, after, events);
    });
    const same = isDeepStrictEqual([before.chain, before.tasks], [after.chain, after.tasks]);
    const raised = after.version - before.version;
    if (raised < (same ? 0 : 1) || (raised > 1 && by !== 'transaction')) {
      throw new Violation('version', `${chainId}: ${by} left version ${after.version} after ${before.version}`);
    }
    if (ENDED.has(before.chain.status) && before.chain.status !== after.chain.status && !rerun) {
      throw new Violation('I1', `chain ${chainId} went from ${before.chain.status} to ${after.chain.status}`);
    }
    left(chainId, before, after, facts);
    stopped(chainId, after, facts);
    this.notices += told(chainId, before, after, facts);
    recount(chainId, after);
    alive(chainId, after);
  }

  /** Over all chains: no more tasks of a concurrency group are in flight than it has places. */
  together(chains: readonly Snapshot[]): void {
    const keys = chains.flatMap(({ tasks, rows }) =>
      tasks.filter(isInFlight).flatMap(({ position }) => rows[position]!.concurrency_key ?? []),
    );
    const twice = keys.find((key, i) => keys.indexOf(key) !== i);
    if (twice !== undefined) throw new Violation('concurrency', `two tasks of the group ${twice} are in flight`);
  }

  /** A job of an attempt that no commit has handed out must not be in the queue. */
  sending(id: string, type: string): void {
    if (isControlType(type)) throw new Violation('I11', `${id} was sent, and no worker runs a ${type}`);
    this.sends.set(id, (this.sends.get(id) ?? 0) + 1);
    if (!this.handedOut.has(id)) throw new Violation('commit-before-send', `${id} was sent and is not stored`);
  }

  /** The queue holds what was sent at another time: reports of present attempts may be of that time. */
  restored(chains: readonly Snapshot[]): void {
    this.lost ??= chains;
  }

  /** The queue was emptied to be filled anew: no unfinished task of then is still in an attempt of that time. */
  emptied(chains: readonly Snapshot[]): void {
    this.lost?.forEach(({ chain: then, tasks }, i) => {
      const { chain } = chains[i]!;
      if (ENDED.has(then.status) || ENDED.has(chain.status) || chain.epoch !== then.epoch) return;
      for (const was of tasks) {
        const now = chains[i]!.tasks[was.position]!;
        // Of a child's parent the queue knows nothing.
        if (now.hold === 'CHILD') continue;
        if (isOpen(was) && isOpen(now) && now.attempt < was.attempt + LOST_ATTEMPTS) {
          throw new Violation(
            'restore',
            `${chain.status} ${now.taskId} is in attempt ${now.attempt}, was in ${was.attempt}`,
          );
        }
      }
    });
    this.lost = null;
  }

  /** How often each job was sent. */
  get sent(): ReadonlyMap<string, number> {
    return this.sends;
  }

  /** At the very end: each result that stands is that of the run that was accepted. */
  resultsStand(chainId: string, { tasks, rows }: Snapshot): void {
    tasks.forEach((task, position) => {
      const expected = this.results.get(`${chainId}-${position}`);
      const { result } = rows[position]!;
      if (task.status === 'SUCCESS' && !isDeepStrictEqual(result, expected)) {
        throw new Violation('I3', `${chainId}/${task.taskId} holds ${result} instead of ${expected}`);
      }
    });
  }

  private accepted(
    chainId: string,
    before: Snapshot,
    after: Snapshot,
    event: StoredEvent,
    { nowMs, readMs = nowMs }: Pick<Facts, 'nowMs' | 'readMs'>,
  ): void {
    if (event.disposition === 'QUARANTINED') {
      throw new Violation('commit-before-send', `${chainId}/${event.taskId}: a report of an attempt never handed out`);
    }
    if (event.disposition !== 'ACCEPTED') return;
    if (event.version !== after.version && event.version !== before.version + 1) {
      throw new Violation('version', `${chainId}: ${event.kind} is kept with version ${event.version}`);
    }
    if (event.kind === 'ChainTimedOut' && (before.chain.deadlineAt === null || before.chain.deadlineAt > nowMs)) {
      throw new Violation('early', `${chainId} timed out before its deadline`);
    }
    if (event.taskId === null) return;
    const position = after.tasks.findIndex(({ taskId }) => taskId === event.taskId);
    const request = `${chainId}-${position}`;
    if (event.kind === 'ResolveTask') this.results.set(request, 'operator');
    if (event.kind === 'AnswerSignOff') {
      // The save may take its time: what counts is when the chain was read.
      if (before.tasks[position]!.nextAttemptAt! <= readMs)
        throw new Violation('late', `${request} was answered too late`);
      this.results.set(request, 'answer');
    }
    if (event.kind === 'HoldTimedOut') {
      if (before.tasks[position]!.nextAttemptAt! > nowMs)
        throw new Violation('early', `${request} ended before its time`);
      this.results.set(request, after.rows[position]!.result!);
    }
    if (event.attempt === null) return;
    const attempt = `${request}.${before.tasks[position]!.attempt}`;
    const run = event.runId;
    if (event.kind === 'TaskLost' && run === null && before.rows[position]!.lease_ms! > nowMs) {
      throw new Violation('early', `${attempt} was taken for lost although its lease goes on`);
    }
    if (run !== null) {
      if (run.slice(0, run.indexOf('#')) !== attempt) {
        throw new Violation('I7', `${run} was accepted for attempt ${attempt}: it is of another one`);
      }
      const first = this.runs.get(attempt);
      if (first !== undefined && first !== run) {
        throw new Violation('I7', `${event.kind} of run ${run} was accepted after run ${first} of the same attempt`);
      }
      this.runs.set(attempt, run);
    }
    if (event.kind === 'TaskHeld') {
      const opened = `${request}.${event.attempt}`;
      if (this.opened.has(opened)) throw new Violation('I11', `${opened} was opened twice`);
      this.opened.add(opened);
    }
    if (!ENDINGS.has(event.kind)) return;
    // A task that waits may run out of time in the queue: that ends no attempt.
    if (event.kind !== 'TaskQueueTimedOut') {
      if (this.ended.has(attempt))
        throw new Violation('I3', `${event.kind} was accepted for ${attempt}, which had ended`);
      this.ended.add(attempt);
    }
    if (event.kind !== 'TaskSucceeded') return;
    if (event.signalId !== null) this.signalled(request, event.signalId, position, after);
    else if (run === null && collects(position, after)) collected(chainId, position, after);
    this.results.set(request, run ?? after.rows[position]!.result);
  }

  /** At the very end: a signal counts as used exactly where a task got it. */
  signalsStand(used: readonly string[]): void {
    if (isDeepStrictEqual([...used].sort(), [...this.used].sort())) return;
    throw new Violation('I16', `tasks got ${[...this.used].join(', ')}, and ${used.join(', ')} count as used`);
  }

  /** I16: a signal ends one task, which waits for its key, and is its result. */
  private signalled(request: string, signalId: string, position: number, { rows }: Snapshot): void {
    if (this.used.has(signalId)) throw new Violation('I16', `${signalId} ended ${request} and another one`);
    this.used.add(signalId);
    const { result, config } = rows[position]!;
    const key = config?.key;
    if (result !== `${signalId} ${key}`)
      throw new Violation('I16', `${request} waits for ${key} and got ${String(result)}`);
  }

  /** I2: a task leaves PENDING by its rule, by its operator, or with its chain. */
  private began(name: string, task: Task, after: Snapshot, events: readonly StoredEvent[]): void {
    const ordered = (kind: string) => events.some((e) => e.kind === kind && e.taskId === task.taskId);
    if (task.status === 'READY' || task.status === 'QUEUED') {
      if (!certain(task.triggerRule, endings(task, after.tasks), true)) {
        throw new Violation('I2', `${name} is ${task.status} although ${describe(task, after)}`);
      }
    } else if (task.status === 'SKIPPED' && /^UPSTREAM|^TRIGGER_RULE/.test(task.skipReason ?? '')) {
      const rerun = events.some(({ kind }) => kind === 'RetryChain');
      if (!rerun && !certain(task.triggerRule, endings(task, after.tasks), false)) {
        throw new Violation('I2', `${name} is skipped although ${describe(task, after)}`);
      }
    } else if (task.status === 'SUCCESS' && !ordered('ResolveTask')) {
      throw new Violation('I2', `${name} succeeded without having started`);
    }
  }
}

/** Whether its instances are tasks beside it: of a list that came out of a result they are those of its child (I18). */
const collects = (position: number, { tasks, rows }: Snapshot): boolean =>
  tasks[position]!.taskType === FOR_EACH && rows[position]!.config?.args === undefined;

/** I12: what a `for_each` collects are results of its instances, in their order. */
function collected(chainId: string, position: number, { tasks, rows }: Snapshot): void {
  const parents = tasks.filter(({ successors }) => successors.includes(position));
  const list: unknown = rows[position]!.result;
  const isOf = (value: unknown, parent: number): boolean =>
    value === null || value === 'operator' || Array.isArray(value) || String(value).startsWith(`${chainId}-${parent}.`);
  const right =
    Array.isArray(list) && list.length === parents.length && list.every((each, i) => isOf(each, parents[i]!.position));
  if (!right) throw new Violation('I12', `${chainId}-${position} collected ${JSON.stringify(list)}`);
}

/** The moves that statements make in bulk, and those beside them that need somebody's word. */
function moved(name: string, was: Task, task: Task, before: Snapshot, { by, nowMs, events }: Facts): void {
  const bulk = by !== 'save-decisions' && by !== 'transaction';
  if (bulk && was.status === 'READY' && task.status === 'QUEUED') {
    if (before.chain.status !== 'RUNNING') throw new Violation('claim', `${name} was sent: ${before.chain.status}`);
    if (was.hold !== null) throw new Violation('claim', `${name} was sent although it is held: ${was.hold}`);
  }
  if (was.taskType === 'sign_off' && was.status !== 'SUCCESS' && task.status === 'SUCCESS') {
    if (was.hold !== 'SIGN_OFF' || !events.some(({ kind }) => kind === 'AnswerSignOff')) {
      throw new Violation('I17', `${name} succeeded, and nobody signed it off`);
    }
  }
  if (was.hold === 'SIGNAL' && task.status === 'SUCCESS') {
    if (!events.some(({ kind, signalId }) => kind === 'ResolveTask' || signalId !== null)) {
      throw new Violation('hold', `${name} waited for a signal and succeeded without one`);
    }
  }
  if (was.hold === 'WAIT' && task.status === 'SUCCESS') {
    if (!events.some(({ kind }) => kind === 'HoldTimedOut' || kind === 'ResolveTask')) {
      throw new Violation('hold', `${name} waited and succeeded before its time was over`);
    }
  }
  if (was.status !== 'RETRYING' || (task.status !== 'READY' && task.status !== 'QUEUED')) return;
  if (was.hold === null && by === 'promote-due') {
    if (was.nextAttemptAt! > nowMs) throw new Violation('early', `${name} is tried again before its backoff is over`);
    return;
  }
  const word = { APPROVAL: 'DecideApproval', RETRIES_EXHAUSTED: 'ResumeChain', CHILD: 'TaskTurned' }[String(was.hold)];
  if (!events.some(({ kind }) => kind === word || kind === 'RetryChain')) {
    throw new Violation('hold', `${name} waited for ${was.hold} and was tried again without it`);
  }
}

/** What is no longer in flight is kept as an attempt; if its run did not end it, its worker is stopped. */
function left(chainId: string, before: Snapshot, after: Snapshot, { by, events, outbox, attempts }: Facts): void {
  if (by === 'raise-attempts') return;
  const stops = outbox.flatMap(({ kind, payload }) =>
    kind === 'STOP' ? (payload as { tasks: { taskRequestId: string; attempt: number }[] }).tasks : [],
  );
  before.tasks.forEach((was, position) => {
    const now = after.tasks[position]!;
    if (!isInFlight(was) || (isInFlight(now) && now.attempt === was.attempt)) return;
    const id = `${chainId}-${position}.${was.attempt}`;
    const end = events.find(
      ({ kind, disposition, taskId }) =>
        disposition === 'ACCEPTED' && (ENDINGS.has(kind) || kind === 'TaskHeld') && taskId === was.taskId,
    );
    const stopped = stops.some(({ taskRequestId, attempt }) => `${taskRequestId}.${attempt}` === id);
    if (end === undefined && !stopped)
      throw new Violation('stop', `${id} no longer counts and nobody stops its worker`);
    if (end?.kind === 'TaskConditionFalse' || isControlType(was.taskType)) return;
    const kept = attempts.find((attempt) => attempt.id === id);
    if (kept === undefined) throw new Violation('attempts', `${id} has ended and is not kept`);
    const run = was.runId ?? end?.runId ?? null;
    if (kept.runId !== run) throw new Violation('attempts', `${id} was run ${run} and is kept as ${kept.runId}`);
    const outcome = { TaskSucceeded: 'SUCCESS', TaskLost: 'LOST' }[end?.kind ?? ''];
    if (outcome !== undefined && kept.outcome !== outcome) {
      throw new Violation('attempts', `${id} ended by ${end!.kind} and is kept as ${kept.outcome}`);
    }
  });
}

/** I10: a task that succeeded has ended its chain where its condition holds, and no other has. */
function stopped(chainId: string, { chain, tasks }: Snapshot, { events }: Facts): void {
  for (const { kind, disposition, taskId } of events) {
    if (disposition !== 'ACCEPTED' || (kind !== 'TaskSucceeded' && kind !== 'ResolveTask')) continue;
    const { endChain } = tasks.find((task) => task.taskId === taskId)!;
    const holds = endChain?.when.includes('!=') === true;
    if (holds !== (chain.endedBy === taskId) || (holds && chain.status !== endChain.status)) {
      throw new Violation(
        'I10',
        `${chainId} is ${chain.status} by ${chain.endedBy} after ${taskId}: ${endChain?.when}`,
      );
    }
  }
}

/** The end of a chain goes out once, with its counts. -> all notices of the chain. */
function told(chainId: string, before: Snapshot, { chain }: Snapshot, { outbox }: Facts): number {
  const all = outbox.flatMap(({ kind, payload }) => {
    const notice = payload as { type: string; data: Record<string, unknown> };
    return kind === 'NOTICE' && notice.data['chain_id'] === chainId ? [notice] : [];
  });
  const notices = all.filter(({ type }) => ['chain.success', 'chain.failure', 'chain.cancelled'].includes(type));
  const ended = ENDED.has(chain.status) && chain.status !== before.chain.status;
  if (notices.length !== (ended ? 1 : 0)) {
    throw new Violation(
      'notice',
      `${chainId} is ${chain.status} after ${before.chain.status}: ${notices.length} notices`,
    );
  }
  if (!ended) return all.length;
  const { type, data } = notices[0]!;
  const counts = [data['completed'], data['failed'], data['skipped'], data['cancelled']];
  const right = [chain.completedTasks, chain.failedTasks, chain.skippedTasks, chain.cancelledTasks];
  if (type !== `chain.${chain.status.toLowerCase()}` || !isDeepStrictEqual(counts, right)) {
    throw new Violation('notice', `${chainId} is ${chain.status} with ${right}; its notice says ${type} and ${counts}`);
  }
  return all.length;
}

function describe(task: Task, after: Snapshot): string {
  return `its rule is ${JSON.stringify(task.triggerRule)} and its parents: ${endings(task, after.tasks).join(', ')}`;
}
