import { Injectable } from '@nestjs/common';

/** A loop, as seen by the health checks. */
export interface WatchedLoop {
  readonly pauseMs: number;
  /** When the last round ended, by the monotonic clock. */
  readonly lastRound: number;
}

/** A loop that pauses for this long or longer says nothing about whether the listener is stuck, ms. */
const LONG_PAUSE_MS = 10_000;

/** All loops of the listener. */
@Injectable()
export class Loops {
  private readonly all: WatchedLoop[] = [];

  /** Adds a loop that has started. */
  add(loop: WatchedLoop): void {
    this.all.push(loop);
  }

  /** Returns the milliseconds since the slowest loop last finished a round. */
  oldestRoundMs(): number {
    const watched = this.all.filter(({ pauseMs }) => pauseMs < LONG_PAUSE_MS);
    return performance.now() - Math.min(...watched.map(({ lastRound }) => lastRound));
  }
}
