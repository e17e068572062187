const MAX_ENTRIES = 10_000;

/** Answers kept for a time, so that what is asked often costs one query in it. A failed look-up is not kept. */
export class TtlCache<T> {
  private readonly entries = new Map<string, { readonly until: number; readonly answer: Promise<T> }>();

  /** `ttlMs`: how long a change made by another process may go unseen here. */
  constructor(
    private readonly ttlMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get(key: string, lookUp: () => Promise<T>): Promise<T> {
    const now = this.now();
    const entry = this.entries.get(key);
    if (entry !== undefined && entry.until > now) return entry.answer;
    if (this.entries.size >= MAX_ENTRIES) this.entries.clear();
    const answer = lookUp();
    this.entries.set(key, { until: now + this.ttlMs, answer });
    answer.catch(() => this.entries.delete(key));
    return answer;
  }

  clear(): void {
    this.entries.clear();
  }
}
