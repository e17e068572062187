/** Holds the statements that move tasks in bulk to the domain's `dispatch` and `promote`, on random stored states. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CHAIN_STATUSES, dispatch, evolve, isAdmitted, promote, TASK_STATUSES } from '#libs/chain-domain';
import type { Chain, ChainState, Decision, Task } from '#libs/chain-domain';
import { withConnection } from '#libs/local-postgres';
import { engineQueries, loadWhole, openDatabase, save, type Database, type LoadedChain } from '#libs/repositories';
import { sampleNewChain, useTestDatabase } from '#libs/testing';
import { LEASES } from '../apply/decide-work.js';
import { createChain } from '../commands/commands.js';

const TYPES = ['diagnostic', 'psi'];
const DUE_MS = { due: -1_000, later: 3_600_000 } as const;

const task = fc.record({
  status: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('READY', 'RETRYING') },
    { weight: 1, arbitrary: fc.constantFrom(...TASK_STATUSES) },
  ),
  held: fc.constantFrom(false, false, true),
  due: fc.constantFrom('due', 'due', 'later', 'never'),
  type: fc.constantFrom(...TYPES),
  priority: fc.integer({ min: 1, max: 3 }),
  attempt: fc.nat(3),
  sentBefore: fc.boolean(),
  group: fc.constantFrom(null, null, 'one', 'two'),
});
const chain = fc.record({
  status: fc.oneof(
    { weight: 3, arbitrary: fc.constant('RUNNING' as const) },
    { weight: 1, arbitrary: fc.constantFrom(...CHAIN_STATUSES) },
  ),
  maxParallel: fc.constantFrom(null, 1, 2, 4),
  group: fc.constantFrom(false, false, true),
  tasks: fc.array(task, { minLength: 1, maxLength: 6 }),
});
const chains = fc.array(chain, { minLength: 1, maxLength: 3 });
type Sample = typeof chain extends fc.Arbitrary<infer T> ? T : never;

/** A task with the row that orders it among all. */
interface Stored {
  readonly chain: LoadedChain;
  readonly task: Task;
  readonly id: number;
  readonly group: boolean;
}

describe('a statement that moves tasks in bulk', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => void (db = (await openDatabase(database.url, { max: 4 })).forTenant('default')));

  /** Stores a random state by the statements that store every state. */
  async function store(samples: readonly Sample[]): Promise<string[]> {
    await withConnection(database.url, (client) => client.query('TRUNCATE task_chains, task_requests CASCADE'));
    const ids: string[] = [];
    for (const { tasks, group, maxParallel, status } of samples) {
      const made = sampleNewChain(tasks.map(() => []));
      const created = await createChain(db, {
        ...made,
        execute: false,
        maxParallel,
        concurrency: group ? { key: 'chains', limit: 1 } : null,
        tasks: made.tasks.map((one, position) => {
          const { group: key, type } = tasks[position]!;
          return { ...one, taskType: type, concurrency: group || key === null ? null : { key, limit: 2 } };
        }),
      });
      if (created.kind !== 'created') throw new Error(created.kind);
      const { chain_id: chainId } = created.chain;
      ids.push(chainId);
      const loaded = (await loadWhole(db, [chainId])).get(chainId)!;
      const nowMs = Math.round(loaded.nowMs);
      const changed = new Map(
        tasks.map((sample, position) => [position, stateOf(sample, loaded.state.tasks.get(position)!, nowMs)]),
      );
      const before = loaded.state.chain;
      loaded.state.chain = { ...before, status, ...counted([...changed.values()]) };
      const nothing = { reports: new Map(), events: [], attempts: [], artifacts: [], outbox: [] };
      await save(db, [{ loaded, before, changed, dispatched: new Set(), ...nothing }], LEASES);
    }
    return ids;
  }

  /** Runs a statement and holds all chains to what the domain's moves make of them. */
  async function holds(
    samples: readonly Sample[],
    run: () => Promise<readonly number[]>,
    expected: (all: readonly Stored[], moved: ReadonlySet<number>) => readonly Stored[],
    move: (state: ChainState, position: number, now: number) => Decision,
  ): Promise<void> {
    const ids = await store(samples);
    const before = await loadWhole(db, ids);
    const all = [...before.values()].flatMap((loaded) =>
      [...loaded.state.tasks.values()].map((one): Stored => {
        const { id, grouped } = loaded.rows.get(one.position)!;
        return { chain: loaded, task: one, id, group: grouped };
      }),
    );
    const moved = new Set(await run());
    const moves = expected(all, moved);
    expect([...moved].sort()).toEqual(moves.map(({ id }) => id).sort());
    const states = new Map([...before].map(([id, { state }]) => [id, { ...state, tasks: new Map(state.tasks) }]));
    for (const { chain: loaded, task: one } of moves) {
      const state = states.get(loaded.chainId)!;
      evolve(state, move(state, one.position, loaded.nowMs));
    }
    for (const [id, { state, version }] of await loadWhole(db, ids)) {
      const was = before.get(id)!;
      const plain = (of: ChainState) => [of.chain, ...[...of.tasks.values()].map((one) => sent(one, was.state))];
      expect(plain(state)).toEqual(plain(states.get(id)!));
      expect(version - was.version).toBe(moves.some((one) => one.chain === was) ? 1 : 0);
    }
  }

  const check = (property: (samples: Sample[], places: number) => Promise<void>) =>
    fc.assert(fc.asyncProperty(chains, fc.integer({ min: 1, max: 4 }), property), { numRuns: 40 });
  const byUrgency = (a: Stored, b: Stored): number => b.task.priority - a.task.priority || a.id - b.id;
  const runs = ({ chain: loaded }: Stored): boolean => loaded.state.chain.status === 'RUNNING';
  const isDue = ({ chain: { nowMs }, task: { hold, nextAttemptAt } }: Stored): boolean =>
    hold === null && nextAttemptAt !== null && nextAttemptAt <= nowMs;
  const waits = ({ task: one }: Stored): boolean => one.status === 'READY' && one.hold === null;

  it('claim-ready: dispatches the most urgent READY tasks of running chains, and no others', () =>
    check((samples, places) =>
      holds(
        samples,
        async () => (await engineQueries.claimReady(db, TYPES, [places, places], LEASES.queuedMs)).map(({ id }) => id),
        (all) =>
          TYPES.flatMap((type) =>
            all
              .filter((one) => waits(one) && !one.group && one.task.taskType === type)
              .sort(byUrgency)
              .slice(0, places)
              .filter(runs),
          ),
        dispatch,
      ),
    ));

  it('claim-grouped: dispatches READY tasks of running chains that have a place in their group', () =>
    check((samples, places) =>
      holds(
        samples,
        async () => {
          const claimed = await db.transaction((tx) =>
            engineQueries.claimGrouped(tx, TYPES, [places, places], LEASES.queuedMs),
          );
          return claimed!.map(({ id }) => id);
        },
        (all, moved) => all.filter((one) => moved.has(one.id) && waits(one) && one.group && runs(one)),
        dispatch,
      ),
    ));

  it('promote-due: promotes RETRYING tasks of running chains that are due, the most urgent to the free places', () =>
    check((samples) =>
      holds(
        samples,
        async () => {
          const ready = `SELECT id FROM chain_tasks WHERE status = 'READY'`;
          const ids = async () =>
            (await withConnection(database.url, (client) => client.query<{ id: string }>(ready))).rows.map(({ id }) =>
              Number(id),
            );
          const was = new Set(await ids());
          const count = await engineQueries.promoteDue(db, 500);
          const promoted = (await ids()).filter((id) => !was.has(id));
          expect(promoted).toHaveLength(count);
          return promoted;
        },
        (all) =>
          all
            .filter((one) => runs(one) && isDue(one))
            .sort((a, b) => b.task.priority - a.task.priority || a.task.position - b.task.position),
        promote,
      ),
    ));
});

function stateOf(sample: Sample['tasks'][number], base: Task, nowMs: number): Task {
  const { status, held, due, priority, attempt, sentBefore } = sample;
  const time = status === 'RETRYING' && due !== 'never' ? nowMs + DUE_MS[due] : null;
  return {
    ...base,
    status: status as Task['status'],
    hold: !held ? null : status === 'READY' ? 'MAX_PARALLEL' : status === 'RETRYING' ? 'APPROVAL' : null,
    nextAttemptAt: time,
    priority,
    attempt,
    runId: attempt > 0 ? `r${attempt}` : null,
    firstQueuedAt: sentBefore ? nowMs - 60_000 : null,
    skipReason: status === 'SKIPPED' ? 'CONDITION' : null,
  };
}

function counted(tasks: readonly Task[]): Partial<Chain> {
  const of = (status: Task['status']): number => tasks.filter((one) => one.status === status).length;
  return {
    completedTasks: of('SUCCESS'),
    failedTasks: of('FAILURE'),
    skippedTasks: of('SKIPPED'),
    cancelledTasks: of('CANCELLED'),
    admittedTasks: tasks.filter(isAdmitted).length,
  };
}

/** The task, without the moment of its first dispatch where this one is the first: the database's clock sets that. */
function sent(task: Task, before: ChainState): Task {
  const first = before.tasks.get(task.position)!.firstQueuedAt;
  return { ...task, firstQueuedAt: task.firstQueuedAt === null ? null : (first ?? 0) };
}
