import { engineQueries } from '#libs/repositories';
import type { ClockRow } from '#libs/repositories';
import type { ChainEngine } from '../chain-engine.js';

/** PostgreSQL's clock and the monotonic one may differ by this much between two counts, ms. */
const SLACK_MS = 1_000;
/** A count that is older, or lies ahead, is of no listener that runs, ms. */
const FRESH_MS = 5_000;
/** Replicas share the counting: none writes this soon after another, ms. */
const SHARED_MS = 500;

/** A counted time, and when this process knew it: between two readings of its monotonic clock. All ms. */
interface Known {
  readonly countedMs: number;
  readonly before: number;
  readonly after: number;
  /** Nobody was counting: what went by before is no step. */
  readonly resumed: boolean;
}

/**
 * Counts the time by which waits go (`COUNTED_NOW`). As long as PostgreSQL's clock agrees with the monotonic clock of
 * this process, the counted time follows it. Once they differ PostgreSQL's clock has stepped, or another server with
 * another clock has taken over: the monotonic clock then says how much time has gone by, and the difference becomes
 * part of the lag. A count is a compare-and-set, so that of several listeners one counts a step. Time in which no
 * listener runs is not counted: nobody can tell it from a step.
 */
export class ClockKeeper {
  private known: Known | undefined;

  /** `monotonic`: a clock that no step moves and that goes on while the process is stopped, ms. */
  constructor(
    private readonly engine: Pick<ChainEngine, 'db' | 'log' | 'metrics'>,
    private readonly monotonic: () => number = () => performance.now(),
  ) {}

  /** Counts once. To be called once a second. */
  async count(): Promise<void> {
    const before = this.monotonic();
    const row = await engineQueries.readClock(this.engine.db);
    const after = this.monotonic();
    const { seen_ms, wall_ms, lag_ms } = row;
    if (seen_ms === null) {
      if (await this.save(row, 0)) this.known = { countedMs: wall_ms, before, after, resumed: false };
      return;
    }
    const { known } = this;
    const countedMs = seen_ms - lag_ms;
    const gapMs = wall_ms - seen_ms;
    // The row is ahead: others went on while this process's clock stood, as that of a suspended machine does.
    if (known === undefined || countedMs > known.countedMs + (after - known.before) + SLACK_MS) {
      const resumed = gapMs < -SLACK_MS || gapMs > FRESH_MS;
      this.known = { countedMs: resumed ? countedMs : countedMs + gapMs, before, after, resumed };
      return;
    }
    const least = Math.max(0, known.countedMs + (before - known.after) - countedMs);
    const most = Math.max(0, known.countedMs + (after - known.before) - countedMs);
    if (gapMs >= least - SLACK_MS && gapMs <= most + SLACK_MS) {
      if (Math.abs(gapMs) >= SHARED_MS && !(await this.save(row, lag_ms))) return;
      this.known = { countedMs: countedMs + gapMs, before, after, resumed: false };
      return;
    }
    const stepMs = gapMs - least;
    if (!(await this.save(row, lag_ms + stepMs))) return;
    this.known = { countedMs: countedMs + least, before, after, resumed: false };
    this.report(stepMs, known.resumed);
  }

  private save({ seen, wall }: ClockRow, lagMs: number): Promise<boolean> {
    return engineQueries.saveClock(this.engine.db, seen, wall, lagMs);
  }

  private report(stepMs: number, resumed: boolean): void {
    const { log, metrics } = this.engine;
    const seconds = Math.round(stepMs) / 1_000;
    if (resumed) {
      log.info(
        { seconds },
        'no listener counted time for this long, or the clock of PostgreSQL stepped: waits go on from there',
      );
      return;
    }
    metrics.clockSteps.inc();
    log.warn({ seconds }, 'the clock of PostgreSQL stepped: waits go on as if it had not');
  }
}
