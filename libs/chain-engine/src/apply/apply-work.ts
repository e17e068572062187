import { failpoint } from '#libs/platform';
import { Database, save } from '#libs/repositories';
import type { ChainSave, Queryable } from '#libs/repositories';
import { startChildren } from '../children/start-children.js';
import { compensate, isUndone } from './compensate.js';
import type { ChainCache } from './chain-cache.js';
import { decideWork, LEASES, type ChainWork } from './decide-work.js';
import type { Capacity } from '../dispatch/capacity.js';

/** One pass of load, decide, save: what was stored, and what was made beside it for all that was decided. */
export interface Round<T> {
  readonly stored: readonly ChainSave[];
  readonly side: T;
  /** Row ids of first tasks of chains that were made with it, QUEUED in their first attempt. */
  readonly begun: readonly number[];
}

interface Stored {
  readonly ids: Set<string>;
  readonly begun: readonly number[];
}

/**
 * Load, decide, save: until every chain is stored. A chain that another process changed in between is loaded and
 * decided again, so that each decision stands on the state it was made from. `beside` runs while the save is under
 * way. Chains that do not exist are left out of the answer. `cache`: where this process keeps what it stored.
 */
export async function applyWork<T>(
  db: Queryable,
  work: readonly ChainWork[],
  capacity: Capacity,
  beside: (saves: readonly ChainSave[]) => Promise<T>,
  cache?: ChainCache,
): Promise<Round<T>[]> {
  const rounds: Round<T>[] = [];
  for (let open = work; open.length > 0;) {
    const saves = await decideWork(db, open, capacity, cache);
    if (saves.length === 0) break;
    await failpoint('listener.beforeSave');
    const saving = store(db, saves, capacity).catch((error: unknown) => {
      cache?.clear();
      throw error;
    });
    const [{ ids, begun }, side] = await Promise.all([saving, beside(saves)]);
    const won = saves.filter((s) => ids.has(s.loaded.chainId));
    rounds.push({ stored: won, side, begun });
    for (const s of won) cache?.stored(s);
    const lost = new Set<string>();
    for (const s of saves) {
      if (ids.has(s.loaded.chainId)) continue;
      lost.add(s.loaded.chainId);
      cache?.conflicted(s.loaded.chainId);
      for (const position of s.dispatched) capacity.give(s.loaded.state.tasks.get(position)!.taskType);
    }
    open = open.filter(({ chainId, once }) => lost.has(chainId) && once === undefined);
  }
  return rounds;
}

/** Stores decisions in one statement; what calls for another chain in a transaction with that chain. */
async function store(db: Queryable, saves: readonly ChainSave[], capacity: Capacity): Promise<Stored> {
  const apart = saves.filter(makesChains);
  if (apart.length === 0) return { ids: await save(db, saves, LEASES), begun: [] };
  const others = saves.filter((each) => !makesChains(each));
  const ids = others.length === 0 ? new Set<string>() : await save(db, others, LEASES);
  const begun: number[] = [];
  for (const each of apart) {
    const stored = await storeApart(db, each, capacity);
    for (const id of stored.ids) ids.add(id);
    begun.push(...stored.begun);
  }
  return { ids, begun };
}

const makesChains = (each: ChainSave): boolean => isUndone(each) || (each.children?.size ?? 0) > 0;

function storeApart(db: Queryable, each: ChainSave, capacity: Capacity): Promise<Stored> {
  const inOne = async (tx: Queryable): Promise<Stored> => {
    const ids = await save(tx, [each], LEASES);
    if (ids.size === 0) return { ids, begun: [] };
    if (isUndone(each)) await compensate(tx, each.loaded);
    return { ids, begun: await startChildren(tx, each, capacity) };
  };
  return db instanceof Database ? db.transaction(inOne) : inOne(db);
}
