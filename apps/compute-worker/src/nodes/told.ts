const MINUTE_MS = 60_000;
const MOST = 1_000;

/** What was said in this minute. Others could fill the log with what they repeat. */
export class Told {
  private readonly said = new Set<string>();
  private since = -Infinity;

  /** Returns whether it is to be said. */
  isNew(text: string): boolean {
    const now = performance.now();
    if (now - this.since >= MINUTE_MS) {
      this.said.clear();
      this.since = now;
    }
    if (this.said.has(text) || this.said.size >= MOST) return false;
    this.said.add(text);
    return true;
  }
}
