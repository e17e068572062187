import type { Statement } from '../pool.js';
import { OUTPUTS } from '../reads/shown-columns.js';
import { COUNTED_NOW } from './clock.js';

// SQL: functions that look in all tenants, and saves of a tick together with its schedule.

/** Due times of one schedule that wait for an open chain at most; later ones are skipped. */
const QUEUE_PLACES = 100;
/** Events of one schedule that wait at most: each is to make its chain, so there is more room. */
export const EVENT_PLACES = 1_000;
const IS_EVENT = `kind IN ('DATASET', 'CHAIN_END', 'WEBHOOK')`;

/** $1 at most so many -> schedules whose due time has come, and the time: the most overdue first. */
export const dueSchedules: Statement = { name: 'due-schedules', text: `SELECT * FROM due_schedules($1)` };

/**
 * Moves schedules on and stores their ticks, where nobody else has done so or changed the schedule since. $1 plans as a JSON array of
 * `{schedule_id, revision, due, next, ticks}` -> how many were moved.
 */
export const planTicks: Statement = {
  name: 'plan-ticks',
  text: `SELECT plan_ticks($1::jsonb, ${COUNTED_NOW}) AS moved`,
};

/** Takes the first tick of each schedule that has one ready and that nobody works on. $1 holder, $2 at most, $3 lease in seconds. */
export const claimTicks: Statement = {
  name: 'claim-ticks',
  text: `SELECT * FROM claim_ticks($1, $2, ${COUNTED_NOW}, $3::float8 * interval '1 s')`,
};

/** $1 schedule, $2 due time -> all that making its chain depends on. */
export const readTick: Statement = {
  name: 'read-tick',
  text: `
    SELECT s.template_id, s.version, s.chain, s.params, s.overlap, s.time_zone, s.runs_as, t.kind, t.outcome, t.event,
           coalesce(extract(epoch FROM clock_timestamp() - t.tried_since)::float8, 0) AS tried_seconds,
           ARRAY(SELECT chain_id FROM task_chains
                  WHERE schedule_id = $1 AND schedule_id IS NOT NULL AND status IN ('PENDING', 'RUNNING', 'PAUSED') LIMIT 100) AS open_chains
      FROM schedules s JOIN schedule_ticks t USING (schedule_id) WHERE s.schedule_id = $1 AND t.due_at = $2`,
};

const release = (id: string, holder: string): string =>
  `UPDATE schedules SET busy_by = NULL, busy_until = ${COUNTED_NOW} WHERE schedule_id = ${id} AND busy_by = ${holder}`;

/** A tick that makes no chain. $1 schedule, $2 due time, $3 holder, $4 outcome, $5 reason, $6 message. */
export const settleTick: Statement = {
  name: 'settle-tick',
  text: `
    WITH settled AS (
      UPDATE schedule_ticks SET outcome = $4, reason = $5, message = $6, settled_at = now()
       WHERE schedule_id = $1 AND due_at = $2 AND outcome = 'WAITING'
    ) ${release('$1', '$3')}`,
};

/** $1 schedule, $2 due time, $3 holder, $4 its chain -> a row where the tick waited and the holder had it. */
export const settleMadeTick: Statement = {
  name: 'settle-made-tick',
  text: `
    WITH held AS (${release('$1', '$3')} RETURNING schedule_id)
    UPDATE schedule_ticks t SET outcome = 'CREATED', reason = NULL, message = NULL, chain_id = $4, settled_at = now()
      FROM held WHERE t.schedule_id = held.schedule_id AND t.due_at = $2 AND t.outcome = 'WAITING'
    RETURNING true AS settled`,
};

/**
 * The tick waits, and those of the same schedule behind it. $1 schedule, $2 due time, $3 holder, $4 seconds, $5 reason, $6 message.
 */
export const postponeTick: Statement = {
  name: 'postpone-tick',
  text: `
    WITH waiting AS (
      SELECT due_at,
             kind = 'DUE' AND count(*) FILTER (WHERE kind = 'DUE') OVER (ORDER BY due_at) > ${QUEUE_PLACES}
             OR ${IS_EVENT} AND count(*) FILTER (WHERE ${IS_EVENT}) OVER (ORDER BY due_at) > ${EVENT_PLACES} AS is_beyond
        FROM schedule_ticks WHERE schedule_id = $1 AND outcome = 'WAITING'
    ), later AS (
      UPDATE schedule_ticks t
         SET tried_since = CASE WHEN t.due_at <> $2 THEN t.tried_since
                                WHEN $5::text <> 'OVERLAP' THEN coalesce(t.tried_since, clock_timestamp()) END,
             ready_at = greatest(t.ready_at, ${COUNTED_NOW} + $4::float8 * interval '1 s'),
             outcome = CASE WHEN is_beyond THEN 'SKIPPED' ELSE t.outcome END,
             settled_at = CASE WHEN is_beyond THEN now() END,
             reason = CASE WHEN is_beyond THEN 'QUEUE_FULL' WHEN t.due_at = $2 THEN $5 ELSE t.reason END,
             message = CASE WHEN is_beyond THEN 'Too many ticks of the schedule wait already.' WHEN t.due_at = $2 THEN $6 ELSE t.message END
        FROM waiting WHERE t.schedule_id = $1 AND t.due_at = waiting.due_at AND t.outcome = 'WAITING'
    ) ${release('$1', '$3')}`,
};

/** $1 schedule, $2 reason, $3 message, $4 whether also what was asked for by hand: what waits makes no chain any more. */
export const skipWaiting: Statement = {
  name: 'skip-waiting-ticks',
  text: `
    UPDATE schedule_ticks SET outcome = 'SKIPPED', reason = $2, message = $3, settled_at = now()
     WHERE schedule_id = $1 AND outcome = 'WAITING' AND ($4 OR kind NOT IN ('RUN', 'BACKFILL'))`,
};

/** $1 schedule -> ticks that somebody asked for and that wait. */
export const waitingByHand: Statement = {
  name: 'waiting-by-hand',
  text: `
    SELECT count(*)::int AS waiting FROM schedule_ticks
     WHERE schedule_id = $1 AND outcome = 'WAITING' AND kind IN ('RUN', 'BACKFILL')`,
};

/** $1 schedule, $2 milliseconds from now -> the new tick; no row where the schedule has one of that millisecond. */
export const addRun: Statement = {
  name: 'add-run',
  text: `
    INSERT INTO schedule_ticks (schedule_id, due_at, kind, outcome, ready_at)
    VALUES ($1, date_trunc('milliseconds', clock_timestamp()) + $2::int * interval '1 ms', 'RUN', 'WAITING', ${COUNTED_NOW})
    ON CONFLICT (schedule_id, due_at) DO NOTHING
    RETURNING due_at, kind, outcome, reason, message, missed, event_id, chain_id, created_at, settled_at`,
};

/** $1 schedule -> its tenant and secret; no row where it takes no deliveries. */
export const webhookOfSchedule: Statement = {
  name: 'webhook-of-schedule',
  text: `SELECT * FROM webhook_of_schedule($1)`,
};

/** $1 schedule, $2 id of the delivery -> whether it was taken already, and how many came within a minute and how many wait. */
export const deliveriesOfSchedule: Statement = {
  name: 'deliveries-of-schedule',
  text: `
    SELECT EXISTS (SELECT FROM schedule_ticks WHERE schedule_id = $1 AND event_id = $2) AS is_known,
           (SELECT count(*)::int FROM schedule_ticks
             WHERE schedule_id = $1 AND due_at > clock_timestamp() - interval '1 min' AND kind = 'WEBHOOK') AS recent,
           (SELECT count(*)::int FROM schedule_ticks WHERE schedule_id = $1 AND outcome = 'WAITING') AS waiting`,
};

/** $1 schedule, $2 id of the delivery, $3 what it says -> its tick, which may be there; null where the schedule is gone. */
export const addDelivery: Statement = {
  name: 'add-delivery',
  text: `SELECT add_event_tick($1, 'WEBHOOK', $2, $3::jsonb, '{}', ${COUNTED_NOW}) AS due_at`,
};

/** $1 chain -> what it gives back, as far as it is known. */
export const outputsOfChain: Statement = {
  name: 'outputs-of-chain',
  text: `SELECT ${OUTPUTS} AS outputs FROM task_chains c WHERE c.chain_id = $1`,
};

/**
 * Due times of the past that have no chain wait again; those that the schedule has not come to yet get their ticks when it does.
 * $1 schedule, $2 due times -> those that will be made. With $3 nothing is stored.
 */
export const backfillTicks: Statement = {
  name: 'backfill-ticks',
  text: `
    WITH open AS (
      SELECT due.due_at FROM unnest($2::timestamptz[]) AS due(due_at) JOIN schedules s ON s.schedule_id = $1
       WHERE (s.paused OR s.next_due_at IS NULL OR due.due_at < s.next_due_at)
         AND NOT EXISTS (SELECT FROM schedule_ticks t
                          WHERE t.schedule_id = $1 AND t.due_at = due.due_at AND t.outcome IN ('WAITING', 'CREATED'))
         AND NOT EXISTS (SELECT FROM task_chains c WHERE c.schedule_id = $1 AND c.scheduled_at = due.due_at)
    ), added AS (
      INSERT INTO schedule_ticks AS t (schedule_id, due_at, kind, outcome, ready_at)
      SELECT $1, due_at, 'BACKFILL', 'WAITING', ${COUNTED_NOW} FROM open WHERE NOT $3
      ON CONFLICT (schedule_id, due_at) DO UPDATE
         SET kind = 'BACKFILL', outcome = 'WAITING', reason = NULL, message = NULL, missed = NULL, settled_at = NULL,
             ready_at = excluded.ready_at, created_at = now()
       WHERE t.outcome NOT IN ('WAITING', 'CREATED')
    )
    SELECT due_at FROM open ORDER BY due_at`,
};

/** Ticks that ended over $1 seconds ago, $2 at most. */
export const deleteOldTicks: Statement = {
  name: 'delete-old-ticks',
  text: `
    DELETE FROM schedule_ticks WHERE (schedule_id, due_at) IN (
      SELECT schedule_id, due_at FROM schedule_ticks
       WHERE settled_at < now() - $1::float8 * interval '1 s' ORDER BY settled_at LIMIT $2)
    RETURNING schedule_id`,
};
