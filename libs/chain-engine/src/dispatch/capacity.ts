import { CONTROL_TYPES } from '#libs/chain-domain';
import type { CapacityRow } from '#libs/repositories';

/** What lies in a queue keeps the workers busy for about so long, ms. */
const AHEAD_MS = 50;
/** At most so many jobs lie in a queue of short ones, where that is more than the slots. */
const MOST_AHEAD = 50;
/** The weight of the latest run in the mean time of a type's runs. */
const LATEST = 0.1;

/**
 * How many more tasks of each type may be sent. A queue holds as many jobs as its workers have slots, beside those that run; of short ones as many as the
 * workers end in 50 ms, up to 50, or slots would be free between jobs. The rest waits as READY
 * in PostgreSQL, where cancel, pause and priority are cheap. It is an estimate that the database refreshes every second:
 * a small error makes the queue longer or shorter and costs nothing else.
 */
export class Capacity {
  /** Tasks of concurrency groups may be waiting. */
  groupsMayWait = true;
  /** Several tenants share the workers. */
  shared = false;
  private readonly free = new Map<string, number>();
  /** By type: the mean time of its latest runs, ms. */
  private readonly runMs = new Map<string, number>();
  /** Types with READY tasks that may be waiting. */
  private readonly backlog = new Set<string>();
  /** By type: tenants with READY tasks that were seen waiting. */
  private readonly waiting = new Map<string, ReadonlySet<string>>();

  /**
   * Takes one place if there is one for this tenant. Otherwise the task waits for the dispatcher, which gives places in
   * turn: no task overtakes a waiting one of another tenant.
   */
  take(type: string, tenant: string): boolean {
    const free = this.free.get(type) ?? 0;
    const waiting = this.waiting.get(type);
    const others = waiting !== undefined && waiting.size > (waiting.has(tenant) ? 1 : 0);
    if (free <= 0 || others) {
      this.backlog.add(type);
      if (waiting?.has(tenant) !== true) this.waiting.set(type, new Set(waiting).add(tenant));
      return false;
    }
    this.free.set(type, free - 1);
    return true;
  }

  /** A run of the type ended after so long, where its worker said it. */
  ended(type: string, elapsedMs: number | undefined): void {
    this.give(type);
    if (elapsedMs === undefined) return;
    const mean = this.runMs.get(type) ?? elapsedMs;
    this.runMs.set(type, mean + LATEST * (elapsedMs - mean));
  }

  /** A task of the type left its place, or was not sent after all. */
  give(type: string): void {
    const free = this.free.get(type);
    if (free !== undefined) this.free.set(type, free + 1);
  }

  /** Counts `count` claimed tasks of `asked`, while those of `tenants` waited. Fewer than asked means that none is left. */
  claimed(type: string, count: number, asked: number, tenants: readonly string[]): void {
    this.free.set(type, (this.free.get(type) ?? 0) - count);
    this.waiting.set(type, new Set(count < asked ? [] : tenants));
    if (count < asked) this.backlog.delete(type);
  }

  /** Tasks of any type may have become READY elsewhere. */
  expectAll(): void {
    for (const type of this.free.keys()) this.backlog.add(type);
    this.groupsMayWait = true;
  }

  refresh(rows: readonly CapacityRow[]): void {
    this.free.clear();
    this.waiting.clear();
    this.shared = rows.some((row) => row.shared);
    for (const row of rows) {
      this.free.set(row.task_type, this.inFlightAtMost(row.task_type, Number(row.slots)) - Number(row.in_flight));
      this.waiting.set(row.task_type, new Set(row.tenants));
    }
    // They are opened at once and lie in no queue.
    for (const type of CONTROL_TYPES) this.free.set(type, Infinity);
    this.expectAll();
  }

  private inFlightAtMost(type: string, slots: number): number {
    const endInTime = (slots * AHEAD_MS) / (this.runMs.get(type) ?? Infinity);
    return slots + Math.max(slots, Math.floor(Math.min(endInTime, MOST_AHEAD)));
  }

  /** Whether the dispatcher has anything to look for. */
  get hasOpenings(): boolean {
    return this.groupsMayWait || this.openings(1).types.length > 0;
  }

  /** All types with free places, and how many each has, up to `most`. */
  places(most: number): { types: string[]; places: number[] } {
    const free = [...this.free].filter(([, places]) => places > 0);
    return { types: free.map(([type]) => type), places: free.map(([, places]) => Math.min(places, most)) };
  }

  /** Counts sent tasks that neither `take` nor `claimed` has counted. */
  sent(type: string, count: number): void {
    this.free.set(type, (this.free.get(type) ?? 0) - count);
  }

  /** Types with free places for tasks that may be waiting, and how many of each to claim, up to `most`. */
  openings(most: number): { types: string[]; places: number[] } {
    const types = [...this.backlog].filter((type) => (this.free.get(type) ?? 0) > 0);
    return { types, places: types.map((type) => Math.min(this.free.get(type)!, most)) };
  }
}
