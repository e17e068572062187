import {
  type AwaitedSignal,
  type AwaitedSignOff,
  isControlType,
  isTerminal,
  type TaskStatus,
} from '#libs/chain-domain';
import type { QueueFacts, ShownChain, WaitingTask } from '#libs/repositories';
import type { WaitingDto } from './chains.dto.js';

const NAMED_PARENTS = 5;

/** What a task's waiting is read from, beside its own row. */
export interface Surroundings {
  readonly chain: Pick<ShownChain, 'chain_id' | 'status' | 'max_parallel' | 'admitted_tasks'>;
  readonly statusOf: (taskId: string) => string | undefined;
  readonly queues: QueueFacts;
}

/** Whether its place in a queue is to be looked up. */
export function waitsForWorker(row: WaitingTask): boolean {
  return row.status === 'QUEUED' || (row.status === 'READY' && row.hold === null && row.concurrency_key === null);
}

/**
 * Why a task waits, in words and as a code; null when it does not. Made from the rows as they are at the read, so
 * that it is never out of date.
 */
export function waitingOf(row: WaitingTask, around: Surroundings): WaitingDto | null {
  switch (row.status) {
    case 'PENDING':
      return around.chain.status === 'PENDING'
        ? {
            code: 'CHAIN_NOT_STARTED',
            message: `the chain is not started: POST /chains/${around.chain.chain_id}/execute`,
          }
        : forParents(row, around.statusOf);
    case 'READY':
      if (row.hold !== null) return held(row, around);
      return row.concurrency_key === null ? forWorker(row, around.queues) : forPlace(row);
    case 'QUEUED':
      return forWorker(row, around.queues);
    case 'RETRYING':
      return row.hold === null ? backoff(row, around.chain.status) : held(row, around);
    default:
      return null;
  }
}

function forParents(row: WaitingTask, statusOf: Surroundings['statusOf']): WaitingDto {
  const parents = row.depends_on.filter((id) => !isTerminal((statusOf(id) ?? 'PENDING') as TaskStatus));
  const more = parents.length > NAMED_PARENTS ? ` and ${parents.length - NAMED_PARENTS} more` : '';
  const named = `${parents.slice(0, NAMED_PARENTS).join(', ')}${more}`;
  const rule = row.trigger_rule;
  const message =
    typeof rule === 'object'
      ? `waits for ${rule.at_least} of ${row.depends_on.length} to succeed, ${row.succeeded_dependencies} did; not finished: ${named}`
      : `waits for ${named}`;
  return { code: 'WAITING_FOR_PARENTS', message, parents };
}

function held(
  { hold, failures, error, next_attempt_at: until, awaits }: WaitingTask,
  { chain }: Surroundings,
): WaitingDto {
  switch (hold) {
    case 'MAX_PARALLEL': {
      const { max_parallel: limit, admitted_tasks: going } = chain;
      const message = `the chain lets ${limit} of its tasks go at once (options.max_parallel), and ${going} are going`;
      return { code: 'MAX_PARALLEL', message, limit: limit ?? undefined, going };
    }
    case 'RETRIES_EXHAUSTED': {
      const message = `failed ${failures} times and has no further try: resume the chain to try it anew, or resolve, skip or cancel it`;
      return { code: 'RETRIES_EXHAUSTED', message };
    }
    case 'APPROVAL': {
      const party = error?.details?.['party'];
      const owner = typeof party === 'string' ? `party ${party}` : 'the owner of its data';
      const message = `waits until ${owner} approves it, at most until ${until}: ${String(error?.message)}`;
      return { code: 'APPROVAL', message, until: until!, ...(typeof party === 'string' && { party }) };
    }
    case 'CHILD':
      return { code: 'CHILD', message: 'waits for the chain that it runs: see child_chain_id' };
    case 'SIGNAL': {
      const { name, key } = awaits as AwaitedSignal;
      const message = `waits for the signal ${name} with the key ${JSON.stringify(key)}, at most until ${until}: POST /signals`;
      return { code: 'SIGNAL', message, until: until!, signal: { name, key } };
    }
    case 'SIGN_OFF': {
      const { question, who } = awaits as AwaitedSignOff;
      const message = `waits until ${who.join(' or ')} signs it off, at most until ${until}: ${question}`;
      return { code: 'SIGN_OFF', message, until: until!, who };
    }
    case 'WAIT':
      return { code: 'WAIT', message: `waits until ${until}`, until: until! };
    default:
      return { code: 'CHAIN_PAUSED', message: `the chain is paused: POST /chains/${chain.chain_id}/resume` };
  }
}

function forPlace({ concurrency_key: key, concurrency_limit: limit }: WaitingTask): WaitingDto {
  const message = `waits for a place among those of the concurrency_key ${JSON.stringify(key)}, of which ${limit} may go at once, and for a worker`;
  return { code: 'CONCURRENCY_KEY', message, limit: limit! };
}

function backoff({ failures, next_attempt_at: until }: WaitingTask, chainStatus: string): WaitingDto {
  const paused = chainStatus === 'PAUSED' ? ', once the chain is resumed' : '';
  return {
    code: 'BACKOFF',
    message: `failed ${failures} times; the next try is due at ${until}${paused}`,
    until: until!,
  };
}

/** It may run: what is lacking is a worker, or a free place at one. */
function forWorker(row: WaitingTask, { ahead: positions, counted, slots }: QueueFacts): WaitingDto {
  const { task_type: type, task_id: id, status } = row;
  if (isControlType(type)) return { code: 'WAITING_FOR_ROOM', message: 'the status listener opens it next' };
  const free = slots.get(type) ?? 0;
  if (free === 0) {
    return { code: 'NO_WORKER', message: `no worker that is alive runs tasks of type ${type}: start one` };
  }
  const known = positions.get(id);
  const ahead = known ?? (status === 'READY' ? counted.get(type) : undefined);
  const words = known === undefined ? `at least ${ahead}` : String(ahead);
  const where = status === 'QUEUED' ? 'sent, waits in the queue' : 'waits for room in the queue';
  const tasks = ahead === 1 && known !== undefined ? 'task' : 'tasks';
  // It left the queue between the two reads: its position is unknown.
  const place = ahead === undefined ? '' : `${words} ${tasks} ahead, `;
  return {
    code: status === 'QUEUED' ? 'IN_QUEUE' : 'WAITING_FOR_ROOM',
    message: `${where} of type ${type}: ${place}${free} ${free === 1 ? 'slot' : 'slots'} at the workers`,
    ...(ahead !== undefined && { ahead, ...(known === undefined && { ahead_at_least: true }) }),
  };
}
