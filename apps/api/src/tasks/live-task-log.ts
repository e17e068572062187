import type { LogView, WantedLines } from '#libs/repositories';
import type { EventStream } from '../events/event-stream.js';

/** Lines read at once: each is up to 48 KiB of JSON. */
const PAGE = 100;
/** A log is looked at so often, ms: at most one query of its lines and one of its task. */
const LOOK_MS = 500;
/** Lines come beside the report of a task's end, and some after it: so long without one, ms, and the log is over. */
const SETTLED_MS = 2_000;
/** An id is taken before its line is stored. A line is still found where one with a larger id was seen so long before it, ms, */
const LATE_MS = 5_000;
/** and no more than so many lines came since, */
const MOST_RECENT = 1_000;
/** of no more than so many bytes. It is less than one stream sends, so that who resumes goes on further. */
const MOST_RECENT_BYTES = 4 * 1024 * 1024;
/** Sent by one stream, then it ends: whoever wants more goes on by `Last-Event-ID`. */
const MOST_BYTES = 16 * 1024 * 1024;

interface TaskState {
  readonly status: string;
  readonly isOver: boolean;
}

/** The log of a task as its readers may see it. */
export interface SeenTaskLog {
  lines(wanted: WantedLines): Promise<LogView[]>;
  /** What the task is, and whether it has ended. Rejects where it is gone. */
  state(): Promise<TaskState>;
  /** Calls some times a second with the version of the chain, undefined when it is gone. Returns what ends it. */
  follow(look: (version: number | undefined) => void): () => void;
}

/** Where a stream begins: after a line, or with the newest so many. */
export interface LogStart {
  readonly after: number;
  readonly tail?: number | undefined;
}

/**
 * The log of a task as server-sent events: each line once (`line`), and `end` once the task has ended and nothing more
 * came. The event's id is that of a line before which none can be missing, often a little before the last: who
 * resumes gets some lines again, and knows them by the ids in their data.
 */
export class LiveTaskLog {
  /** All lines up to it were sent. */
  private safe: number;
  private tail: number | undefined;
  private recent: { readonly id: number; readonly at: number; readonly bytes: number }[] = [];
  private busy = false;
  private version: number | undefined;
  private state: TaskState | undefined;
  private lookedAt = -Infinity;
  private lastLineAt = performance.now();
  private bytes = 0;

  constructor(
    private readonly log: SeenTaskLog,
    private readonly stream: EventStream,
    { after, tail }: LogStart,
  ) {
    this.safe = after;
    // With the newest lines alone there is nothing to resume from before the first of them.
    if (tail === undefined) stream.lastId = after;
    this.tail = tail;
    stream.onClose(log.follow((version) => void this.look(version)));
  }

  private async look(version: number | undefined): Promise<void> {
    if (version === undefined) return this.stream.close();
    if (this.busy || this.stream.behind || performance.now() - this.lookedAt < LOOK_MS) return;
    this.busy = true;
    try {
      // First the state, then the lines: those before the end are then there, or on their way.
      if (version !== this.version) this.state = await this.log.state();
      this.version = version;
      await this.readOn();
      this.lookedAt = performance.now();
      if (!this.state?.isOver || this.lookedAt - this.lastLineAt < SETTLED_MS) return;
      this.stream.send('end', JSON.stringify({ status: this.state.status }), this.safe);
      this.stream.close();
    } catch {
      this.stream.close(); // The client comes back with its Last-Event-ID.
    } finally {
      this.busy = false;
    }
  }

  /** Sends what is new, page by page as the reader takes it. */
  private async readOn(): Promise<void> {
    for (let more = true; more && (await this.stream.drained());) {
      const { safe: after, tail } = this;
      const except = this.recent.map(({ id }) => id);
      const lines = await this.log.lines({ after, except, limit: tail ?? PAGE, newest: tail !== undefined });
      // Of fewer lines than that none was left out.
      if (lines.length === tail) this.safe = lines[0]!.id - 1;
      this.tail = undefined;
      for (const line of lines) {
        if (this.stream.behind && !(await this.stream.drained())) return;
        this.send(line);
      }
      this.forget();
      more = lines.length === PAGE;
      if (this.bytes > MOST_BYTES) return this.stream.close();
    }
  }

  private send(line: LogView): void {
    const json = JSON.stringify(line);
    const bytes = Buffer.byteLength(json);
    this.bytes += bytes;
    this.lastLineAt = performance.now();
    this.stream.send('line', json, this.safe);
    this.recent.push({ id: line.id, at: this.lastLineAt, bytes });
  }

  /** Moves on past lines that are so old that none before them is still to come. */
  private forget(): void {
    const old = performance.now() - LATE_MS;
    let room = MOST_RECENT_BYTES;
    const last = this.recent.findLastIndex(({ at, bytes }) => at < old || (room -= bytes) < 0);
    const kept = this.recent.slice(last + 1).slice(-MOST_RECENT);
    for (const { id } of this.recent.slice(0, this.recent.length - kept.length)) this.safe = Math.max(this.safe, id);
    this.recent = kept;
    this.stream.lastId = this.safe;
  }
}
