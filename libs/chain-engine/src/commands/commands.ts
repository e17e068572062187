import type {
  ApprovalDecision,
  ChainCommand,
  ChainStatus,
  Hold,
  Refusal,
  SignOffDecision,
  SkipReason,
  Task,
  TaskStatus,
} from '#libs/chain-domain';
import { Database, engineQueries, idempotencyKeys, insertWholeChain, settleMade } from '#libs/repositories';
import type { AuditedChange, ChainSave, LoadedChain, Queryable, Quota } from '#libs/repositories';
import { traceparentOf } from '#libs/tracing';
import { Refused } from '../apply/decide-chain.js';
import type { IdempotentRequest } from './idempotency.js';
import { auditDetailsOf } from './audit-details.js';
import { instancesIn, mayNameInstances } from '../children/retry-instances.js';
import { newChainRows, type NewChain } from './new-chain.js';
import { checkCreate, checkStart, QuotaExceeded } from './quotas.js';
import { Capacity } from '../dispatch/capacity.js';
import { applyWork } from '../apply/apply-work.js';
import { decideWork, type ChainWork } from '../apply/decide-work.js';

/** The answer to a create, also to a replayed one. */
export interface CreatedChain {
  readonly chain_id: string;
  readonly chain_name: string;
  readonly chain_type: string;
  readonly total_tasks: number;
  readonly status: ChainStatus;
  readonly created_at: string;
}

export type CreateOutcome =
  | { readonly kind: 'created'; readonly chain: CreatedChain }
  | { readonly kind: 'replayed'; readonly chain: CreatedChain }
  /** The key was used with another body. */
  | { readonly kind: 'key-reused' };

const SCOPE = 'createChain';

/** The caller of a change and the address, for the audit log. */
export type Caller = Pick<AuditedChange, 'actor' | 'address' | 'request_id'>;

/** The due time is no longer its maker's: another process holds the schedule, or the chain is not wanted any more. */
export class TickLost extends Error {}

/**
 * Stores a new chain, its tasks and edges, an entry for the audit log, and the idempotency key with its answer, in one
 * statement (I8). The queue has no part in it: the listeners send what is ready. With a quota that is looked at first, in
 * the same transaction; throws QuotaExceeded. The tick of a schedule is settled in it as well; throws TickLost.
 */
export async function createChain(
  db: Database,
  chain: NewChain,
  request?: IdempotentRequest,
  caller?: Caller,
  quota?: Quota,
): Promise<CreateOutcome> {
  const { row, tasks, edges } = newChainRows(chain, Date.now());
  const answer = {
    chain_id: row.chain_id,
    chain_name: row.chain_name,
    chain_type: row.chain_type,
    total_tasks: row.total_tasks,
    status: row.status as ChainStatus,
  };
  const requestKey = request === undefined ? undefined : { scope: SCOPE, ...request, answer };
  const audit = caller && { ...caller, action: SCOPE, target: row.chain_id, details: auditDetailsOf(chain) };
  const beside = { request: requestKey, audit, traceparent: traceparentOf() };
  const insert = async (on: Queryable): Promise<string | null> =>
    (await insertWholeChain(on, row, tasks, edges, beside))?.created_at ?? null;
  const use = { tasks: row.total_tasks + (chain.childTasks ?? 0), starts: chain.execute };
  const { schedule } = chain;
  const createdAt =
    quota === undefined && schedule === undefined
      ? await insert(db)
      : await db
          .transaction(async (tx) => {
            if (quota !== undefined) await checkCreate(tx, quota, use);
            const created = await insert(tx);
            if (schedule !== undefined && !(await settleMade(tx, schedule, row.chain_id))) throw new TickLost();
            return created;
          })
          .catch(async (error: unknown) => {
            // A replayed create gets its answer again, whatever the current usage.
            const known = request && (await idempotencyKeys.find(db, SCOPE, request.key));
            if (!(error instanceof QuotaExceeded) || known === undefined) throw error;
            return null;
          });
  if (createdAt !== null) {
    if (chain.execute) db.wakeSoon();
    return { kind: 'created', chain: { ...answer, created_at: createdAt } };
  }
  const earlier = await idempotencyKeys.find(db, SCOPE, request!.key);
  if (earlier === undefined) throw new Error('an idempotency key vanished between two statements');
  if (!earlier.request_hash.equals(request!.hash)) return { kind: 'key-reused' };
  const replayed = earlier.response as CreatedChain;
  return { kind: 'replayed', chain: { ...replayed, created_at: new Date(replayed.created_at).toISOString() } };
}

/** A command as an operator gives it: tasks are named by their ids. */
export type OperatorCommand =
  | { readonly kind: 'ExecuteChain' | 'CancelChain' | 'PauseChain' | 'ResumeChain' }
  | {
      readonly kind: 'RetryChain';
      readonly from?: readonly string[];
      readonly includeDownstream: boolean;
      readonly byParent?: boolean;
    }
  | { readonly kind: 'SkipTask'; readonly taskId: string }
  | { readonly kind: 'ResolveTask'; readonly taskId: string; readonly result: unknown }
  | {
      readonly kind: 'DecideApproval';
      readonly taskId: string;
      readonly decision: ApprovalDecision;
      readonly words: string;
    }
  | {
      readonly kind: 'AnswerSignOff';
      readonly taskId: string;
      /** The attempt whose question the answer is to. */
      readonly asked: number;
      readonly decision: SignOffDecision;
      readonly words: string;
      readonly result: unknown;
    }
  | { readonly kind: 'SetPriority'; readonly taskId?: string; readonly priority: number };

/** The change of a command, or of its dry run, to one task: status, hold or priority. */
export interface TaskChange {
  readonly taskId: string;
  readonly from: TaskStatus;
  readonly to: TaskStatus;
  readonly hold: Hold | null;
  readonly skipReason: SkipReason | null;
  readonly priority: number;
}

export type CommandOutcome =
  | {
      readonly kind: 'done';
      readonly status: ChainStatus;
      readonly epoch: number;
      readonly changes: readonly TaskChange[];
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** It has changed since it was read; `version` is the present one. */
  | { readonly kind: 'outdated'; readonly version: number; readonly status: ChainStatus }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'task-not-found'; readonly taskId: string };

export interface CommandOptions {
  /** Decide and answer, but store nothing. */
  readonly dryRun?: boolean;
  /** Caller and reason, which the chain's history keeps with the event. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** Stored with the change, for the audit log. */
  readonly audit?: AuditedChange;
  /** The tenant's quota, if the command starts the chain: beyond it QuotaExceeded is thrown. */
  readonly quota?: Quota;
  /** Only in one of these versions: of the chain, or of `taskId`, those in which it last changed. */
  readonly expected?: { readonly taskId?: string; readonly versions: ReadonlySet<number> };
}

/**
 * Carries out an operator's command on a chain, as a compare-and-set: refused with the status that stands against it.
 * Tells every task that it changes. `db` may be a transaction: it may read the chain several times.
 */
export async function commandChain(
  db: Queryable,
  chainId: string,
  command: OperatorCommand,
  options: CommandOptions = {},
): Promise<CommandOutcome> {
  const { quota, ...unlimited } = options;
  if (quota !== undefined && (command.kind === 'ExecuteChain' || command.kind === 'RetryChain')) {
    const start = async (tx: Queryable): Promise<CommandOutcome> => {
      await checkStart(tx, quota, chainId);
      return commandChain(tx, chainId, command, unlimited);
    };
    return db instanceof Database ? db.transaction(start) : start(db);
  }
  if (command.kind === 'RetryChain' && mayNameInstances(command.from)) {
    const retry = (tx: Queryable): Promise<CommandOutcome> => retryInstances(tx, chainId, command, options);
    return db instanceof Database ? db.transaction(retry) : retry(db);
  }
  return carryOut(db, chainId, command, options);
}

/** A retry of instances that are tasks of a child is one of the task that runs it: its next attempt runs them alone again. */
async function retryInstances(
  tx: Queryable,
  chainId: string,
  command: Extract<OperatorCommand, { kind: 'RetryChain' }>,
  options: CommandOptions,
): Promise<CommandOutcome> {
  const { ids, instances } = await instancesIn(tx, chainId, command.from!);
  const outcome = await carryOut(tx, chainId, { ...command, from: ids }, options);
  if (outcome.kind === 'done' && options.dryRun !== true && instances.size > 0) {
    await engineQueries.runAgain(tx, chainId, instances, true);
  }
  return outcome;
}

async function carryOut(
  db: Queryable,
  chainId: string,
  command: OperatorCommand,
  options: CommandOptions,
): Promise<CommandOutcome> {
  let before: ReadonlyMap<number, Task> = new Map();
  const work: ChainWork = {
    chainId,
    requestIds: undefined,
    incoming: (loaded) => {
      before = new Map(loaded.state.tasks);
      checkVersion(loaded, options.expected);
      const event = toEvent(command, loaded);
      const report = 'result' in command ? { result: command.result } : undefined;
      return [{ event, report, data: { ...options.data }, audit: options.audit }];
    },
  };
  try {
    // The API has no queue and so no capacity: what becomes ready is left to the listeners' dispatchers.
    const capacity = new Capacity();
    const saves =
      options.dryRun === true ? await decideWork(db, [work], capacity) : await storeCommand(db, work, capacity);
    const [save] = saves;
    if (save === undefined) return { kind: 'not-found' };
    if (options.dryRun !== true) await engineQueries.wake(db);
    const { status, epoch } = save.loaded.state.chain;
    return { kind: 'done', status, epoch, changes: changesOf(save, before) };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', refusal: error.refusal };
    if (error instanceof Outdated) return { kind: 'outdated', version: error.version, status: error.status };
    if (error instanceof UnknownTask) return { kind: 'task-not-found', taskId: error.taskId };
    throw error;
  }
}

/**
 * Carries out what the owner of some data decided on a task. Call it after the statement is stored: a task that runs
 * again gets its statements when it is sent. `approve` runs a task that waits for an approval again, also if the task
 * finds only later that it needs one; `refuse` and `withdraw` fail a task that waits or runs, with POLICY_REFUSED and
 * the words, and stop its worker. A task that has not been sent or has ended stays as it is (`changes` is empty): its job carries the
 * statement. The chain is locked to the end of the transaction, so that nobody dispatches the task meanwhile.
 * A chain that has not started or has ended is `refused` with CHAIN_STATE_CONFLICT: the statement counts once it runs.
 */
export async function decideApproval(
  db: Queryable,
  { chainId, ...task }: { chainId: string; taskId: string; decision: ApprovalDecision; words: string },
  caller?: Caller,
): Promise<CommandOutcome> {
  const { taskId, decision, words } = task;
  const details = { task_id: taskId, decision, words };
  const audit = caller && { ...caller, action: 'decideApproval', target: chainId, details };
  await engineQueries.lockChain(db, chainId);
  return commandChain(db, chainId, { kind: 'DecideApproval', ...task }, { audit, data: { decision, words } });
}

/** So often it is tried without a lock. */
const TRIES = 3;

/**
 * Stores the command. A large chain whose tasks end all the time changes again and again while it is read: after a few tries it
 * is locked for as long as reading and saving take, so that an operator's word is not put off until the chain is idle.
 */
async function storeCommand(db: Queryable, work: ChainWork, capacity: Capacity): Promise<ChainSave[]> {
  const nothing = async (): Promise<void> => undefined;
  for (let i = 0; i < TRIES; i++) {
    const [round] = await applyWork(db, [{ ...work, once: true }], capacity, nothing);
    if (round === undefined) return [];
    if (round.stored.length > 0) return [...round.stored];
  }
  const locked = async (tx: Queryable): Promise<ChainSave[]> => {
    await engineQueries.lockChain(tx, work.chainId);
    return (await applyWork(tx, [work], capacity, nothing)).flatMap((round) => round.stored);
  };
  return db instanceof Database ? db.transaction(locked) : locked(db);
}

class UnknownTask extends Error {
  constructor(readonly taskId: string) {
    super(`the chain has no task ${taskId}`);
  }
}

class Outdated extends Error {
  constructor(
    readonly version: number,
    readonly status: ChainStatus,
  ) {
    super(`the version is ${version}`);
  }
}

/** The save has the same version: what is not outdated here is not outdated when it is stored. */
function checkVersion(loaded: LoadedChain, expected: CommandOptions['expected']): void {
  if (expected === undefined) return;
  const { taskId, versions } = expected;
  const version = taskId === undefined ? loaded.version : loaded.rows.get(positionIn(loaded, taskId))!.changedVersion!;
  if (!versions.has(version)) throw new Outdated(version, loaded.state.chain.status);
}

function positionIn(loaded: LoadedChain, taskId: string): number {
  for (const task of loaded.state.tasks.values()) if (task.taskId === taskId) return task.position;
  throw new UnknownTask(taskId);
}

function toEvent(command: OperatorCommand, loaded: LoadedChain): ChainCommand {
  const positionOf = (taskId: string): number => positionIn(loaded, taskId);
  switch (command.kind) {
    case 'RetryChain':
      return { ...command, from: command.from?.map(positionOf) };
    case 'SkipTask':
      return { kind: 'SkipTask', position: positionOf(command.taskId) };
    case 'ResolveTask':
      return { kind: 'ResolveTask', position: positionOf(command.taskId) };
    case 'DecideApproval':
      return { ...command, position: positionOf(command.taskId) };
    case 'AnswerSignOff': {
      const { kind, taskId, asked, decision, words } = command;
      return { kind, position: positionOf(taskId), asked, decision, words };
    }
    case 'SetPriority': {
      const position = command.taskId === undefined ? undefined : positionOf(command.taskId);
      return { kind: 'SetPriority', position, priority: command.priority };
    }
    default:
      return { kind: command.kind };
  }
}

function changesOf(save: ChainSave, before: ReadonlyMap<number, Task>): TaskChange[] {
  return [...save.changed.values()]
    .sort((a, b) => a.position - b.position)
    .flatMap(({ position, taskId, status, hold, skipReason, priority }) => {
      const was = before.get(position)!;
      const same = was.status === status && was.hold === hold && was.priority === priority;
      return same ? [] : [{ taskId, from: was.status, to: status, hold, skipReason, priority }];
    });
}
