/** So many are looked at: a minute of them. */
const LAST = 6;

/** How long the last answers to pings took. */
export class RoundTrips {
  private readonly last: number[] = [];

  add(ms: number): void {
    this.last.push(ms);
    if (this.last.length > LAST) this.last.shift();
  }

  /** The shortest of them, ms: a busy process makes others longer, which the network does not. undefined: there is none yet. */
  get shortest(): number | undefined {
    return this.last.length === 0 ? undefined : Math.min(...this.last);
  }
}
