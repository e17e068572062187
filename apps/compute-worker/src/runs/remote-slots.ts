/** Places of runs that only wait for what runs elsewhere: such a run leaves the slot of its type to another. */
export class RemoteSlots {
  private readonly taken = new Map<object, string>();
  private readonly asking = new Map<object, { readonly type: string; readonly given: () => void }>();

  constructor(private readonly count: number) {}

  /** How many runs of each type have a place. */
  get byType(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const type of this.taken.values()) counts[type] = (counts[type] ?? 0) + 1;
    return counts;
  }

  /** Calls `given` as soon as there is a place, which may never be. */
  ask(run: object, type: string, given: () => void): void {
    this.asking.set(run, { type, given });
    this.give();
  }

  /** The run has ended: it needs no place any more. */
  leave(run: object): void {
    this.asking.delete(run);
    this.taken.delete(run);
    this.give();
  }

  private give(): void {
    for (const [run, { type, given }] of this.asking) {
      if (this.taken.size >= this.count) return;
      this.asking.delete(run);
      this.taken.set(run, type);
      given();
    }
  }
}
