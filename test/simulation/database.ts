/**
 * A model of the database: each method is one statement, atomic, as PostgreSQL runs it. What it assumes of each (files
 * below libs/repositories/src/statements):
 *
 * - load-tasks.ts, `load-hop`: the named tasks and their successors, or all tasks, and the chain, all from one snapshot. load-chains.ts and
 *   `load-all-tasks`: the chain first, all its tasks by a later statement, so that a save may fall between the two;
 *   `changed_version` of a task shows it (chain-store.ts, `loadWhole`, reads again).
 * - save-decisions.ts: one commit for all chains of a batch. A chain is written only if its version is the one that
 *   was read, and if no task of it that is marked `lost` has a lease that was renewed; the others are written. The
 *   version is raised where anything changed. A QUEUED task gets the queue's lease, a RUNNING one the run's, any other
 *   none. `ready_at` is set as a task becomes READY or is held no more, or is sent without having waited as READY.
 *   Only a task in SUCCESS has a result. Outbox rows are of the same commit.
 * - claim-ready.ts: `dispatch()` for READY tasks of RUNNING chains that are not held, by priority, as many as there is
 *   capacity; raises the chain's version; skips a row that another statement holds (the caller's `skip` names its chain).
 * - promote-due.ts: `promote()` for due RETRYING tasks of RUNNING chains, by priority; raises the version. A parity test
 *   holds both statements to the domain (chain-engine, bulk-moves.properties.spec.ts).
 * - leases.ts: `renew-leases` counts only for the same attempt and run in flight and raises no version; `expired-leases`,
 *   `overdue-tasks`, `overdue-in-queue`, `overdue-approvals`, `overdue-chains`, `queued-tasks` read; `load-capacity` counts what is in flight.
 * - outbox.ts: a taken row is hidden for a while and comes again unless it is deleted.
 *
 * Not modelled: connection loss (an abort and a death are the same to the others), locks that wait, restored backups.
 */
import { DEFAULT_TENANT, dispatch, isInFlight, promote } from '#libs/chain-domain';
import type { Chain, ChainState, Decision, Task } from '#libs/chain-domain';
import { LEASES } from '#libs/chain-engine';
import type { ChainSave, LoadedChain } from '#libs/repositories';
import type { Bug } from './bugs.js';
import type { Invariants, Snapshot } from './invariants.js';
import type { ChainSpec, TaskSpec } from './scenario.js';

const OUTBOX_HIDE_MS = 5_000;
const TIMEOUT_GRACE_MS = 5_000;

export interface TaskRecord {
  readonly id: number;
  readonly chainId: string;
  readonly requestId: string;
  readonly spec: TaskSpec;
  /** The chain's version since it last changed. */
  changedVersion: number;
  task: Task;
  leaseUntil: number | null;
  readyAt: number | null;
  startedAt: number | null;
  result: string | null;
}

interface ChainRecord {
  readonly id: string;
  version: number;
  chain: Chain;
  readonly rows: TaskRecord[];
}

/** An attempt of a task. */
export interface AttemptRef {
  readonly chainId: string;
  readonly position: number;
  readonly attempt: number;
}

/** An attempt, and the run of it that a worker has. */
interface HeldAttempt extends AttemptRef {
  readonly runId?: string;
}

/** A chain as `load-chains` reads it: its tasks come with the next statement. */
export interface ReadChain {
  readonly chainId: string;
  readonly version: number;
  readonly nowMs: number;
  readonly chain: Chain;
}

interface StopSignal {
  readonly id: number;
  availableAt: number;
  readonly tasks: readonly { readonly taskRequestId: string; readonly attempt: number }[];
}

export class ModelDatabase {
  readonly chains = new Map<string, ChainRecord>();
  private outbox: StopSignal[] = [];
  private nextOutboxId = 1;

  constructor(
    specs: readonly ChainSpec[],
    private readonly clock: { now: number },
    private readonly invariants: Invariants,
    private readonly bugs: ReadonlySet<Bug>,
  ) {
    let id = 0;
    for (const spec of specs) {
      const rows = spec.tasks.map((task, position): TaskRecord => ({
        id: ++id,
        chainId: spec.id,
        requestId: `${spec.id}-${position}`,
        spec: task,
        changedVersion: 1,
        task: Object.freeze(task.task),
        leaseUntil: null,
        readyAt: null,
        startedAt: null,
        result: null,
      }));
      this.chains.set(spec.id, { id: spec.id, version: 1, chain: Object.freeze(spec.chain), rows });
    }
  }

  loadChains(ids: readonly string[]): ReadChain[] {
    return ids.map((id) => {
      const { version, chain } = this.chains.get(id)!;
      return { chainId: id, version, nowMs: this.clock.now, chain };
    });
  }

  /** Whether a task has changed since the chain was read. */
  isTorn({ chainId, version }: ReadChain): boolean {
    return this.chains.get(chainId)!.rows.some(({ changedVersion }) => changedVersion > version);
  }

  loadHop(chainId: string, positions: readonly number[] | undefined): LoadedChain {
    return this.loadTasks(this.loadChains([chainId])[0]!, positions);
  }

  /** `positions`: these and their successors; undefined: all. */
  loadTasks(read: ReadChain, positions: readonly number[] | undefined): LoadedChain {
    const { rows } = this.chains.get(read.chainId)!;
    const wanted = new Set(positions ?? rows.keys());
    for (const position of positions ?? []) for (const next of rows[position]!.task.successors) wanted.add(next);
    const loaded: LoadedChain = {
      chainId: read.chainId,
      tenantId: DEFAULT_TENANT,
      version: read.version,
      nowMs: read.nowMs,
      lagMs: 0,
      readAt: read.nowMs,
      state: { chain: read.chain, tasks: new Map() },
      rows: new Map(),
      positions: new Map(),
    };
    for (const position of wanted) {
      const { id, requestId, task } = rows[position]!;
      const known = this.bugs.has('run-not-checked') ? Object.freeze({ ...task, runId: null }) : task;
      loaded.state.tasks.set(position, known);
      loaded.rows.set(position, { grouped: false, id, taskRequestId: requestId });
      loaded.positions.set(requestId, position);
    }
    return loaded;
  }

  /** -> the chains that were stored. */
  save(saves: readonly ChainSave[]): Set<string> {
    const stored = new Set<string>();
    for (const save of saves) {
      const record = this.chains.get(save.loaded.chainId)!;
      if (record.version !== save.loaded.version && !this.bugs.has('no-version-check')) continue;
      const lost = [...save.reports].filter(([position, report]) => report.lost && save.changed.has(position));
      const renewed = lost.some(([position]) => (record.rows[position]!.leaseUntil ?? 0) > this.clock.now);
      if (renewed) continue;
      stored.add(record.id);
      this.commit(record, save, () => this.write(record, save));
    }
    return stored;
  }

  /** `skip`: a chain that another statement has locked. */
  claimReady(types: readonly string[], places: readonly number[], skip: string | null): TaskRecord[] {
    const claimed: TaskRecord[] = [];
    types.forEach((type, i) => {
      const ready = this.rowsWhere(
        ({ task }) => task.status === 'READY' && task.hold === null && task.taskType === type,
      ).sort((a, b) => b.task.priority - a.task.priority || a.id - b.id);
      claimed.push(...ready.slice(0, places[i]!));
    });
    const chosen = claimed.filter(({ chainId }) => this.isRunning(chainId) && chainId !== skip);
    for (const record of this.chains.values()) {
      const mine = chosen.filter(({ chainId }) => chainId === record.id);
      if (mine.length === 0) continue;
      this.commit(record, null, () => {
        record.version++;
        for (const row of mine) {
          this.take(record, dispatch(stateOf(record), row.task.position, this.clock.now));
          row.leaseUntil = this.clock.now + LEASES.queuedMs;
          row.startedAt = null;
        }
      });
    }
    return chosen;
  }

  /** `skip`: a chain that another statement has locked. */
  promoteDue(skip: string | null): void {
    const isHeld = this.bugs.has('promoted-without-admission');
    for (const record of this.chains.values()) {
      if (record.chain.status !== 'RUNNING' || record.id === skip) continue;
      const due = record.rows.filter(
        ({ task: { status, hold, nextAttemptAt } }) =>
          status === 'RETRYING' && hold === null && nextAttemptAt !== null && nextAttemptAt <= this.clock.now,
      );
      if (due.length === 0) continue;
      due.sort((a, b) => b.task.priority - a.task.priority || a.id - b.id);
      this.commit(record, null, () => {
        record.version++;
        for (const row of due) {
          const state = stateOf(record);
          if (isHeld) state.chain = full(state.chain);
          const decision = promote(state, row.task.position, this.clock.now);
          // What is held changes nothing of its chain.
          this.take(record, isHeld ? { ...decision, chain: record.chain } : decision);
          row.readyAt = this.clock.now;
        }
      });
    }
  }

  /** -> those that still count. */
  renewLeases(refs: readonly HeldAttempt[], ms: number): HeldAttempt[] {
    return refs.filter(({ chainId, position, attempt, runId }) => {
      const row = this.row(chainId, position);
      if (row.task.attempt !== attempt || !isInFlight(row.task.status)) return false;
      if (runId !== undefined && row.task.runId !== null && row.task.runId !== runId) return false;
      row.leaseUntil = this.clock.now + ms;
      return true;
    });
  }

  expiredLeases(): TaskRecord[] {
    return this.rowsWhere(({ task, leaseUntil }) => isInFlight(task.status) && leaseUntil! < this.clock.now);
  }

  overdueTasks(): TaskRecord[] {
    return this.rowsWhere(
      ({ task, spec, startedAt }) =>
        task.status === 'RUNNING' &&
        spec.timeoutMs !== null &&
        startedAt !== null &&
        startedAt + spec.timeoutMs + TIMEOUT_GRACE_MS < this.clock.now,
    );
  }

  overdueInQueue(): TaskRecord[] {
    return this.rowsWhere(
      ({ task, spec, readyAt }) =>
        (task.status === 'READY' || task.status === 'QUEUED') &&
        task.hold === null &&
        spec.queueTimeoutMs !== null &&
        readyAt !== null &&
        readyAt < this.clock.now - spec.queueTimeoutMs,
    );
  }

  overdueApprovals(): TaskRecord[] {
    return this.rowsWhere(({ task }) => task.hold === 'APPROVAL' && task.nextAttemptAt! < this.clock.now);
  }

  overdueChains(): string[] {
    return [...this.chains.values()]
      .filter(
        ({ chain }) => chain.status === 'RUNNING' && chain.deadlineAt !== null && chain.deadlineAt < this.clock.now,
      )
      .map(({ id }) => id);
  }

  queuedTasks(): TaskRecord[] {
    return this.rowsWhere(({ task }) => task.status === 'QUEUED');
  }

  /** -> tasks in flight of a type. */
  inFlight(type: string): number {
    return this.rowsWhere(({ task }) => task.taskType === type && isInFlight(task.status)).length;
  }

  takeOutbox(): StopSignal[] {
    const due = this.outbox.filter(({ availableAt }) => availableAt <= this.clock.now);
    for (const row of due) row.availableAt = this.clock.now + OUTBOX_HIDE_MS;
    return due;
  }

  deleteOutbox(ids: readonly number[]): void {
    this.outbox = this.outbox.filter(({ id }) => !ids.includes(id));
  }

  get outboxSize(): number {
    return this.outbox.length;
  }

  row(chainId: string, position: number): TaskRecord {
    return this.chains.get(chainId)!.rows[position]!;
  }

  private write(record: ChainRecord, save: ChainSave): void {
    const { now } = this.clock;
    const { chain } = save.loaded.state;
    if (chain !== save.before || save.changed.size > 0) {
      record.version++;
      record.chain = Object.freeze(this.bugs.has('counter-off-by-one') ? offByOne(chain, save) : chain);
    }
    for (const [position, task] of save.changed) {
      const row = record.rows[position]!;
      const report = save.reports.get(position);
      const dispatched = save.dispatched.has(position);
      const again = task.status === 'PENDING' || (!this.bugs.has('result-kept-by-retry') && task.status !== 'SUCCESS');
      row.result = again ? null : ((report?.result as string | undefined) ?? row.result);
      const { status: was, hold } = row.task;
      const waits = task.status === 'READY' && (was !== 'READY' || task.hold !== hold);
      if (waits || (dispatched && was !== 'READY')) row.readyAt = now;
      row.leaseUntil =
        task.status === 'QUEUED' ? now + LEASES.queuedMs : task.status === 'RUNNING' ? now + LEASES.runningMs : null;
      if (dispatched || task.status === 'PENDING') row.startedAt = null;
      else if (report?.elapsedMs !== undefined) row.startedAt = now - report.elapsedMs;
      row.task = Object.freeze(task);
      row.changedVersion = record.version;
    }
    for (const { kind, payload } of save.outbox) {
      if (kind !== 'STOP') continue;
      const { tasks } = payload as Pick<StopSignal, 'tasks'>;
      this.outbox.push({ id: this.nextOutboxId++, availableAt: now, tasks });
    }
  }

  /** Writes a decision that a statement makes in bulk. */
  private take(record: ChainRecord, { chain, changed }: Pick<Decision, 'chain' | 'changed'>): void {
    record.chain = Object.freeze(chain);
    for (const [position, task] of changed) {
      record.rows[position]!.task = Object.freeze(task);
      record.rows[position]!.changedVersion = record.version;
    }
  }

  private commit(record: ChainRecord, save: ChainSave | null, write: () => void): void {
    const before = snapshot(record);
    write();
    this.invariants.committed(record.id, before, snapshot(record), save?.events ?? []);
  }

  private rowsWhere(holds: (row: TaskRecord) => boolean): TaskRecord[] {
    const found: TaskRecord[] = [];
    for (const { rows } of this.chains.values()) for (const row of rows) if (holds(row)) found.push(row);
    return found;
  }

  private isRunning(chainId: string): boolean {
    return this.chains.get(chainId)!.chain.status === 'RUNNING';
  }
}

function stateOf({ chain, rows }: ChainRecord): ChainState {
  return { chain, tasks: new Map(rows.map(({ task }) => [task.position, task])) };
}

/** The chain with no place left. */
function full(chain: Chain): Chain {
  const { maxParallel } = chain;
  return { ...chain, maxParallel: maxParallel ?? 1, admittedTasks: maxParallel ?? 1 };
}

function snapshot({ chain, rows }: ChainRecord): Snapshot {
  return { chain, tasks: rows.map(({ task }) => task), results: rows.map(({ result }) => result) };
}

function offByOne(chain: Chain, save: ChainSave): Chain {
  const ended = [...save.changed.values()].filter(({ status }) => status === 'SUCCESS').length;
  return ended > 1 ? { ...chain, completedTasks: chain.completedTasks + 1 } : chain;
}
