import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { readChains } from '#libs/repositories';
import { Databases } from '../system/databases.js';

const POLL_MS = 200;

type OnVersion = (version: number | undefined) => void;

/**
 * Tells watchers each new version of their chain: one query for all watched chains, five times a second, and none
 * while nobody watches. Level-triggered: a watcher that missed a version sees the next.
 */
@Injectable()
export class ChainWatch implements OnModuleDestroy {
  private readonly watchers = new Map<string, Set<OnVersion>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly databases: Databases) {}

  /** Calls with the chain's version at each look; undefined when the chain is gone. Returns what ends it. */
  watch(chainId: string, onVersion: OnVersion): () => void {
    const list = this.watchers.get(chainId) ?? new Set();
    list.add(onVersion);
    this.watchers.set(chainId, list);
    this.timer ??= setTimeout(() => void this.look(), 0);
    return () => {
      list.delete(onVersion);
      if (list.size === 0 && this.watchers.get(chainId) === list) this.watchers.delete(chainId);
    };
  }

  onModuleDestroy(): void {
    clearTimeout(this.timer);
    this.watchers.clear();
  }

  private async look(): Promise<void> {
    try {
      const versions = await readChains.versions(this.databases.reads, [...this.watchers.keys()]);
      for (const [chainId, watchers] of this.watchers) for (const tell of watchers) tell(versions.get(chainId));
    } catch {
      // The database is out of reach: watchers hear nothing until it is back.
    }
    this.timer = this.watchers.size > 0 ? setTimeout(() => void this.look(), POLL_MS) : undefined;
  }
}
