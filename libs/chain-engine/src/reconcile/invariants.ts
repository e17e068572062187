import { isAdmitted, isChainTerminal, isInFlight, isTerminal, judge, outcomeOf } from '#libs/chain-domain';
import type { Chain, ParentCounts, Task } from '#libs/chain-domain';
import { engineQueries, loadWhole, save } from '#libs/repositories';
import type { ChainSave, EventRecord, LoadedChain, BrokenChain } from '#libs/repositories';
import { finished, noticeOf } from '../apply/decide-chain.js';
import type { ChainEngine } from '../chain-engine.js';
import { LEASES } from '../apply/apply-work.js';

/** Chains looked at in one statement, and statements in one round: what is beyond waits for the next round. */
const PAGE = 500;
const PAGES = 40;
const LIVE_TASKS = 1_000;

/**
 * Proves the stored state and mends what is wrong: counters equal a recount (I4), a RUNNING chain has something that
 * will move it (I5), an ended chain has no live task (I1). Every repair is a compare-and-set on the chain's version,
 * is recorded and counted; in normal running there is none, and each one is a bug to be found. Returns how many.
 */
export async function reconcileInvariants(engine: ChainEngine): Promise<number> {
  let repairs = await mendAll(engine, await engineQueries.endedOffenders(engine.db, LIVE_TASKS));
  let after = 0;
  for (let page = 0; page < PAGES; page++) {
    const { lastId, offenders } = await engineQueries.openOffenders(engine.db, after, PAGE);
    repairs += await mendAll(engine, offenders);
    if (lastId === null) break;
    after = lastId;
  }
  return repairs;
}

async function mendAll(engine: ChainEngine, offenders: readonly BrokenChain[]): Promise<number> {
  let repairs = 0;
  for (const { chain_id: chainId, kind } of offenders) {
    const loaded = (await loadWhole(engine.db, [chainId])).get(chainId);
    const mended = loaded === undefined ? null : mend(loaded, kind);
    if (mended === null) continue; // It has moved on since it was looked at.
    if (!(await save(engine.db, [mended], LEASES)).has(chainId)) continue;
    repairs++;
    engine.metrics.repairs.inc({ kind });
    engine.log.error(
      { kind, chain_id: chainId, was: mended.before, is: mended.loaded.state.chain },
      'repaired an invariant',
    );
    await engineQueries.recordRepair(engine.db, kind, chainId, null, { tasks: mended.changed.size });
    engine.capacity.expectAll();
  }
  return repairs;
}

/** What makes a whole chain keep the invariants; null where it does already. */
function mend(loaded: LoadedChain, kind: string): ChainSave | null {
  const { state } = loaded;
  const before = state.chain;
  const changed = new Map<number, Task>();
  const put = (task: Task): void => {
    state.tasks.set(task.position, task);
    changed.set(task.position, task);
  };
  if (isChainTerminal(before.status)) endLiveTasks(state.tasks, put);
  else if (before.status === 'RUNNING') moveOn(before, state.tasks, put);
  const counted = recount(before, [...state.tasks.values()]);
  const chain = endIfDone(counted);
  if (changed.size === 0 && JSON.stringify(chain) === JSON.stringify(before)) return null;
  state.chain = chain;
  const data = { kind, tasks: [...changed.keys()] };
  const events: EventRecord[] = [{ taskId: null, kind: 'InvariantRepaired', disposition: 'ACCEPTED', data }];
  const outbox: { kind: string; payload: unknown }[] = [];
  if (chain.status !== before.status) {
    const end = finished(chain);
    events.push(end);
    outbox.push({ kind: 'NOTICE', payload: noticeOf(loaded, end) });
  }
  return {
    loaded,
    before,
    changed,
    dispatched: new Set(),
    reports: new Map(),
    events,
    attempts: [],
    artifacts: [],
    outbox,
  };
}

function endLiveTasks(tasks: ReadonlyMap<number, Task>, put: (task: Task) => void): void {
  for (const task of tasks.values()) {
    if (isTerminal(task.status)) continue;
    if (isInFlight(task.status)) put({ ...task, status: 'CANCELLED', hold: null });
    else put({ ...task, status: 'SKIPPED', skipReason: 'CHAIN_STOPPED', hold: null, nextAttemptAt: null });
  }
}

/** Counts each PENDING task's parents anew, decides those that are certain, and admits held ones where there is room. */
function moveOn(chain: Chain, tasks: ReadonlyMap<number, Task>, put: (task: Task) => void): void {
  const hasRoom = (): boolean =>
    chain.maxParallel === null || [...tasks.values()].filter(isAdmitted).length < chain.maxParallel;
  for (let again = true; again;) {
    again = false;
    const parents = countParents(tasks);
    for (const task of [...tasks.values()]) {
      if (task.status !== 'PENDING') continue;
      const counts = parents.get(task.position) ?? NO_PARENTS;
      const verdict = judge(task.triggerRule, counts);
      if (verdict === 'run') {
        put({ ...task, parents: counts, status: 'READY', hold: hasRoom() ? null : 'MAX_PARALLEL' });
      } else if (verdict !== 'wait') {
        put({ ...task, parents: counts, status: 'SKIPPED', skipReason: verdict });
        again = true;
      } else if (JSON.stringify(counts) !== JSON.stringify(task.parents)) {
        put({ ...task, parents: counts });
      }
    }
  }
  const held = [...tasks.values()].filter((task) => task.status === 'READY' && task.hold !== null);
  held.sort((a, b) => b.priority - a.priority || a.position - b.position);
  for (const task of held) if (hasRoom()) put({ ...task, hold: null });
}

const NO_PARENTS: ParentCounts = { pending: 0, succeeded: 0, failed: 0, skipped: 0 };

function countParents(tasks: ReadonlyMap<number, Task>): Map<number, ParentCounts> {
  const counts = new Map<number, ParentCounts>();
  for (const parent of tasks.values()) {
    const outcome = outcomeOf(parent);
    for (const child of parent.successors) {
      const sofar = counts.get(child) ?? NO_PARENTS;
      counts.set(child, { ...sofar, [outcome]: sofar[outcome] + 1 });
    }
  }
  return counts;
}

function recount(chain: Chain, tasks: readonly Task[]): Chain {
  const of = (status: Task['status']): number => tasks.filter((task) => task.status === status).length;
  return {
    ...chain,
    completedTasks: of('SUCCESS'),
    failedTasks: of('FAILURE'),
    skippedTasks: of('SKIPPED'),
    cancelledTasks: of('CANCELLED'),
    toleratedTasks: tasks.filter((task) => task.status === 'FAILURE' && task.tolerable).length,
    admittedTasks: tasks.filter(isAdmitted).length,
  };
}

function endIfDone(chain: Chain): Chain {
  const finished = chain.completedTasks + chain.failedTasks + chain.skippedTasks + chain.cancelledTasks;
  if (chain.status !== 'RUNNING' || finished < chain.totalTasks) return chain;
  const failed = chain.failedTasks > chain.toleratedTasks;
  return { ...chain, status: failed ? 'FAILURE' : 'SUCCESS', deadlineAt: null, timeLeftMs: null };
}
