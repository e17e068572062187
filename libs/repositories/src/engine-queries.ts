import type { PartyResult } from '#libs/chain-domain';
import { statementsForTasks } from './statements/party-statements.js';
import type { CompensationPlan } from './chain-writer.js';
import type { JobColumns } from './chain-rows.js';
import type { Queryable, Tx } from './database.js';
import type { TenantUse } from './tenant.repository.js';
import { claimGrouped, groupedWaits, holdGroups } from './statements/claim-grouped.js';
import { claimReady } from './statements/claim-ready.js';
import {
  adoptChild,
  childPlans,
  commandOfChild,
  endedChildren,
  handedArtifacts,
  lastChild,
  markFollowed,
  runAgain,
  strayChildren,
  type AskedArtifact,
  type ChildCommand,
  type EndedChild,
  type LastChild,
  type LastChildRow,
} from './statements/children.js';
import { actForTenant, loadCompensation, markCompensated } from './statements/compensations.js';
import { readClock, saveClock, type ClockRow } from './statements/clock.js';
import { isIdle } from './statements/idle.js';
import { endedBroken, openBroken } from './statements/invariants.js';
import {
  expiredLeases,
  forgetWorkers,
  loadCapacity,
  overdueApprovals,
  overdueHolds,
  overdueChains,
  overdueInQueue,
  overdue,
  overdueTasks,
  queuedTasks,
  renewLeases,
  saveWorker,
} from './statements/leases.js';
import { chainFacts, inputBytes, loadJobs, loadResults } from './statements/load-jobs.js';
import { lockChain } from './statements/lock-chain.js';
import { deleteOutbox, takeOutbox } from './statements/outbox.js';
import { saveLogs, saveOpenings, saveProgress } from './statements/progress.js';
import { nextDue, promoteDue } from './statements/promote-due.js';
import {
  deleteFinished,
  deleteOldKeys,
  forgetSchedules,
  forgetSecrets,
  forgetTemplates,
  forgetWebhooks,
} from './statements/retention.js';
import { deleteOldTicks } from './statements/schedules.js';
import { holdQuota, nextCreate, runningBeside, useOfTenant } from './statements/quota.js';
import { insertRepair, insertRepairOnce, wake, wakeForSignals } from './statements/repairs.js';
import { deleteOldSignals, lockSignals, matchSignals, settleSignals, type MatchRow } from './statements/signals.js';
import { beginTimeline, loadTimeline, raiseAttempts, saveTimeline, saveUnknownReports } from './statements/timeline.js';

export interface ClaimedTask {
  id: number;
  chain_id: string;
  task_request_id: string;
  task_type: string;
  attempt: number;
  /** Tenants of which tasks of this type waited, its own among them. */
  tenants: string[];
}

export interface JobRow extends JobColumns {
  id: number;
  chain_id: string;
  tenant_id: string;
  execution_order: number;
  task_id: string;
  task_request_id: string;
  task_type: string;
  priority: number;
}

export interface ResultRow {
  chain_id: string;
  execution_order: number;
  task_id: string;
  status: string;
  run_id: string | null;
  result: unknown;
  party_results: Readonly<Record<string, PartyResult>> | null;
}

/** What an ended chain gives the chain that undoes it. `done`: places of tasks to undo, the last ones first. */
export interface CompensationRow {
  readonly chain_name: string;
  readonly created_by: string | null;
  readonly by_admin: boolean;
  readonly metadata: unknown;
  readonly labels: Readonly<Record<string, string>>;
  readonly approval_timeout_seconds: number;
  readonly plan: CompensationPlan;
  readonly done: readonly number[];
}

/** The data of a chain that conditions can read. */
export interface ChainFacts {
  chain_id: string;
  chain_name: string;
  chain_type: string;
  metadata: unknown;
}

export interface InFlightTask {
  id: number;
  chain_id: string;
  execution_order: number;
  task_id: string;
  task_request_id: string;
  task_type: string;
  attempt: number;
  status: 'QUEUED' | 'RUNNING';
}

export interface OverdueTask {
  chain_id: string;
  task_request_id: string;
  attempt: number;
  timeout_seconds: number;
}

/** Whether something of each kind is overdue. */
type Overdue = Readonly<Record<'tasks' | 'in_queue' | 'approvals' | 'holds' | 'chains', boolean>>;

export interface CapacityRow {
  task_type: string;
  slots: string;
  in_flight: number;
  /** Tenants of which tasks wait for a place. */
  tenants: string[];
  /** There is more than one tenant. */
  shared: boolean;
}

/** A chain that breaks an invariant, and which. */
export interface BrokenChain {
  chain_id: string;
  kind: string;
}

export interface OutboxRow {
  id: number;
  kind: string;
  payload: unknown;
  tries: number;
}

/** What became of a signal: the task that got it, or why none gets it. */
export interface SettledSignal {
  readonly signal_id: string;
  readonly status: 'DELIVERED' | 'REJECTED';
  readonly reason?: string;
  readonly chain_id?: string;
  readonly task_id?: string;
}

/** Statements of the engine besides loading and saving chains: one method each. */
/** A statement as a job carries it. */
export interface SentStatementRow {
  readonly tenant_id: string;
  readonly party: string;
  /** The hash of an approval's task; else null. */
  readonly task: string | null;
  readonly body: object;
  readonly signed: string | null;
}

export const engineQueries = {
  claimReady: (db: Queryable, types: readonly string[], rooms: readonly number[], leaseMs: number) =>
    db.query<ClaimedTask>(claimReady, [types, rooms, leaseMs]),
  /** Tenants and parties pairwise. `sources`: hashes of the tasks that inputs come from. A row may come twice. */
  statementsForTasks: (
    db: Queryable,
    tenants: readonly string[],
    parties: readonly string[],
    tasks: readonly string[],
    sources: readonly string[],
  ) => db.query<SentStatementRow>(statementsForTasks, [tenants, parties, tasks, sources]),
  lockChain: (tx: Tx, chainId: string) => tx.query(lockChain, [chainId]),
  groupedWaits: async (db: Queryable) => (await db.query(groupedWaits)).length > 0,
  /** undefined: another transaction gives the places. */
  claimGrouped: async (tx: Tx, types: readonly string[], rooms: readonly number[], leaseMs: number) => {
    const [lock] = await tx.query<{ held: boolean }>(holdGroups);
    return lock!.held ? tx.query<Omit<ClaimedTask, 'tenants'>>(claimGrouped, [types, rooms, leaseMs]) : undefined;
  },
  nextDue: async (db: Queryable) => (await db.query<{ ms: number | null }>(nextDue))[0]!.ms,
  /** -> how many became READY. */
  promoteDue: async (db: Queryable, limit: number) => (await db.query(promoteDue, [limit])).length,
  /** At least one if there is any, and at most this many bytes of stored parameters. */
  loadJobs: (db: Queryable, ids: readonly number[], bytes: number) => db.query<JobRow>(loadJobs, [ids, bytes]),
  inputBytes: (db: Queryable, ids: readonly number[]) =>
    db.query<{ id: number; bytes: string | null }>(inputBytes, [ids]),
  /** `ofParties`: whether the results of single parties are wanted, too. */
  loadResults: (
    db: Queryable,
    chainIds: readonly string[],
    positions: readonly number[],
    ofParties: readonly boolean[],
  ) => db.query<ResultRow>(loadResults, [chainIds, positions, ofParties]),
  loadCompensation: async (tx: Tx, chainId: string) =>
    (await tx.query<CompensationRow>(loadCompensation, [chainId]))[0]!,
  markCompensated: (tx: Tx, chainId: string, by: string) => tx.query(markCompensated, [chainId, by]),
  /** Rows that this transaction adds are of this tenant. */
  actForTenant: (tx: Tx, tenantId: string) => tx.query(actForTenant, [tenantId]),
  /** The chains that tasks run, and what they ran last. */
  childPlans: (db: Queryable, ids: readonly number[]) =>
    db.query<{ id: number; child: unknown; last: LastChild | null }>(childPlans, [ids]),
  /** The last child of a task, locked, where it has one, and what a new one takes over. `same`: it got the same values. */
  lastChild: async (tx: Tx, chainId: string, position: number, args: object) =>
    (await tx.query<LastChildRow>(lastChild, [chainId, position, JSON.stringify(args)]))[0]!,
  adoptChild: (tx: Tx, childId: string, attempt: number, priority: number, leftMs: number) =>
    tx.query(adoptChild, [childId, attempt, priority, leftMs]),
  /** `of`: by task of a child, the task that runs it. Returns those that there are; `mark`: they run again. */
  runAgain: async (db: Queryable, chainId: string, of: ReadonlyMap<string, string>, mark: boolean) =>
    (await db.query<{ id: string }>(runAgain, [chainId, [...of.values()], [...of.keys()], mark])).map(({ id }) => id),
  /** Of these parents; undefined: of all. */
  endedChildren: (db: Queryable, parents?: readonly string[]) => db.query<EndedChild>(endedChildren, [parents]),
  /** Those of the artifacts that their tasks may hand down. `hash`: of the canonical task that wrote it; null where that has no parties. */
  handedArtifacts: (db: Queryable, asked: readonly AskedArtifact[]) =>
    db.query<{ task: string; chain_id: string; task_id: string; name: string; hash: string | null }>(handedArtifacts, [
      asked.map(({ taskRequestId }) => taskRequestId),
      asked.map(({ chainId }) => chainId),
      asked.map(({ taskId }) => taskId),
      asked.map(({ name }) => name),
    ]),
  strayChildren: async (db: Queryable, parents?: readonly string[]) =>
    (await db.query<{ chain_id: string }>(strayChildren, [parents])).map((row) => row.chain_id),
  /** Locks the child; undefined: it has ended. */
  commandOfChild: async (tx: Tx, childId: string) => (await tx.query<ChildCommand>(commandOfChild, [childId]))[0],
  markFollowed: (tx: Tx, childId: string, isPaused: boolean, priority: number | null) =>
    tx.query(markFollowed, [childId, isPaused, priority]),
  chainFacts: (db: Queryable, chainIds: readonly string[]) => db.query<ChainFacts>(chainFacts, [chainIds]),
  /** `runs`: which run of each is meant, null for any -> the attempts that still count; the others are to be stopped. */
  renewLeases: (
    db: Queryable,
    requestIds: readonly string[],
    attempts: readonly number[],
    leaseMs: number,
    runs: readonly (string | null)[] = attempts.map(() => null),
  ) => db.query<{ task_request_id: string; attempt: number }>(renewLeases, [requestIds, attempts, leaseMs, runs]),
  expiredLeases: (db: Queryable, limit: number) => db.query<InFlightTask>(expiredLeases, [limit]),
  overdue: async (db: Queryable, graceMs: number) => (await db.query<Overdue>(overdue, [graceMs]))[0]!,
  overdueTasks: (db: Queryable, graceMs: number) => db.query<OverdueTask>(overdueTasks, [graceMs]),
  overdueInQueue: (db: Queryable) => db.query<OverdueTask>(overdueInQueue),
  overdueHolds: (db: Queryable) => db.query<Omit<OverdueTask, 'timeout_seconds'>>(overdueHolds),
  overdueApprovals: (db: Queryable) => db.query<Omit<OverdueTask, 'timeout_seconds'>>(overdueApprovals),
  overdueChains: async (db: Queryable) =>
    (await db.query<{ chain_id: string }>(overdueChains)).map((row) => row.chain_id),
  queuedTasks: (db: Queryable, after: number, limit: number) =>
    db.query<{ id: number; attempt: number }>(queuedTasks, [after, limit]),
  saveWorker: (db: Queryable, id: string, slots: Readonly<Record<string, number>>, running: number) =>
    db.query(saveWorker, [id, JSON.stringify(slots), running]),
  forgetWorkers: (db: Queryable) => db.query(forgetWorkers),

  /** Whether nothing is open that a loop could find. */
  isIdle: async (db: Queryable): Promise<boolean> => (await db.query<{ idle: boolean }>(isIdle))[0]!.idle,
  loadCapacity: (db: Queryable, seenWithinMs: number) => db.query<CapacityRow>(loadCapacity, [seenWithinMs]),
  saveProgress: (db: Queryable, rows: readonly object[]) => db.query(saveProgress, [JSON.stringify(rows)]),
  saveLogs: (db: Queryable, rows: readonly object[]) => db.query(saveLogs, [JSON.stringify(rows)]),
  saveOpenings: (db: Queryable, rows: readonly object[]) => db.query(saveOpenings, [JSON.stringify(rows)]),
  takeOutbox: (db: Queryable, kind: 'STOP' | 'REMOVE_ARTIFACTS', limit: number, hideMs: number) =>
    db.query<OutboxRow>(takeOutbox, [limit, hideMs, kind]),
  deleteOutbox: (db: Queryable, ids: readonly number[]) => db.query(deleteOutbox, [ids]),
  endedBroken: (db: Queryable, looked: number) => db.query<BrokenChain>(endedBroken, [looked]),
  openBroken: async (db: Queryable, after: number, limit: number) => {
    const [row] = await db.query<{ last_id: number | null; broken: BrokenChain[] }>(openBroken, [after, limit]);
    return { lastId: row?.last_id ?? null, broken: row?.broken ?? [] };
  },
  recordRepair: (db: Queryable, kind: string, chainId: string | null, taskId: string | null, data: object) =>
    db.query(insertRepair, [kind, chainId, taskId, JSON.stringify(data)]),
  /** false: an earlier one of this kind is recorded for the chain. */
  recordRepairOnce: async (db: Queryable, kind: string, chainId: string, data: object) =>
    (await db.query(insertRepairOnce, [kind, chainId, JSON.stringify(data)])).length > 0,
  /** -> the chain ids that were removed. */
  deleteFinished: async (db: Queryable, olderThanSeconds: number, limit: number) =>
    (await db.query<{ chain_id: string }>(deleteFinished, [olderThanSeconds, limit])).map((row) => row.chain_id),
  /** -> how many keys of requests were removed. */
  deleteOldKeys: async (db: Queryable, olderThanSeconds: number, limit: number) =>
    (await db.query(deleteOldKeys, [olderThanSeconds, limit])).length,
  /** Deletes webhooks that were removed a day ago. */
  forgetTemplates: (db: Queryable) => db.query(forgetTemplates),
  forgetWebhooks: (db: Queryable) => db.query(forgetWebhooks),
  /** Deletes schedules that were removed a day ago. */
  forgetSchedules: (db: Queryable) => db.query(forgetSchedules),
  /** Returns how many were deleted, `limit` at most. */
  deleteOldTicks: async (db: Queryable, olderThanSeconds: number, limit: number) =>
    (await db.query(deleteOldTicks, [olderThanSeconds, limit])).length,
  /** Signals and the tasks that are to get them. */
  matchSignals: (db: Queryable, limit: number) => db.query<MatchRow>(matchSignals, [limit]),
  /** -> those that no other transaction gives to a task. */
  lockSignals: async (tx: Tx, ids: readonly string[]) =>
    (await tx.query<{ signal_id: string }>(lockSignals, [ids])).map((row) => row.signal_id),
  settleSignals: (db: Queryable, settled: readonly SettledSignal[]) =>
    db.query(settleSignals, [JSON.stringify(settled)]),
  /** Returns how many were deleted, `limit` at most. */
  deleteOldSignals: async (db: Queryable, olderThanSeconds: number, limit: number) =>
    (await db.query(deleteOldSignals, [olderThanSeconds, limit])).length,
  /** Deletes secrets that were removed a day ago. */
  forgetSecrets: (db: Queryable) => db.query(forgetSecrets),
  /** The marks of the queue that this database knows, the newest first. */
  loadTimeline: async (db: Queryable) =>
    (await db.query<{ mark: string; mark_before: string }>(loadTimeline)).flatMap((row) => [row.mark, row.mark_before]),
  beginTimeline: (db: Queryable, mark: string) => db.query(beginTimeline, [mark]),
  saveTimeline: (db: Queryable, mark: string, before: string) => db.query(saveTimeline, [mark, before]),
  raiseAttempts: async (db: Queryable, after: number, limit: number, by: number) =>
    (await db.query<{ last_id: number | null }>(raiseAttempts, [after, limit, by]))[0]?.last_id ?? null,
  saveUnknownReports: (db: Queryable, rows: readonly object[]) => db.query(saveUnknownReports, [JSON.stringify(rows)]),
  readClock: async (db: Queryable) => (await db.query<ClockRow>(readClock))[0]!,
  /** `seen`: of the row that was read; false: another listener has counted since. */
  saveClock: async (db: Queryable, seen: string | null, wall: string, lagMs: number) =>
    (await db.query(saveClock, [seen, wall, lagMs])).length > 0,
  useOfTenant: async (db: Queryable) => (await db.query<TenantUse>(useOfTenant))[0]!,
  /** Until the transaction ends, others that would use more of the tenant's quota wait. */
  holdQuota: (tx: Tx) => tx.query(holdQuota),
  /** Seconds until the rate limit allows one more create; 0: now. */
  nextCreate: async (db: Queryable, perMinute: number) =>
    perMinute === 0 ? 60 : ((await db.query<{ seconds: number }>(nextCreate, [perMinute]))[0]?.seconds ?? 0),
  /** The number of other running chains of the tenant, and whether this one runs. */
  runningBeside: async (db: Queryable, chainId: string) =>
    (await db.query<{ others: number; itself: boolean }>(runningBeside, [chainId]))[0]!,
  /** Wakes the listeners' dispatchers when this transaction commits. */
  wake: (db: Queryable) => db.query(wake),
  /** Wakes the loops that give signals to tasks when this transaction commits. */
  wakeForSignals: (db: Queryable) => db.query(wakeForSignals),
};

/** What `wakeForSignals` says there. */
export { SIGNAL_WORD } from './statements/repairs.js';
/** The channel of `wake`. */
export const WAKE_CHANNEL = 'task_chain_wake';
