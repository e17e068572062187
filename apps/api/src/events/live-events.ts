import type { ServerResponse } from 'node:http';
import { readChains } from '#libs/repositories';
import type { Database, QueueFacts } from '#libs/repositories';
import { chainSummary, taskDto } from '../chains/views.js';
import type { ChainWatch } from './chain-watch.js';

const KEEP_ALIVE_MS = 15_000;
/** How a stream of events is answered. */
export const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
  Connection: 'keep-alive',
} as const;
/** Why a task waits is not part of the stream. */
const NOT_READ: QueueFacts = { ahead: new Map(), counted: 0, slots: new Map() };
const TERMINAL = new Set(['SUCCESS', 'FAILURE', 'CANCELLED']);

/**
 * A chain's changes as server-sent events: `task` for each task that changed, `chain` for the chain itself, and `end`
 * when it has ended. The event id is the chain's version: a client that comes back with `Last-Event-ID` gets every
 * task that changed since, in its present state, and misses nothing.
 */
export class LiveEvents {
  private version: number;
  private readonly shown = new Map<string, string>();
  private busy = false;
  private again = false;
  private readonly unwatch: () => void;
  private readonly keepAlive: NodeJS.Timeout;
  private closed = false;

  constructor(
    private readonly db: Database,
    private readonly chainId: string,
    private readonly out: ServerResponse,
    lastEventId: number,
    watch: ChainWatch,
  ) {
    this.version = lastEventId;
    out.writeHead(200, STREAM_HEADERS);
    out.write('retry: 1000\n\n');
    this.keepAlive = setInterval(() => out.write(': still here\n\n'), KEEP_ALIVE_MS);
    this.unwatch = watch.watch(chainId, (version) => this.look(version));
    out.on('close', () => this.close());
    out.on('error', () => this.close());
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.unwatch();
    clearInterval(this.keepAlive);
    this.out.end();
  }

  private look(version: number | undefined): void {
    if (version === undefined) return this.close();
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    void this.show()
      .catch(() => this.close()) // The client comes back with its Last-Event-ID.
      .finally(() => {
        this.busy = false;
        if (this.again && !this.closed) {
          this.again = false;
          this.look(version);
        }
      });
  }

  private async show(): Promise<void> {
    const chain = await readChains.chain(this.db, this.chainId);
    if (chain === undefined || this.closed) return this.close();
    const tasks = await readChains.changedTasks(this.db, this.chainId, this.version);
    for (const row of tasks) {
      // Tasks that run are read each time for their progress: only what is new is sent.
      const { waiting: _waiting, ...data } = taskDto(row, { chain, statusOf: () => undefined, queues: NOT_READ });
      const text = JSON.stringify(data);
      if (this.shown.get(row.task_id) === text) continue;
      if (row.status === 'RUNNING') this.shown.set(row.task_id, text);
      else this.shown.delete(row.task_id);
      this.send('task', text);
    }
    if (chain.version > this.version) {
      this.version = chain.version;
      this.send('chain', JSON.stringify(chainSummary(chain)), chain.version);
    }
    if (!TERMINAL.has(chain.status)) return;
    this.send('end', JSON.stringify({ chain_id: this.chainId, status: chain.status }), chain.version);
    this.close();
  }

  /** Only the chain's own event carries an id: a client that is cut off between tasks gets them all again. */
  private send(event: string, data: string, id?: number): void {
    if (this.closed) return;
    this.out.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`);
  }
}
