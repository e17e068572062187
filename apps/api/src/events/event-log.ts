import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { readHistory, type Database, type EventView, type LoggedEvent } from '#libs/repositories';

const POLL_MS = 200;
/** A transaction that has taken an id has its own number within this time, ms. */
const NUMBERED_MS = 1_000;
const MOST_GAPS = 1_000;

/** Events in the order of their ids. */
export interface EventPage {
  readonly rows: readonly EventView[];
  /** Go on after this id. */
  readonly after: number;
  /** There may be more at once. */
  readonly more: boolean;
}

/** What a tenant sees of the log. */
export interface SeenLog {
  page(after: number, limit: number): Promise<EventPage>;
  /** Calls five times a second. Returns what ends it. */
  follow(look: () => void): () => void;
}

/** Missing ids: the first transaction that was not begun when they were noticed, and this process's clock then. */
interface Gap {
  readonly before: bigint;
  readonly noticedAt: number;
}

/**
 * The events of all chains in one order, that of their ids. An id is taken before its transaction commits, so a later one
 * may be seen first: read by `id > last` alone, events were lost. A page therefore ends before a missing id for as
 * long as a transaction that may have taken it runs. Once none does, or two minutes later, the id was given back.
 */
@Injectable()
export class EventLog implements OnModuleDestroy {
  private readonly followers = new Set<() => void>();
  private readonly reading = new Map<string, Promise<EventPage>>();
  private readonly gaps = new Map<number, Gap>();
  private timer: NodeJS.Timeout | undefined;

  /** The log as the tenant of `db` sees it: events of other tenants are left out. */
  seenBy(db: Database): SeenLog {
    return { page: (after, limit) => this.page(db, after, limit), follow: (look) => this.follow(look) };
  }

  /** Readers of a tenant at the same position, as of live streams, share one query. */
  private page(db: Database, after: number, limit: number): Promise<EventPage> {
    const key = `${db.tenant}/${after}/${limit}`;
    let page = this.reading.get(key);
    if (page === undefined) {
      page = this.read(db, after, limit).finally(() => this.reading.delete(key));
      this.reading.set(key, page);
    }
    return page;
  }

  /** The last id of all. */
  lastId(db: Database): Promise<number> {
    return readHistory.lastEventId(db);
  }

  /** Calls five times a second, all followers at once. Returns what ends it. */
  private follow(look: () => void): () => void {
    this.followers.add(look);
    this.timer ??= setInterval(() => {
      for (const each of this.followers) each();
    }, POLL_MS);
    return () => {
      this.followers.delete(look);
      if (this.followers.size === 0) this.stop();
    };
  }

  onModuleDestroy(): void {
    this.stop();
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private async read(db: Database, after: number, limit: number): Promise<EventPage> {
    const found = await readHistory.allEvents(db, after, limit);
    const rows: EventView[] = [];
    let last = after;
    let open = false;
    for (const [i, row] of found.entries()) {
      const before = found[i - 1]?.id ?? after;
      // All gaps are noticed at once, so that their times run out together.
      if (row.id !== before + 1 && !row.settled && !this.givenBack(before, row)) open = true;
      if (open) continue;
      last = row.id;
      const { chain_id } = row;
      if (chain_id !== null) rows.push({ ...row, chain_id });
    }
    return { rows, after: last, more: !open && found.length === limit };
  }

  /** Whether no open transaction can fill the gap after `last` that `row` showed. */
  private givenBack(last: number, row: LoggedEvent): boolean {
    const gap = this.gaps.get(last);
    if (gap === undefined) {
      this.gaps.set(last, { before: BigInt(row.next_transaction), noticedAt: performance.now() });
      // One that is forgotten is noticed again.
      for (const oldest of this.gaps.keys()) {
        if (this.gaps.size <= MOST_GAPS) break;
        this.gaps.delete(oldest);
      }
      return false;
    }
    return BigInt(row.oldest_transaction) >= gap.before && performance.now() - gap.noticedAt > NUMBERED_MS;
  }
}
