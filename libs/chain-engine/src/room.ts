import type { RoomRow } from '#libs/repositories';

/**
 * How many more tasks of each type may be sent. At most twice the workers' slots lie in a queue; the rest waits as
 * READY in PostgreSQL, where cancel, pause and priority are cheap. An estimate, refreshed from the database every
 * second: being a little off costs a longer or shorter queue and nothing else.
 */
export class Room {
  private readonly free = new Map<string, number>();
  /** Types of which READY tasks may be waiting. */
  private readonly backlog = new Set<string>();

  /** Takes one place if there is one; otherwise the task waits for the dispatcher. */
  take(type: string): boolean {
    const free = this.free.get(type) ?? 0;
    if (free <= 0) {
      this.backlog.add(type);
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

  /** So many tasks of the type were claimed of `asked`: fewer means that none is left. */
  claimed(type: string, count: number, asked: number): void {
    this.free.set(type, (this.free.get(type) ?? 0) - count);
    if (count < asked) this.backlog.delete(type);
  }

  /** Tasks of any type may have become READY elsewhere. */
  expectAll(): void {
    for (const type of this.free.keys()) this.backlog.add(type);
  }

  refresh(rows: readonly RoomRow[]): void {
    this.free.clear();
    for (const row of rows) this.free.set(row.task_type, 2 * Number(row.slots) - Number(row.in_flight));
    this.expectAll();
  }

  /** Types with room of which tasks may be waiting, and how many of each to claim at most. */
  openings(most: number): { types: string[]; places: number[] } {
    const types = [...this.backlog].filter((type) => (this.free.get(type) ?? 0) > 0);
    return { types, places: types.map((type) => Math.min(this.free.get(type)!, most)) };
  }
}
