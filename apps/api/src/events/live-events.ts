import { readChains } from '#libs/repositories';
import type { Database } from '#libs/repositories';
import type { ChainWatch } from './chain-watch.js';
import type { EventStream } from './event-stream.js';

const TERMINAL = new Set(['SUCCESS', 'FAILURE', 'CANCELLED']);

/**
 * A chain's changes as server-sent events: `task` for each task that changed, `chain` for the chain itself, and `end`
 * when it has ended. The event id is the chain's version: a client that comes back with `Last-Event-ID` gets every
 * task that changed since, in its present state, and misses nothing. Why a task waits is not part of the stream.
 */
export class LiveEvents {
  private version: number;
  private readonly shown = new Map<string, string>();
  private busy = false;
  private again = false;

  constructor(
    private readonly db: Database,
    private readonly chainId: string,
    private readonly stream: EventStream,
    lastEventId: number,
    watch: ChainWatch,
  ) {
    this.version = lastEventId;
    stream.onClose(watch.watch(db, chainId, (version) => this.look(version)));
  }

  private look(version: number | undefined): void {
    if (version === undefined) return this.stream.close();
    // Sent at each poll: a slow reader sees the chain's current state once it has caught up.
    if (this.stream.behind) return;
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    void this.show()
      .catch(() => this.stream.close()) // The client comes back with its Last-Event-ID.
      .finally(() => {
        this.busy = false;
        if (this.again && !this.stream.closed) {
          this.again = false;
          this.look(version);
        }
      });
  }

  private async show(): Promise<void> {
    const chain = await readChains.chain(this.db, this.chainId);
    if (chain === undefined || this.stream.closed) return this.stream.close();
    const tasks = await readChains.changedTasks(this.db, this.chainId, this.version);
    for (const row of tasks) {
      // Tasks that run are read each time for their progress: only what is new is sent.
      if (this.shown.get(row.task_id) === row.json) continue;
      if (row.status === 'RUNNING') this.shown.set(row.task_id, row.json);
      else this.shown.delete(row.task_id);
      this.stream.send('task', row.json);
    }
    if (chain.version > this.version) {
      this.version = chain.version;
      // Only the chain's own event carries an id: a client that is cut off between tasks gets them all again.
      this.stream.send('chain', chain.json, chain.version);
    }
    if (!TERMINAL.has(chain.status)) return;
    this.stream.send('end', JSON.stringify({ chain_id: this.chainId, status: chain.status }), chain.version);
    this.stream.close();
  }
}
