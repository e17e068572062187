import { isChainTerminal } from '#libs/chain-domain';
import { failpoint } from '#libs/platform';
import { Database, isInTheWay, isTransient, save } from '#libs/repositories';
import type { ChainSave, Queryable } from '#libs/repositories';
import { endsOfChildren } from '../children/ends-of-children.js';
import { startChildren } from '../children/start-children.js';
import { decideTurns, endsKnownTurn, turnAtOnce } from '../children/turn-at-once.js';
import { compensate, isUndone } from './compensate.js';
import type { ChainCache } from './chain-cache.js';
import { decideWork, LEASES, type ChainWork } from './decide-work.js';
import type { Capacity } from '../dispatch/capacity.js';

/** One pass of load, decide, save: what was stored, and what was made beside it for all that was decided. */
export interface Round<T> {
  readonly stored: readonly ChainSave[];
  /** Parents whose next turn began with the end of a child that is in `stored`. `side` knows nothing of them. */
  readonly turned: readonly ChainSave[];
  readonly side: T;
  /** Chains that were made with it, whose first tasks are to be sent. `side` knows nothing of them. */
  readonly begun: readonly ChainSave[];
}

interface Stored {
  readonly ids: ReadonlySet<string>;
  readonly begun: readonly ChainSave[];
  readonly turned: readonly ChainSave[];
}

/**
 * Load, decide, save: until every chain is stored. A chain that another process changed in between is loaded and
 * decided again, so that each decision stands on the state it was made from. `beside` runs while the save is under
 * way, and gets the promise of its end. Chains that do not exist are left out of the answer. `cache`: where this process keeps what it stored.
 */
export async function applyWork<T>(
  db: Queryable,
  work: readonly ChainWork[],
  capacity: Capacity,
  beside: (saves: readonly ChainSave[], saving: Promise<unknown>) => Promise<T>,
  cache?: ChainCache,
): Promise<Round<T>[]> {
  const rounds: Round<T>[] = [];
  for (let open = work; open.length > 0;) {
    const saves = await decideWork(db, open, capacity, cache);
    if (saves.length === 0) break;
    await failpoint('listener.beforeSave');
    const saving = store(db, saves, capacity, cache).catch((error: unknown) => {
      cache?.clear();
      throw error;
    });
    const [{ ids, begun, turned }, side] = await Promise.all([saving, beside(saves, saving)]);
    const won = saves.filter((s) => ids.has(s.loaded.chainId));
    rounds.push({ stored: won, turned, side, begun });
    for (const s of [...won, ...turned, ...begun]) cache?.stored(s);
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
async function store(
  db: Queryable,
  saves: readonly ChainSave[],
  capacity: Capacity,
  cache: ChainCache | undefined,
): Promise<Stored> {
  const apart = saves.filter((each) => makesChains(each) || endsTurn(each) || endsKnownTurn(each));
  if (apart.length === 0) return { ids: await save(db, saves, LEASES), begun: [], turned: [] };
  const others = saves.filter((each) => !apart.includes(each));
  const ids = others.length === 0 ? new Set<string>() : await save(db, others, LEASES);
  const begun: ChainSave[] = [];
  const turned: ChainSave[] = [];
  for (const each of apart) {
    const stored = await storeApart(db, each, capacity, cache);
    for (const id of stored.ids) ids.add(id);
    begun.push(...stored.begun);
    turned.push(...stored.turned);
  }
  return { ids, begun, turned };
}

const makesChains = (each: ChainSave): boolean => isUndone(each) || (each.children?.size ?? 0) > 0;

/** The end of a turn after the first, so that the one after it is likely. */
const endsTurn = ({ loaded, before }: ChainSave): boolean =>
  loaded.turn > 1 && loaded.state.chain.status === 'SUCCESS' && !isChainTerminal(before.status);

async function storeApart(
  db: Queryable,
  each: ChainSave,
  capacity: Capacity,
  cache: ChainCache | undefined,
): Promise<Stored> {
  const inOne = async (tx: Queryable, turns: boolean): Promise<Stored> => {
    const ids = await save(tx, [each], LEASES);
    if (ids.size === 0) return { ids, begun: [], turned: [] };
    if (isUndone(each)) await compensate(tx, each.loaded);
    const turned = turns ? await nextTurn(tx, each, cache) : [];
    const begun: ChainSave[] = [];
    for (const one of [each, ...turned]) begun.push(...(await startChildren(tx, one, capacity)));
    return { ids, begun, turned };
  };
  if (!(db instanceof Database)) return inOne(db, false);
  const next = endsKnownTurn(each) ? await turnAtOnce(db, each, capacity, cache) : undefined;
  if (next !== undefined) {
    const ids = new Set([each.loaded.chainId]);
    return { ids, begun: [next.child], turned: [next.parent] };
  }
  if (!endsTurn(each)) return db.transaction((tx) => inOne(tx, false));
  try {
    return await db.transaction((tx) => inOne(tx, true));
  } catch (error) {
    if (isTransient(error) && !isInTheWay(error)) throw error;
    // What is wrong with the parent, or has it locked, is no reason to lose the end of its child. `followChildren` meets it again.
    return db.transaction((tx) => inOne(tx, false));
  }
}

/** The turn after one that ends here, where there is one: its parent as it is then. All else is left to `followChildren`. */
async function nextTurn(tx: Queryable, { loaded }: ChainSave, cache: ChainCache | undefined): Promise<ChainSave[]> {
  const work = await endsOfChildren(tx, [loaded.parentId!]);
  const turned = await decideTurns(tx, work, cache);
  const ids = turned.length === 0 ? new Set<string>() : await save(tx, turned, LEASES);
  return turned.filter((one) => ids.has(one.loaded.chainId));
}
