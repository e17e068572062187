/** Parties that compute less than this in all that time wait for each other: an idle process of SPU takes some hundredths of it, s. */
const LEAST_CPU_S = 0.5;

/** Notices that all parties of a run have stopped to compute: a message between them was lost, and each would wait for it until its link gives up. */
export class IdleParties {
  private readonly seconds = new Map<string, number>();
  private mark: { readonly seconds: number; readonly at: number } | undefined;

  constructor(
    private readonly parties: readonly string[],
    private readonly mostMs: number,
  ) {}

  /** Takes how long a party has computed until now. Returns whether all have been idle for too long. */
  hear(party: string, seconds: number, now: number): boolean {
    this.seconds.set(party, seconds);
    if (this.seconds.size < this.parties.length) return false;
    const all = [...this.seconds.values()].reduce((sum, each) => sum + each, 0);
    if (this.mark === undefined || all - this.mark.seconds >= LEAST_CPU_S) this.mark = { seconds: all, at: now };
    return now - this.mark.at >= this.mostMs;
  }
}
