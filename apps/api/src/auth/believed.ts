const MAX_KNOWN = 10_000;

/** Answers that are believed for a time: what is asked for often costs a query once in it. One that failed is asked for again. */
export class Believed<T> {
  private readonly known = new Map<string, { readonly until: number; readonly answer: Promise<T> }>();

  /** `ms`: how long what another process changes may go unseen here. */
  constructor(
    private readonly ms: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get(name: string, lookUp: () => Promise<T>): Promise<T> {
    const now = this.now();
    const known = this.known.get(name);
    if (known !== undefined && known.until > now) return known.answer;
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    const answer = lookUp();
    this.known.set(name, { until: now + this.ms, answer });
    answer.catch(() => this.known.delete(name));
    return answer;
  }

  /** Everything is asked for anew. */
  forget(): void {
    this.known.clear();
  }
}
