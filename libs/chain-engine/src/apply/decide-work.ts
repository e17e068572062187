import { IncompleteState } from '#libs/chain-domain';
import { loadForRequests, loadWhole } from '#libs/repositories';
import type { ChainSave, LoadedChain, Queryable } from '#libs/repositories';
import { decideChain, type Incoming } from './decide-chain.js';
import type { ChainCache } from './chain-cache.js';
import { withEndings } from './endings.js';
import type { Capacity } from '../dispatch/capacity.js';

/**
 * After how long it is looked whether the job of a task that was sent is there, again whether one that waits in the
 * queue still is, and how long a running task waits for a heartbeat, ms.
 */
export const LEASES = { queuedMs: 4_000, waitingMs: 10_000, runningMs: 15_000 };

/** Work on one chain: its events, which name tasks by task request. */
export interface ChainWork {
  readonly chainId: string;
  /** Builds the events once the chain is loaded; null for a report of a task that the chain does not have. */
  readonly incoming: (loaded: LoadedChain) => readonly Incoming[];
  /** The tasks whose rows (and successors') are needed; undefined loads the whole chain. */
  readonly requestIds: readonly string[] | undefined;
  /** Given up where the chain has changed since it was loaded: whoever made the work looks again. */
  readonly once?: true;
}

/** Loads and decides, and stores nothing. Chains that do not exist are left out. */
export async function decideWork(
  db: Queryable,
  work: readonly ChainWork[],
  capacity: Capacity,
  cache?: ChainCache,
): Promise<ChainSave[]> {
  const partly = work.filter((w) => w.requestIds !== undefined);
  const loaded = await loadPartly(db, partly, cache);
  const saves: ChainSave[] = [];
  const whole: ChainWork[] = work.filter((w) => w.requestIds === undefined);
  for (const { item, chain, incoming } of await take(db, partly, loaded)) {
    try {
      saves.push(decideChain(chain, incoming, capacity));
    } catch (error) {
      if (!(error instanceof IncompleteState)) throw error;
      whole.push(item);
    }
  }
  if (whole.length > 0) {
    const chains = await loadWhole(
      db,
      whole.map((w) => w.chainId),
    );
    for (const { chain, incoming } of await take(db, whole, chains)) {
      saves.push(decideChain(chain, incoming, capacity));
    }
  }
  return saves;
}

/** What comes in for each chain that there is. */
function take(db: Queryable, work: readonly ChainWork[], loaded: ReadonlyMap<string, LoadedChain>) {
  const taken = work.flatMap((item) => {
    const chain = loaded.get(item.chainId);
    return chain === undefined ? [] : [{ item, chain, incoming: item.incoming(chain) }];
  });
  return withEndings(db, taken);
}

/** The chains with at least the tasks that the work names and their successors. */
async function loadPartly(
  db: Queryable,
  work: readonly ChainWork[],
  cache: ChainCache | undefined,
): Promise<Map<string, LoadedChain>> {
  const kept = new Map<string, LoadedChain>();
  const requestIds: string[] = [];
  const wholeUpTo: number[] = [];
  for (const { chainId, requestIds: named } of work) {
    const chain = cache?.take(chainId);
    if (chain !== undefined) kept.set(chainId, chain);
    else {
      const limit = cache?.wholeUpTo(chainId) ?? 0;
      for (const id of named!) {
        requestIds.push(id);
        wholeUpTo.push(limit);
      }
    }
  }
  if (requestIds.length === 0) return kept;
  return new Map([...kept, ...(await loadForRequests(db, requestIds, wholeUpTo))]);
}

/** Events of single tasks as work, gathered by chain. Tasks that their chain does not have are left out. */
export function taskWork<T extends { readonly chainId: string; readonly taskRequestId: string }>(
  items: readonly T[],
  eventOf: (item: T, position: number, chain: LoadedChain) => Incoming,
): ChainWork[] {
  const byChain = new Map<string, T[]>();
  for (const item of items) {
    const list = byChain.get(item.chainId);
    if (list === undefined) byChain.set(item.chainId, [item]);
    else list.push(item);
  }
  return [...byChain].map(([chainId, list]) => ({
    chainId,
    requestIds: list.map((item) => item.taskRequestId),
    incoming: (chain) =>
      list.flatMap((item) => {
        const position = chain.positions.get(item.taskRequestId);
        return position === undefined ? [] : [eventOf(item, position, chain)];
      }),
  }));
}
