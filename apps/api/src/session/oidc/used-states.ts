import { LIFE_S } from './begun-sign-in.js';

/** Beyond so many the oldest is forgotten. */
const MOST = 10_000;

/** The sign-ins that came to an end at this replica, each as long as its cookie could count. */
export class UsedStates {
  /** When each may be forgotten, ms, oldest first. */
  private readonly ends = new Map<string, number>();

  /** Whether the sign-in with this state ends for the first time. */
  take(state: string, now = performance.now()): boolean {
    if (this.ends.has(state)) return false;
    for (const [known, end] of this.ends) {
      if (end > now && this.ends.size < MOST) break;
      this.ends.delete(known);
    }
    this.ends.set(state, now + LIFE_S * 1_000);
    return true;
  }
}
