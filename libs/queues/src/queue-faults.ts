/** An outage makes every queue and worker report many faults a second: one in this time is enough, ms. */
const QUIET_MS = 10_000;

/** Reports faults of queues and workers: one in ten seconds, with the number that were left out before it. */
export class QueueFaults {
  private reported = -Infinity;
  private leftOut = 0;

  constructor(private readonly report: (error: Error, leftOut: number) => void) {}

  /** Takes a fault: what to give to `on('error', …)`. */
  readonly take = (error: Error): void => {
    const now = performance.now();
    if (now - this.reported < QUIET_MS) {
      this.leftOut++;
      return;
    }
    this.reported = now;
    this.report(error, this.leftOut);
    this.leftOut = 0;
  };
}
