import type { Statement } from '../pool.js';

// SQL: a part of every statement that waits or judges a wait; its one row is kept by a compare-and-set.

/**
 * The counted time: PostgreSQL's clock without the steps that it made and without the time in which no listener ran.
 * Leases, pauses, deadlines and all other waits are written and judged by it alone. Listeners count it once a second
 * (`ClockKeeper`); in between it goes on by PostgreSQL's clock, at most 2 s, so that a step moves no wait. Before the
 * first count it is PostgreSQL's clock. It is read once for each place in a statement that names it.
 */
export const COUNTED_NOW = `(
  SELECT coalesce(seen_at - lag + least(greatest(clock_timestamp() - seen_at, interval '0'), interval '2 s'), clock_timestamp())
    FROM clock WHERE only_row)`;

/** How far the counted time is behind PostgreSQL's clock: added to a wait's end it gives the time to show. */
export const LAG = '(SELECT lag FROM clock WHERE only_row)';

/** The last count as it is stored, with PostgreSQL's clock now. Times as text are exact, for `saveClock`. */
export interface ClockRow {
  /** Null before the first count, as `seen_ms`. */
  readonly seen: string | null;
  readonly wall: string;
  readonly seen_ms: number | null;
  readonly wall_ms: number;
  readonly lag_ms: number;
}

/** -> the one row, a `ClockRow`. */
export const readClock: Statement = {
  name: 'read-clock',
  text: `
    SELECT seen_at::text AS seen, wall::text, extract(epoch FROM seen_at)::float8 * 1000 AS seen_ms,
           extract(epoch FROM wall)::float8 * 1000 AS wall_ms, extract(epoch FROM lag)::float8 * 1000 AS lag_ms
      FROM clock, (SELECT clock_timestamp() AS wall) AS now WHERE only_row`,
};

/** $1 `seen` of the row that was read, $2 the new one, $3 lag in ms -> a row where no other listener has counted since. */
export const saveClock: Statement = {
  name: 'save-clock',
  text: `
    UPDATE clock SET seen_at = $2::timestamptz, lag = $3::float8 * interval '1 ms'
     WHERE only_row AND seen_at IS NOT DISTINCT FROM $1::timestamptz
    RETURNING true AS saved`,
};
