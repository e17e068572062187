import type { Chain, ChainState, Disposition, PartyResult, Task, TaskError } from '#libs/chain-domain';
import { isChainTerminal, isTerminal } from '#libs/chain-domain';
import {
  chainOfHop,
  jobOfHop,
  toChain,
  toTask,
  type ChainRow,
  type HopRow,
  type JobColumns,
  type TaskColumns,
} from './chain-rows.js';
import type { NewChainRow } from './chain-writer.js';
import type { Queryable } from './database.js';
import { loadChains } from './statements/load-chains.js';
import { loadAllTasks, loadHop } from './statements/load-tasks.js';
import { saveDecisions } from './statements/save-decisions.js';

/** A chain as it was read, with the requested tasks. `version` guards the save. */
export interface LoadedChain {
  readonly chainId: string;
  /** The tenant of the chain, and of all rows that are added to it. */
  readonly tenantId: string;
  readonly version: number;
  /** The counted time, by which all waits of the chain go, ms. */
  readonly nowMs: number;
  /** How far it is behind PostgreSQL's clock, ms. */
  readonly lagMs: number;
  /** This process's monotonic clock at the same time, ms. */
  readonly readAt: number;
  readonly state: ChainState;
  /** Whether some of its tasks say how they are undone. */
  readonly compensates: boolean;
  /** The chain that runs it as its child. */
  readonly parentId: string | null;
  /** Which turn of its parent's task it is; 0: it has no parent. */
  readonly turn: number;
  /** What a turn of a loop is a turn of, where this process made it. */
  readonly turnOf?: TurnOf | undefined;
  /** Row ids and request ids by position. */
  readonly rows: Map<number, TaskRow>;
  /** Positions by request id. */
  readonly positions: Map<string, number>;
}

/** What the next turn of a loop needs besides the outputs of this one. None of it changes. */
export interface TurnOf {
  readonly row: NewChainRow;
  readonly plan: object;
  /** How much of a cache it takes, as a number of tasks. */
  readonly weight: number;
  /** The task that loops. */
  readonly taskRequestId: string;
  readonly origin: string;
}

export interface TaskRow {
  readonly id: number;
  readonly taskRequestId: string;
  /** The key of a concurrency group: only the dispatcher sends such a task. */
  readonly grouped: boolean;
  /** The payload of its job, prefetched if a report may make it ready. */
  readonly job?: JobColumns;
  /** The chain's version in which it last changed, where the chain was read whole. */
  readonly changedVersion?: number;
}

/** What a save records of a task besides its new state. */
export interface TaskReport {
  readonly result?: unknown;
  /** By party. */
  readonly partyResults?: Readonly<Record<string, PartyResult>> | undefined;
  readonly workerId?: string;
  readonly elapsedMs?: number;
  /** What it waits for from now on. */
  readonly awaits?: object;
  /** Its lease had run out when it was decided: hold the save back if it was renewed since. */
  readonly lost?: boolean;
}

export interface EventRecord {
  readonly taskId: string | null;
  readonly kind: string;
  readonly disposition: Disposition | 'INVALID';
  readonly attempt?: number;
  readonly runId?: string | null;
  readonly data?: Record<string, unknown>;
}

export interface AttemptRecord {
  readonly position: number;
  readonly attempt: number;
  readonly runId: string | null;
  readonly outcome: 'SUCCESS' | 'FAILURE' | 'LOST' | 'CANCELLED';
  readonly error: TaskError | null;
}

export interface ArtifactRecord {
  readonly taskId: string;
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Everything one chain's decisions store. */
export interface ChainSave {
  readonly loaded: LoadedChain;
  /** The chain as it was loaded: `loaded.state` has moved on. */
  readonly before: Chain;
  readonly changed: ReadonlyMap<number, Task>;
  /** Positions that were sent: they get their attempt's lease. */
  readonly dispatched: ReadonlySet<number>;
  readonly reports: ReadonlyMap<number, TaskReport>;
  readonly events: readonly EventRecord[];
  readonly attempts: readonly AttemptRecord[];
  readonly artifacts: readonly ArtifactRecord[];
  readonly outbox: readonly { readonly kind: string; readonly payload: unknown }[];
  /** By position: what tasks that were opened run as their children. It starts in the transaction of the save. */
  readonly children?: ReadonlyMap<number, ChildStart>;
  /** A task has left its child, or its child has to follow. */
  readonly movesChildren?: boolean;
}

/** A chain that a task is to run, as the engine knows it, and the values that it gets. */
export interface ChildStart {
  readonly chain: object;
  readonly args: object;
  /** 1 at first. */
  readonly turn: number;
  /** What a task that loops runs, as the engine knows it. */
  readonly plan?: object | undefined;
}

/**
 * Reads the tasks of these requests and their successors, with their chains; all tasks of a chain that has no more
 * than `wholeUpTo` says beside its request. Unknown requests are missing.
 */
export async function loadForRequests(
  db: Queryable,
  requestIds: readonly string[],
  wholeUpTo: readonly number[],
): Promise<Map<string, LoadedChain>> {
  const rows = await db.query<HopRow>(loadHop, [requestIds, wholeUpTo]);
  return assemble(rows.filter((row) => row.c_chain_id !== null).map(chainOfHop), rows, jobOfHop);
}

/**
 * Reads chains with all their tasks. A chain is read before its tasks and may change in between: a task newer than
 * its chain shows it, and both are read again, so that nothing is decided on a state that never was.
 */
export async function loadWhole(db: Queryable, chainIds: readonly string[]): Promise<Map<string, LoadedChain>> {
  for (;;) {
    const chains = await db.query<ChainRow>(loadChains, [chainIds]);
    const tasks = await db.query<TaskColumns & { changed_version: number }>(loadAllTasks, [chainIds]);
    const versions = new Map(chains.map((chain) => [chain.chain_id, chain.version]));
    const torn = tasks.some((task) => task.changed_version > (versions.get(task.chain_id) ?? Infinity));
    if (!torn) return assemble(chains, tasks, undefined, true);
  }
}

/** Stores decisions; returns the chains that were stored. The others changed in the meantime: decide them again. */
export async function save(
  db: Queryable,
  unordered: readonly ChainSave[],
  leases: { queuedMs: number; runningMs: number },
): Promise<Set<string>> {
  const saves = [...unordered].sort((a, b) => (a.loaded.chainId < b.loaded.chainId ? -1 : 1));
  const stored = await db.query<{ chain_id: string }>(saveDecisions, [
    JSON.stringify(saves.map(chainRecord)),
    JSON.stringify(saves.flatMap(taskRecords)),
    JSON.stringify(
      saves.flatMap(({ loaded, events }) =>
        events.map((e) => ({
          chain_id: loaded.chainId,
          tenant_id: loaded.tenantId,
          version: loaded.version,
          task_id: e.taskId,
          kind: e.kind,
          disposition: e.disposition,
          attempt: e.attempt,
          run_id: e.runId,
          data: e.data,
        })),
      ),
    ),
    JSON.stringify(saves.flatMap(attemptRecords)),
    JSON.stringify(
      saves.flatMap(({ loaded, artifacts }) =>
        artifacts.map((a) => ({
          chain_id: loaded.chainId,
          tenant_id: loaded.tenantId,
          task_id: a.taskId,
          name: a.name,
          media_type: a.mediaType,
          size_bytes: a.sizeBytes,
          sha256: a.sha256,
        })),
      ),
    ),
    JSON.stringify(
      saves.flatMap(({ loaded, outbox }) =>
        outbox.map((o) => ({ chain_id: loaded.chainId, tenant_id: loaded.tenantId, ...o })),
      ),
    ),
    leases.queuedMs,
    leases.runningMs,
  ]);
  return new Set(stored.map((row) => row.chain_id));
}

function assemble<Row extends TaskColumns>(
  chains: ChainRow[],
  tasks: Row[],
  jobOf: (row: Row) => JobColumns | undefined = () => undefined,
  whole = false,
): Map<string, LoadedChain> {
  const readAt = performance.now();
  const loaded = new Map<string, LoadedChain>();
  for (const row of chains) {
    loaded.set(row.chain_id, {
      chainId: row.chain_id,
      tenantId: row.tenant_id,
      version: row.version,
      nowMs: Number(row.now_ms),
      lagMs: Number(row.lag_ms),
      readAt,
      compensates: row.compensates,
      parentId: row.parent_chain_id,
      turn: row.parent_turn ?? 0,
      state: { chain: toChain(row), tasks: new Map(), whole },
      rows: new Map(),
      positions: new Map(),
    });
  }
  for (const row of tasks) {
    const chain = loaded.get(row.chain_id);
    if (chain === undefined) continue;
    chain.state.tasks.set(row.execution_order, toTask(row));
    const { id, task_request_id: taskRequestId, grouped, changed_version: changedVersion } = row;
    chain.rows.set(row.execution_order, { id, taskRequestId, grouped, job: jobOf(row), changedVersion });
    chain.positions.set(taskRequestId, row.execution_order);
  }
  return loaded;
}

function chainRecord({ loaded, before, changed }: ChainSave): Record<string, unknown> {
  const { chain } = loaded.state;
  return {
    chain_id: loaded.chainId,
    version: loaded.version,
    changed: chain !== before || changed.size > 0,
    status: chain.status,
    epoch: chain.epoch,
    completed: chain.completedTasks,
    failed: chain.failedTasks,
    skipped: chain.skippedTasks,
    cancelled: chain.cancelledTasks,
    tolerated: chain.toleratedTasks,
    admitted: chain.admittedTasks,
    time_left_ms: chain.timeLeftMs,
    open: !isChainTerminal(chain.status),
    started: before.status === 'PENDING' && chain.status === 'RUNNING',
    ended: isChainTerminal(chain.status) && !isChainTerminal(before.status),
    deadline_ms: chain.deadlineAt,
    error: chain.error,
    ended_by: chain.endedBy,
  };
}

function taskRecords({ loaded, changed, dispatched, reports }: ChainSave): Record<string, unknown>[] {
  return [...changed.values()].map((task) => {
    const row = rowOf(loaded, task.position);
    const report = reports.get(task.position);
    const sent = dispatched.has(task.position);
    return {
      id: row.id,
      chain_id: loaded.chainId,
      version: loaded.version,
      priority: task.priority,
      hold: task.hold,
      first_queued_ms: task.firstQueuedAt,
      status: task.status,
      attempt: task.attempt,
      run_id: task.runId,
      worker_id: report?.workerId,
      failures: task.failures,
      losses: task.losses,
      pending: task.parents.pending,
      succeeded: task.parents.succeeded,
      failed: task.parents.failed,
      skipped: task.parents.skipped,
      skip_reason: task.skipReason,
      next_attempt_ms: task.nextAttemptAt,
      approved_attempt: task.approvedAttempt,
      error: task.error,
      result: report?.result,
      awaits: report?.awaits,
      party_results: report?.partyResults,
      dispatched: sent,
      lost: report?.lost,
      ended: isTerminal(task.status),
      elapsed_ms: report?.elapsedMs,
      job_id: sent ? `${row.taskRequestId}.${task.attempt}` : undefined,
    };
  });
}

function attemptRecords({ loaded, attempts, reports }: ChainSave): Record<string, unknown>[] {
  return attempts.map((a) => {
    const report = reports.get(a.position);
    return {
      id: rowOf(loaded, a.position).id,
      chain_id: loaded.chainId,
      attempt: a.attempt,
      run_id: a.runId,
      worker_id: report?.workerId,
      elapsed_ms: report?.elapsedMs,
      outcome: a.outcome,
      error: a.error,
    };
  });
}

function rowOf(loaded: LoadedChain, position: number): TaskRow {
  const row = loaded.rows.get(position);
  if (row === undefined) throw new Error(`task ${position} of ${loaded.chainId} was not loaded`);
  return row;
}
