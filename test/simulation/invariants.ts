/**
 * What must hold after every commit (ARCHITECTURE.md, "Invariants"), checked without the code under test: counts
 * are recounted, and a trigger rule is tried over every way in which the parents could still end.
 */
import type { Chain, Task, TriggerRule } from '#libs/chain-domain';
import type { EventRecord } from '#libs/repositories';
import type { Job } from './transport.js';

export interface Snapshot {
  readonly chain: Chain;
  readonly tasks: readonly Task[];
  readonly results: readonly (string | null)[];
}

/** Something that must never be. `name` begins with the invariant's number where it has one. */
export class Violation extends Error {
  constructor(
    readonly invariant: string,
    readonly detail: string,
  ) {
    super(`${invariant}: ${detail}`);
    this.name = 'Violation';
  }
}

const FINAL = new Set(['SUCCESS', 'FAILURE', 'SKIPPED', 'CANCELLED']);
const ENDED = new Set(['SUCCESS', 'FAILURE', 'CANCELLED']);
const ENDINGS = new Set(['TaskSucceeded', 'TaskFailed', 'TaskLost', 'TaskQueueTimedOut', 'TaskConditionFalse']);

export class Invariants {
  /** By attempt: the run that was accepted first. */
  private readonly runs = new Map<string, string>();
  /** Attempts that an accepted event has ended. */
  private readonly ended = new Set<string>();
  /** The run whose result stands, by task. */
  private readonly results = new Map<string, string>();
  /** Attempts that were ever committed as QUEUED. */
  private readonly handedOut = new Set<string>();
  private readonly sends = new Map<string, number>();
  commits = 0;

  committed(chainId: string, before: Snapshot, after: Snapshot, events: readonly EventRecord[]): void {
    this.commits++;
    for (const event of events) this.accepted(chainId, before, after, event);
    const rerun = after.chain.epoch > before.chain.epoch;
    after.tasks.forEach((task, position) => {
      const was = before.tasks[position]!;
      const name = `${chainId}/${task.taskId}`;
      if (FINAL.has(was.status) && was.status !== task.status && !rerun) {
        throw new Violation('I1', `${name} went from ${was.status} to ${task.status} within an epoch`);
      }
      if (task.attempt < was.attempt) throw new Violation('I9', `${name}: attempt ${was.attempt} -> ${task.attempt}`);
      if (task.status === 'QUEUED') this.handedOut.add(`${chainId}-${position}.${task.attempt}`);
      if (task.status !== 'SUCCESS' && after.results[position] !== null) {
        throw new Violation('I3', `${name} is ${task.status} and has the result of an earlier run`);
      }
      const begins = was.status === 'PENDING' || (rerun && !isOpen(was));
      if (begins && was !== task) this.began(name, task, after, events);
    });
    if (ENDED.has(before.chain.status) && before.chain.status !== after.chain.status && !rerun) {
      throw new Violation('I1', `chain ${chainId} went from ${before.chain.status} to ${after.chain.status}`);
    }
    recount(chainId, after);
    alive(chainId, after);
  }

  /** A job of an attempt that no commit has handed out must not be in the queue. */
  sending(job: Job): void {
    this.sends.set(job.id, (this.sends.get(job.id) ?? 0) + 1);
    if (!this.handedOut.has(job.id)) throw new Violation('commit-before-send', `${job.id} was sent and is not stored`);
  }

  /** How often each job was sent. */
  get sent(): ReadonlyMap<string, number> {
    return this.sends;
  }

  /** At the very end: each result that stands is that of the run that was accepted. */
  resultsStand(chainId: string, { tasks, results }: Snapshot): void {
    tasks.forEach((task, position) => {
      const expected = this.results.get(`${chainId}-${position}`);
      if (task.status === 'SUCCESS' && results[position] !== expected) {
        throw new Violation('I3', `${chainId}/${task.taskId} holds ${results[position]} instead of ${expected}`);
      }
    });
  }

  private accepted(chainId: string, before: Snapshot, after: Snapshot, event: EventRecord): void {
    if (event.disposition === 'QUARANTINED') {
      throw new Violation('commit-before-send', `${chainId}/${event.taskId}: a report of an attempt never handed out`);
    }
    if (event.disposition !== 'ACCEPTED' || event.taskId === null) return;
    const position = after.tasks.findIndex(({ taskId }) => taskId === event.taskId);
    const request = `${chainId}-${position}`;
    if (event.kind === 'ResolveTask') this.results.set(request, 'operator');
    if (event.attempt === undefined) return;
    const attempt = `${request}.${before.tasks[position]!.attempt}`;
    const run = event.runId ?? null;
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
    if (!ENDINGS.has(event.kind)) return;
    // A task that waits may run out of time in the queue: that ends no attempt.
    if (event.kind !== 'TaskQueueTimedOut') {
      if (this.ended.has(attempt))
        throw new Violation('I3', `${event.kind} was accepted for ${attempt}, which had ended`);
      this.ended.add(attempt);
    }
    if (event.kind === 'TaskSucceeded') this.results.set(request, run!);
  }

  /** I2: a task leaves PENDING by its rule, by its operator, or with its chain. */
  private began(name: string, task: Task, after: Snapshot, events: readonly EventRecord[]): void {
    const ordered = (kind: string) => events.some((e) => e.kind === kind && e.taskId === task.taskId);
    if (task.status === 'READY' || task.status === 'QUEUED') {
      if (!certain(task.triggerRule, endings(task, after), true)) {
        throw new Violation('I2', `${name} is ${task.status} although ${describe(task, after)}`);
      }
    } else if (task.status === 'SKIPPED' && /^UPSTREAM|^CONDITION/.test(task.skipReason ?? '')) {
      const rerun = events.some(({ kind }) => kind === 'RetryChain');
      if (!rerun && !certain(task.triggerRule, endings(task, after), false)) {
        throw new Violation('I2', `${name} is skipped although ${describe(task, after)}`);
      }
    } else if (task.status === 'SUCCESS' && !ordered('ResolveTask')) {
      throw new Violation('I2', `${name} succeeded without having started`);
    }
  }
}

function recount(chainId: string, { chain, tasks }: Snapshot): void {
  const count = (holds: (task: Task) => boolean): number => tasks.filter(holds).length;
  const expected = {
    completedTasks: count(({ status }) => status === 'SUCCESS'),
    failedTasks: count(({ status }) => status === 'FAILURE'),
    toleratedTasks: count(({ status, tolerable }) => status === 'FAILURE' && tolerable),
    skippedTasks: count(({ status }) => status === 'SKIPPED'),
    cancelledTasks: count(({ status }) => status === 'CANCELLED'),
    admittedTasks: count(isAdmitted),
  };
  for (const [name, value] of Object.entries(expected)) {
    const stored = chain[name as keyof typeof expected];
    if (stored !== value) throw new Violation('I4', `${chainId}.${name} is ${stored}, a recount gives ${value}`);
  }
  for (const task of tasks) {
    if (task.status !== 'PENDING') continue;
    const ends = endings(task, { chain, tasks, results: [] });
    for (const outcome of ['pending', 'succeeded', 'failed', 'skipped'] as const) {
      const value = ends.filter((end) => end === outcome).length;
      if (task.parents[outcome] !== value) {
        throw new Violation(
          'I4',
          `${chainId}/${task.taskId} counts ${task.parents[outcome]} parents ${outcome}, not ${value}`,
        );
      }
    }
  }
}

/** I5, and what follows from a chain's status. */
function alive(chainId: string, { chain, tasks }: Snapshot): void {
  const { status, maxParallel, admittedTasks } = chain;
  if (maxParallel !== null && admittedTasks > maxParallel) {
    throw new Violation('max_parallel', `${chainId} has ${admittedTasks} tasks going and allows ${maxParallel}`);
  }
  if (ENDED.has(status)) {
    const open = tasks.find((task) => !FINAL.has(task.status));
    if (open !== undefined) throw new Violation('I1', `${chainId} is ${status} and ${open.taskId} is ${open.status}`);
    if ((status === 'FAILURE') !== (chain.error !== null)) {
      throw new Violation('error', `${chainId} is ${status} with error ${JSON.stringify(chain.error)}`);
    }
    const failed = tasks.find((task) => task.status === 'FAILURE' && !task.tolerable);
    if (status === 'SUCCESS' && failed)
      throw new Violation('outcome', `${chainId} is SUCCESS and ${failed.taskId} failed`);
    return;
  }
  if (status === 'PAUSED') {
    const free = tasks.find((task) => task.status === 'READY' && task.hold === null);
    if (free) throw new Violation('pause', `${chainId} is PAUSED and ${free.taskId} may be sent`);
    return;
  }
  if (status !== 'RUNNING') return;
  const moves = (task: Task): boolean =>
    isAdmitted(task) || (task.status === 'RETRYING' && task.hold === null && task.nextAttemptAt !== null);
  const waits = (task: Task): boolean => task.hold === 'APPROVAL' && task.nextAttemptAt !== null;
  const stands = chain.deadlineAt === null;
  if (stands === tasks.some(moves)) {
    throw new Violation(
      'clock',
      `${chainId}: its clock ${stands ? 'stands' : 'runs'} beside ${tasks.map((t) => t.status).join(', ')}`,
    );
  }
  if (!tasks.some((task) => moves(task) || waits(task))) {
    throw new Violation(
      'I5',
      `nothing will move ${chainId}: ${tasks.map((t) => `${t.taskId} ${t.status}`).join(', ')}`,
    );
  }
  const idle = tasks.find((task) => task.status === 'READY' && task.hold !== null);
  if (idle && (maxParallel === null || admittedTasks < maxParallel)) {
    throw new Violation('hold', `${chainId} has capacity and ${idle.taskId} is held: ${idle.hold}`);
  }
  for (const task of tasks) {
    if (task.status !== 'PENDING') continue;
    const ends = endings(task, { chain, tasks, results: [] });
    if (certain(task.triggerRule, ends, true) || certain(task.triggerRule, ends, false)) {
      throw new Violation(
        'I5',
        `${chainId}/${task.taskId} is PENDING although its rule is decided: ${ends.join(', ')}`,
      );
    }
  }
}

type Ending = 'pending' | 'succeeded' | 'failed' | 'skipped';

function endings(task: Task, { tasks }: Snapshot): Ending[] {
  return tasks.filter(({ successors }) => successors.includes(task.position)).map(endingOf);
}

function endingOf(parent: Task): Ending {
  if (parent.status === 'SUCCESS' || (parent.status === 'FAILURE' && parent.tolerable)) return 'succeeded';
  if (parent.status === 'FAILURE' || parent.status === 'CANCELLED') return 'failed';
  if (parent.status !== 'SKIPPED') return 'pending';
  return parent.skipReason === 'UPSTREAM_FAILED' ? 'failed' : 'skipped';
}

/** Whether the rule comes out as `outcome` however the pending parents end. */
function certain(rule: TriggerRule, ends: readonly Ending[], outcome: boolean): boolean {
  const pending = ends.indexOf('pending');
  if (pending === -1) return holds(rule, ends) === outcome;
  if (rule === 'always') return outcome;
  // Its parents must have ended, in whatever way: nothing is decided before that.
  if (rule === 'all_done') return false;
  return (['succeeded', 'failed', 'skipped'] as const).every((end) => certain(rule, ends.with(pending, end), outcome));
}

/** A rule over parents that have all ended, by its definition. */
function holds(rule: TriggerRule, ends: readonly Ending[]): boolean {
  if (ends.length === 0) return true;
  const count = (ending: Ending): number => ends.filter((end) => end === ending).length;
  if (typeof rule === 'object') return count('succeeded') >= rule.at_least;
  switch (rule) {
    case 'all_success':
      return count('succeeded') === ends.length;
    case 'all_failed':
      return count('failed') === ends.length;
    case 'one_success':
      return count('succeeded') > 0;
    case 'one_failed':
      return count('failed') > 0;
    case 'none_failed':
      return count('failed') === 0;
    case 'none_failed_min_one_success':
      return count('failed') === 0 && count('succeeded') > 0;
    case 'all_done':
    case 'always':
      return true;
  }
}

function isOpen({ status }: Task): boolean {
  return !FINAL.has(status);
}

function isAdmitted({ status, hold }: Task): boolean {
  return status === 'QUEUED' || status === 'RUNNING' || (status === 'READY' && hold === null);
}

function describe(task: Task, after: Snapshot): string {
  return `its rule is ${JSON.stringify(task.triggerRule)} and its parents: ${endings(task, after).join(', ')}`;
}
