/** What the rows of one chain must be at any moment. */
import type { Chain, Task, TriggerRule } from '#libs/chain-domain';

/** A chain as its rows have it, tasks in their order. */
export interface Snapshot {
  readonly chain: Chain;
  readonly version: number;
  readonly tasks: readonly Task[];
  /** What `decide` knows nothing of, by position. */
  readonly rows: readonly TaskFacts[];
}

export interface TaskFacts {
  readonly task_request_id: string;
  readonly result: string | null;
  readonly changed_version: number;
  readonly concurrency_key: string | null;
  readonly config: {
    /** Of the signal that it waits for. */
    readonly key?: string;
    /** What an instance of a list got. */
    readonly item?: unknown;
    readonly index?: number;
    /** Of a `for_each` over a result: the list, or what is there in its place. */
    readonly args?: { readonly items: unknown };
  } | null;
  readonly lease_ms: number | null;
}

/** Whether a task runs a chain: also one whose instances are tasks of that. */
export const runsChain = ({ tasks, rows }: Snapshot, position: number): boolean =>
  tasks[position]!.taskType === 'chain' || rows[position]!.config?.args !== undefined;

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

export const FINAL = new Set(['SUCCESS', 'FAILURE', 'SKIPPED', 'CANCELLED']);
export const ENDED = new Set(['SUCCESS', 'FAILURE', 'CANCELLED']);
/** I4: counters and parents are what a recount gives. */
export function recount(chainId: string, { chain, tasks }: Snapshot): void {
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
    const ends = endings(task, tasks);
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
export function alive(chainId: string, { chain, tasks }: Snapshot): void {
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
    if (status === 'SUCCESS' && failed && chain.endedBy === null)
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
  const waits = (task: Task): boolean =>
    (['APPROVAL', 'WAIT', 'SIGNAL', 'SIGN_OFF'].includes(String(task.hold)) && task.nextAttemptAt !== null) ||
    task.hold === 'CHILD';
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
    const ends = endings(task, tasks);
    if (certain(task.triggerRule, ends, true) || certain(task.triggerRule, ends, false)) {
      throw new Violation(
        'I5',
        `${chainId}/${task.taskId} is PENDING although its rule is decided: ${ends.join(', ')}`,
      );
    }
  }
}

type Ending = 'pending' | 'succeeded' | 'failed' | 'skipped';

/** How the parents of a task have ended. */
export function endings(task: Task, tasks: readonly Task[]): Ending[] {
  return tasks.filter(({ successors }) => successors.includes(task.position)).map(endingOf);
}

function endingOf(parent: Task): Ending {
  if (parent.status === 'SUCCESS' || (parent.status === 'FAILURE' && parent.tolerable)) return 'succeeded';
  if (parent.status === 'FAILURE' || parent.status === 'CANCELLED') return 'failed';
  if (parent.status !== 'SKIPPED') return 'pending';
  return parent.skipReason === 'UPSTREAM_FAILED' ? 'failed' : 'skipped';
}

/** Whether the rule comes out as `outcome` however the pending parents end. */
export function certain(rule: TriggerRule, ends: readonly Ending[], outcome: boolean): boolean {
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

export function isOpen({ status }: Task): boolean {
  return !FINAL.has(status);
}

export function isInFlight({ status }: Task): boolean {
  return status === 'QUEUED' || status === 'RUNNING';
}

function isAdmitted({ status, hold }: Task): boolean {
  return status === 'QUEUED' || status === 'RUNNING' || (status === 'READY' && hold === null);
}
