import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { readChains, type Database } from '#libs/repositories';

const POLL_MS = 200;

type OnVersion = (version: number | undefined) => void;

/**
 * Tells watchers each new version of their chain: one query for all watched chains of a tenant, five times a second, and none
 * without watchers. Level-triggered: a watcher that missed a version sees the next.
 */
@Injectable()
export class ChainWatch implements OnModuleDestroy {
  /** By what their tenant may see, then by chain. */
  private readonly watchers = new Map<Database, Map<string, Set<OnVersion>>>();
  private timer: NodeJS.Timeout | undefined;

  /** Calls with the chain's version at each look; undefined when the chain is gone. Returns what ends it. */
  watch(db: Database, chainId: string, onVersion: OnVersion): () => void {
    const chains = this.watchers.get(db) ?? new Map<string, Set<OnVersion>>();
    const list = chains.get(chainId) ?? new Set();
    list.add(onVersion);
    chains.set(chainId, list);
    this.watchers.set(db, chains);
    this.timer ??= setTimeout(() => void this.look(), 0);
    return () => {
      list.delete(onVersion);
      if (list.size === 0 && chains.get(chainId) === list) chains.delete(chainId);
      if (chains.size === 0 && this.watchers.get(db) === chains) this.watchers.delete(db);
    };
  }

  onModuleDestroy(): void {
    clearTimeout(this.timer);
    this.watchers.clear();
  }

  private async look(): Promise<void> {
    await Promise.all([...this.watchers].map(([db, chains]) => lookAt(db, chains)));
    this.timer = this.watchers.size > 0 ? setTimeout(() => void this.look(), POLL_MS) : undefined;
  }
}

async function lookAt(db: Database, chains: ReadonlyMap<string, ReadonlySet<OnVersion>>): Promise<void> {
  try {
    const versions = await readChains.versions(db, [...chains.keys()]);
    for (const [chainId, watchers] of chains) for (const tell of watchers) tell(versions.get(chainId)?.version);
  } catch {
    // The database is out of reach: watchers hear nothing until it is back.
  }
}
