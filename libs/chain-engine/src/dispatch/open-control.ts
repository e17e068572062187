import { failure, readWait, type ControlType } from '#libs/chain-domain';
import type { TaskJob } from '#libs/queues';
import type { LoadedChain } from '#libs/repositories';
import type { Incoming } from '../apply/decide-chain.js';

/** What is fenced by the attempt, as every report is: an opening that comes twice counts once. */
type Opening = Pick<TaskJob, 'attempt' | 'params'> & { readonly position: number };
/** The clocks of a chain: waits go by the counted time, which is `lagMs` behind PostgreSQL's. */
type Clocks = Pick<LoadedChain, 'nowMs' | 'lagMs'>;

const OPENINGS: Readonly<Record<ControlType, (opening: Opening, clocks: Clocks) => Incoming>> = { wait };

/**
 * Opens a control task: the event that stands in the place of its job. If this process dies before the event is stored,
 * the task's lease expires and it is opened again.
 */
export function openEvent({ taskType, attempt, params }: TaskJob, position: number, clocks: Clocks): Incoming {
  return OPENINGS[taskType as ControlType]({ attempt, params, position }, clocks);
}

function wait({ position, attempt, params }: Opening, { nowMs, lagMs }: Clocks): Incoming {
  const read = readWait(params);
  if ('fault' in read) {
    const error = failure('INVALID_PARAMS', `task_config ${read.fault}`);
    return { event: { kind: 'TaskFailed', position, attempt, runId: null, error, retryable: false, random: 0 } };
  }
  const until = 'forMs' in read ? nowMs + read.forMs : read.untilMs - lagMs;
  return { event: { kind: 'TaskHeld', position, attempt, hold: 'WAIT', until }, report: OPENED };
}

/** It began as it was opened. */
const OPENED = { elapsedMs: 0 };
