import type { ServerResponse } from 'node:http';

const KEEP_ALIVE_MS = 15_000;
/** A reader that takes nothing for this many keep-alives in a row is disconnected. */
const MISSED = 4;
/** A reader of a stream that has ended is cut off if it has not taken the rest by then, ms. */
const LINGER_MS = 5_000;
/** How a stream of events is answered. */
export const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
  Connection: 'keep-alive',
} as const;

/** The event after which the caller resumes; undefined: from the beginning. */
export const lastEvent = (header: string | undefined): number | undefined =>
  /^\d{1,15}$/.test(header ?? '') ? Number(header) : undefined;

/**
 * Server-sent events to one reader. Whoever writes looks at `behind` or waits for `drained`, so that a slow reader costs
 * no memory; one that takes nothing for a minute is cut off, and comes back with its `Last-Event-ID`.
 */
export class EventStream {
  closed = false;
  private readonly atClose: (() => void)[] = [];
  private readonly keepAlive: NodeJS.Timeout;
  private missed = 0;
  private taken: () => void = () => undefined;

  /** `lastId`: the id to resume from. Sent at once, with each event that has an id and with each keep-alive. */
  constructor(
    private readonly out: ServerResponse,
    public lastId?: number,
    keepAliveMs = KEEP_ALIVE_MS,
  ) {
    out.writeHead(200, STREAM_HEADERS);
    out.write(`retry: 1000\n${this.idLine()}\n`);
    this.keepAlive = setInterval(() => this.showLife(), keepAliveMs);
    out.on('drain', () => {
      this.missed = 0;
      this.taken();
    });
    out.on('close', () => this.close());
    out.on('error', () => this.close());
  }

  /** What was written is not taken yet. */
  get behind(): boolean {
    return this.out.writableNeedDrain;
  }

  send(event: string, data: string, id?: number): void {
    if (this.closed) return;
    this.lastId = id ?? this.lastId;
    this.out.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`);
  }

  /** Waits until what was written is taken. false: the reader is gone. */
  async drained(): Promise<boolean> {
    if (!this.closed && this.behind) await new Promise<void>((resolve) => (this.taken = resolve));
    return !this.closed;
  }

  onClose(work: () => void): void {
    if (this.closed) work();
    else this.atClose.push(work);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.keepAlive);
    const linger = setTimeout(() => this.out.destroy(), LINGER_MS).unref();
    this.out.once('close', () => clearTimeout(linger));
    this.out.end();
    this.taken();
    for (const work of this.atClose) work();
  }

  private showLife(): void {
    if (!this.behind) this.out.write(`: still here\n${this.idLine()}\n`);
    else if (++this.missed >= MISSED) this.out.destroy();
  }

  private idLine(): string {
    return this.lastId === undefined ? '' : `id: ${this.lastId}\n`;
  }
}
