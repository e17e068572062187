import { setTimeout as delay } from 'node:timers/promises';
import { MOST_OFFERS, type SiteAnswer } from './offer-frames.js';

/**
 * The answers of one connection that are to be stored, one in each `everyMs`: a site that sends more takes up nobody else. Of each run the
 * newest counts. What is left out, the site says again when it hears what is stored.
 */
export class AnswerQueue {
  private readonly waiting = new Map<string, SiteAnswer>();
  private isBusy = false;

  /** `store` never rejects. */
  constructor(
    private readonly store: (answer: SiteAnswer) => Promise<void>,
    private readonly everyMs: number,
  ) {}

  add(answer: SiteAnswer): void {
    const before = this.waiting.get(answer.run);
    if (before === undefined && this.waiting.size >= MOST_OFFERS) return;
    // How far a run is does not replace what it came to.
    if (before !== undefined && before.state !== 'RUNNING' && answer.state === 'RUNNING') return;
    this.waiting.set(answer.run, answer);
    if (!this.isBusy) void this.work();
  }

  clear(): void {
    this.waiting.clear();
  }

  private async work(): Promise<void> {
    this.isBusy = true;
    for (const [run, answer] of this.waiting) {
      this.waiting.delete(run);
      await Promise.all([this.store(answer), delay(this.everyMs, undefined, { ref: false })]);
    }
    this.isBusy = false;
  }
}
