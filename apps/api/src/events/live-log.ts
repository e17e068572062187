import { eventDto } from './events.dto.js';
import type { SeenLog } from './event-log.js';
import type { EventStream } from './event-stream.js';

/** Events read at once: what a slow reader holds in memory at most. */
const PAGE = 500;

/**
 * The events of all chains after `after`, as server-sent events (`event`) with their ids, of these kinds or of all. Each
 * reader has its own position and reads on when it has taken what was sent.
 */
export class LiveLog {
  private busy = false;

  constructor(
    private readonly log: SeenLog,
    private readonly stream: EventStream,
    private after: number,
    private readonly kinds: ReadonlySet<string> | undefined,
  ) {
    stream.onClose(log.follow(() => void this.look()));
  }

  private async look(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let more = true; more && (await this.stream.drained());) {
        const page = await this.log.page(this.after, PAGE);
        for (const row of page.rows) {
          if (this.kinds?.has(row.kind) !== false) this.stream.send('event', JSON.stringify(eventDto(row)), row.id);
        }
        this.after = this.stream.lastId = page.after;
        more = page.more;
      }
    } catch {
      this.stream.close(); // The client comes back with its Last-Event-ID.
    } finally {
      this.busy = false;
    }
  }
}
