import { isChainTerminal } from '#libs/chain-domain';
import type { ChainSave, LoadedChain } from '#libs/repositories';

/** Larger chains are read a hop at a time: reading and keeping them whole would cost more than it saves. */
export const WHOLE_CHAIN_TASKS = 256;
/** Tasks kept at once; with parameters of 2 KiB each at most (`load-hop`), under 100 MB. What a turn keeps for the next one counts as tasks. */
const MOST_TASKS = 20_000;
const KEPT_MS = 60_000;
/** How long a chain counts as shared with other listeners after a conflict, ms. */
const SHARED_MS = 10_000;

/**
 * Small chains as this process's last save left them, so that the next report of a chain needs no read before it is
 * decided.
 *
 * It may be stale and needs no invalidation: a save is a compare-and-set on the chain's version, so what was decided
 * on a state that others have changed is not stored, and the chain is read and decided again. A chain of which that
 * happened is not kept for a while: with several listeners, its reports reach all of them.
 *
 * A chain is taken out while it is worked on, so no two decisions share its mutable state; it comes back once its
 * save is known to be stored. A save of unknown outcome empties the cache.
 */
export class ChainCache {
  /** The oldest first. */
  private readonly kept = new Map<string, LoadedChain & { readonly keptAt: number }>();
  private readonly shared = new Map<string, number>();
  private tasks = 0;

  /** `clock`: the one of `LoadedChain.readAt`, ms. */
  constructor(private readonly clock: () => number = () => performance.now()) {}

  /** The chain with all its tasks and the database's clock as it goes by now, or undefined. */
  take(chainId: string): LoadedChain | undefined {
    const chain = this.kept.get(chainId);
    if (chain === undefined) return undefined;
    this.forget(chainId);
    const readAt = this.clock();
    if (readAt - chain.keptAt > KEPT_MS) return undefined;
    return { ...chain, nowMs: chain.nowMs + readAt - chain.readAt, readAt };
  }

  /** Up to how many tasks the chain is worth reading whole. */
  wholeUpTo(chainId: string): number {
    return this.isShared(chainId) ? 0 : WHOLE_CHAIN_TASKS;
  }

  /** The save was stored: its chain is as decided. */
  stored({ loaded, before, changed }: ChainSave): void {
    const { chainId, rows, state } = loaded;
    const { chain } = state;
    const whole = rows.size === chain.totalTasks && rows.size <= WHOLE_CHAIN_TASKS;
    if (!whole || isChainTerminal(chain.status) || this.isShared(chainId)) return;
    this.forget(chainId);
    const version = chain !== before || changed.size > 0 ? loaded.version + 1 : loaded.version;
    this.kept.set(chainId, { ...loaded, version, keptAt: this.clock() });
    this.tasks += weightOf(loaded);
    for (const oldest of this.kept.keys()) {
      if (this.tasks <= MOST_TASKS) break;
      this.forget(oldest);
    }
  }

  /** The save was not stored: the chain was changed by someone else. */
  conflicted(chainId: string): void {
    this.shared.delete(chainId);
    this.shared.set(chainId, this.clock());
  }

  /** The chain was changed otherwise. */
  forget(chainId: string): void {
    const chain = this.kept.get(chainId);
    if (chain === undefined) return;
    this.kept.delete(chainId);
    this.tasks -= weightOf(chain);
  }

  clear(): void {
    this.kept.clear();
    this.tasks = 0;
  }

  private isShared(chainId: string): boolean {
    for (const [id, since] of this.shared) {
      if (this.clock() - since < SHARED_MS) break;
      this.shared.delete(id);
    }
    return this.shared.has(chainId);
  }
}

const weightOf = ({ rows, turnOf }: LoadedChain): number => rows.size + (turnOf?.weight ?? 0);
