import type { RoomRow } from '#libs/repositories';

/**
 * How many more tasks of each type may be sent. At most twice the workers' slots lie in a queue; the rest waits as
 * READY in PostgreSQL, where cancel, pause and priority are cheap. An estimate, refreshed from the database every
 * second: being a little off costs a longer or shorter queue and nothing else.
 */
export class Room {
  private readonly free = new Map<string, number>();
  /** Some task found no room since the last claim: there is a backlog. */
  backlog = true;

  /** Takes one place if there is one. */
  take(type: string): boolean {
    const free = this.free.get(type) ?? 0;
    if (free <= 0) {
      this.backlog = true;
      return false;
    }
    this.free.set(type, free - 1);
    return true;
  }

  /** A task of the type ended, or was not sent after all. */
  give(type: string, places = 1): void {
    const free = this.free.get(type);
    if (free !== undefined) this.free.set(type, free + places);
  }

  refresh(rows: readonly RoomRow[]): void {
    this.free.clear();
    for (const row of rows) this.free.set(row.task_type, 2 * Number(row.slots) - Number(row.in_flight));
  }

  /** Types with room, and how much. */
  places(): { types: string[]; rooms: number[] } {
    const open = [...this.free].filter(([, free]) => free > 0);
    return { types: open.map(([type]) => type), rooms: open.map(([, free]) => free) };
  }
}
