import type { RoomRow } from '#libs/repositories';

/**
 * How many more tasks of each type may be sent. At most twice the workers' slots lie in a queue; the rest waits as
 * READY in PostgreSQL, where cancel, pause and priority are cheap. An estimate, refreshed from the database every
 * second: being a little off costs a longer or shorter queue and nothing else.
 */
export class Room {
  /** Tasks of concurrency groups may be waiting. */
  groupsMayWait = true;
  /** Several tenants share the workers. */
  shared = false;
  private readonly free = new Map<string, number>();
  /** Types of which READY tasks may be waiting. */
  private readonly backlog = new Set<string>();
  /** Tenants of which READY tasks of a type were seen waiting. */
  private readonly waiting = new Map<string, ReadonlySet<string>>();

  /**
   * Takes one place if there is one for this tenant; otherwise the task waits for the dispatcher, which gives places in
   * turn: where another tenant waits, nobody's task goes past it.
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

  /** A task of the type ended, or was not sent after all. */
  give(type: string): void {
    const free = this.free.get(type);
    if (free !== undefined) this.free.set(type, free + 1);
  }

  /** So many tasks of the type were claimed of `asked`, while those of `tenants` waited: fewer means that none is left. */
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

  refresh(rows: readonly RoomRow[]): void {
    this.free.clear();
    this.waiting.clear();
    this.shared = rows.some((row) => row.shared);
    for (const row of rows) {
      this.free.set(row.task_type, 2 * Number(row.slots) - Number(row.in_flight));
      this.waiting.set(row.task_type, new Set(row.tenants));
    }
    this.expectAll();
  }

  /** Whether the dispatcher has anything to look for. */
  get hasOpenings(): boolean {
    return this.groupsMayWait || this.openings(1).types.length > 0;
  }

  /** All types with room, and how much each has. */
  places(most: number): { types: string[]; places: number[] } {
    const free = [...this.free].filter(([, places]) => places > 0);
    return { types: free.map(([type]) => type), places: free.map(([, places]) => Math.min(places, most)) };
  }

  /** So many tasks of the type were sent beside those that `take` and `claimed` count. */
  sent(type: string, count: number): void {
    this.free.set(type, (this.free.get(type) ?? 0) - count);
  }

  /** Types with room of which tasks may be waiting, and how many of each to claim at most. */
  openings(most: number): { types: string[]; places: number[] } {
    const types = [...this.backlog].filter((type) => (this.free.get(type) ?? 0) > 0);
    return { types, places: types.map((type) => Math.min(this.free.get(type)!, most)) };
  }
}
