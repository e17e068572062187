import {
  CHILD_CHAIN,
  failure,
  type FailureCode,
  FOR_EACH,
  isObject,
  type JsonValue,
  readSignal,
  readSignOff,
  readWait,
  type ControlType,
  type TaskError,
} from '#libs/chain-domain';
import type { TaskJob } from '#libs/queues';
import type { LastChild, LoadedChain, Queryable } from '#libs/repositories';
import type { Incoming } from '../apply/decide-chain.js';
import { argsOf, fillPlan } from '../children/child-plan.js';
import { handedDown, type Handed } from '../children/handed.js';
import { fillList } from '../children/list-plan.js';
import { nextTurn } from '../children/turns.js';
import type { ChildPlan } from '../commands/new-chain.js';

/** A control task in the place of its job. `parents`: what each has come to, in the order of `inputs`. */
export interface ControlJob extends TaskJob {
  readonly parents: readonly string[];
  /** What it runs. */
  readonly child?: ChildPlan | undefined;
  /** What it ran last. */
  readonly last?: LastChild | undefined;
  /** The artifacts that it may hand down. */
  readonly down?: Handed | undefined;
}

/** What is fenced by the attempt, as every report is: an opening that comes twice counts once. */
type Opening = Pick<ControlJob, 'taskId' | 'attempt' | 'params' | 'inputs' | 'parents' | 'child' | 'last'> & {
  readonly down?: Handed | undefined;
  readonly position: number;
};
type ChildOpening = Pick<Opening, 'position' | 'attempt' | 'params' | 'taskId' | 'child' | 'last' | 'down'>;
/** The clocks of a chain: waits go by the counted time, which is `lagMs` behind PostgreSQL's. */
type Clocks = Pick<LoadedChain, 'nowMs' | 'lagMs'>;

const OPENINGS: Readonly<Record<ControlType, (opening: Opening, clocks: Clocks) => Incoming>> = {
  wait,
  signal,
  sign_off: signOff,
  [FOR_EACH]: collect,
  [CHILD_CHAIN]: startChild,
};

/** The list of all results has at most so many bytes of JSON. */
export const MAX_LIST_BYTES = 4 * 1024 * 1024;

/** The tasks with what they may hand down to the chains that they run, as it is stored by now. */
export async function withHanded(db: Queryable, controls: readonly ControlJob[]): Promise<readonly ControlJob[]> {
  const starting = controls.map(({ taskRequestId, child, params, last }) => {
    const values = [argsOf(params), (last?.outputs ?? null) as JsonValue];
    return { taskRequestId, child, values };
  });
  const handed = await handedDown(db, starting);
  return controls.map((job) => ({ ...job, down: handed.get(job.taskRequestId) }));
}

/**
 * Opens a control task: the event that stands in the place of its job. If this process dies before the event is stored,
 * the task's lease expires and it is opened again.
 */
export function openEvent({ taskType, ...job }: ControlJob, position: number, clocks: Clocks): Incoming {
  return OPENINGS[taskType as ControlType]({ ...job, position }, clocks);
}

function wait({ position, attempt, params }: Opening, { nowMs, lagMs }: Clocks): Incoming {
  const read = readWait(params);
  if ('fault' in read) return invalid(position, attempt, `task_config ${read.fault}`);
  const until = 'forMs' in read ? nowMs + read.forMs : read.untilMs - lagMs;
  return { event: { kind: 'TaskHeld', position, attempt, hold: 'WAIT', until }, report: OPENED };
}

function signal({ position, attempt, params }: Opening, { nowMs }: Clocks): Incoming {
  const read = readSignal(params);
  if ('fault' in read) return invalid(position, attempt, `task_config ${read.fault}`);
  const { awaits, forMs } = read;
  return {
    event: { kind: 'TaskHeld', position, attempt, hold: 'SIGNAL', until: nowMs + forMs },
    report: { ...OPENED, awaits },
  };
}

function signOff({ position, attempt, params }: Opening, { nowMs }: Clocks): Incoming {
  const read = readSignOff(params);
  if ('fault' in read) return invalid(position, attempt, `task_config ${read.fault}`);
  const { awaits, forMs } = read;
  return {
    event: { kind: 'TaskHeld', position, attempt, hold: 'SIGN_OFF', until: nowMs + forMs },
    report: { ...OPENED, awaits },
  };
}

/** Fails the task for its parameters, for good. */
function invalid(position: number, attempt: number, message: string, code: FailureCode = 'INVALID_PARAMS'): Incoming {
  const error = failure(code, message);
  return { event: { kind: 'TaskFailed', position, attempt, runId: null, error, retryable: false, random: 0 } };
}

/**
 * The results of all instances in their order, if enough of them have succeeded. Where the list came out of a result the
 * instances are tasks of another chain, which starts now.
 */
function collect(opening: Opening): Incoming {
  const { position, attempt, params, inputs, parents, child } = opening;
  if (child !== undefined) return startList(opening, child);
  const { items = 0, at_least: least = 0 } = (isObject(params) ? params : {}) as { items?: number; at_least?: number };
  const failed = (error: TaskError): Incoming => ({
    event: { kind: 'TaskFailed', position, attempt, runId: null, error, retryable: false, random: 0 },
  });
  const succeeded = parents.filter((status) => status === 'SUCCESS').length;
  if (items > 0 && succeeded < least) {
    const message = `${succeeded} of ${items} instances succeeded, and at_least is ${least}: look at those that failed`;
    return failed(failure('TOO_FEW_SUCCEEDED', message));
  }
  const result = items === 0 ? [] : Object.values(inputs);
  const bytes = Buffer.byteLength(JSON.stringify(result));
  if (bytes > MAX_LIST_BYTES) {
    const message = `the results of its ${items} instances are ${bytes} bytes, more than ${MAX_LIST_BYTES}: pass large things as artifacts`;
    return failed(failure('RESULT_TOO_LARGE', message));
  }
  return { event: { kind: 'TaskSucceeded', position, attempt, runId: null }, report: { ...OPENED, result } };
}

/** The chain that it runs starts in the transaction that stores this. */
export function startChild({ position, attempt, params, taskId, child, last, down }: ChildOpening): Incoming {
  const args = argsOf(params);
  const { turn, values } = child === undefined ? { turn: 1, values: args } : nextTurn(child, taskId, args, last);
  const filled = child === undefined ? { fault: 'its chain is missing' } : fillPlan(child, values, down);
  if ('fault' in filled) return invalid(position, attempt, `its chain cannot start: ${filled.fault}`, filled.code);
  const event = { kind: 'TaskHeld', position, attempt, hold: 'CHILD', until: null } as const;
  const plan = child?.repeat && child;
  return { event, report: OPENED, child: { chain: filled.chain, args, turn, plan } };
}

/** As a task of type `chain`; without items there is nothing to start. */
function startList({ position, attempt, params, taskId, down }: Opening, child: ChildPlan): Incoming {
  const args = argsOf(params);
  const filled = fillList(child, taskId, args, down);
  if ('error' in filled) {
    const { error } = filled;
    return { event: { kind: 'TaskFailed', position, attempt, runId: null, error, retryable: false, random: 0 } };
  }
  if (filled.chain === null) {
    return { event: { kind: 'TaskSucceeded', position, attempt, runId: null }, report: { ...OPENED, result: [] } };
  }
  const event = { kind: 'TaskHeld', position, attempt, hold: 'CHILD', until: null } as const;
  return { event, report: OPENED, child: { chain: filled.chain, args, turn: 1 } };
}

/** It began as it was opened. */
const OPENED = { elapsedMs: 0 };
