import { CONTROL_HOLDS } from '#libs/chain-domain';
import type { Statement } from '../pool.js';
import { WAITING_TENANTS } from './claim-ready.js';
import { COUNTED_NOW } from './clock.js';

// SQL: on the path of every heartbeat; rows that are being saved are skipped, not waited for.

/**
 * $1 task request ids, $2 attempts (pairwise), $3 lease in ms, $4 their runs, null for any (pairwise) -> those that still
 * count: not a second run of an attempt, which would keep the lease of the first when that has died. Never waits: a task
 * that is being saved now is renewed by the next heartbeat. Were it to wait, it and a save could wait for each other.
 */
export const renewLeases: Statement = {
  name: 'renew-leases',
  text: `
    WITH counting AS MATERIALIZED (
      SELECT t.id, t.task_request_id, t.attempt
        FROM unnest($1::text[], $2::int[], $4::text[]) AS held(task_request_id, attempt, run_id)
       CROSS JOIN LATERAL (
         SELECT * FROM chain_tasks WHERE task_request_id = held.task_request_id OFFSET 0) AS t
       WHERE t.status IN ('QUEUED', 'RUNNING') AND t.attempt = held.attempt
         AND (t.run_id = held.run_id OR t.run_id IS NULL OR held.run_id IS NULL)
    ), free AS MATERIALIZED (
      SELECT t.id FROM counting
       CROSS JOIN LATERAL (
         SELECT id FROM chain_tasks
          WHERE id = counting.id AND attempt = counting.attempt AND (status IN ('QUEUED', 'RUNNING')) IS TRUE
            FOR NO KEY UPDATE SKIP LOCKED) AS t
    ), renewed AS (
      UPDATE chain_tasks t SET lease_until = ${COUNTED_NOW} + $3::float8 * interval '1 ms'
       WHERE t.id = ANY (ARRAY(SELECT id FROM free))
    )
    SELECT task_request_id, attempt FROM counting`,
};

/** $1 limit -> in-flight tasks whose lease has expired. */
export const expiredLeases: Statement = {
  name: 'expired-leases',
  text: `
    SELECT id, chain_id, execution_order, task_id, task_request_id, task_type, attempt, status
      FROM chain_tasks
     WHERE status IN ('QUEUED', 'RUNNING') AND lease_until < ${COUNTED_NOW}
     LIMIT $1`,
};

/** In-flight tasks that a worker should have stopped: $1 grace in ms beyond the task's own time-out. */
export const overdueTasks: Statement = {
  name: 'overdue-tasks',
  text: `
    SELECT chain_id, execution_order, task_id, task_request_id, attempt, timeout_seconds
      FROM chain_tasks
     WHERE status = 'RUNNING' AND timeout_seconds IS NOT NULL
       AND coalesce(run_until, started_at + timeout_seconds * interval '1 s') < ${COUNTED_NOW} - $1::float8 * interval '1 ms'
     LIMIT 500`,
};

/** READY (not held) and QUEUED tasks that wait longer for a worker than their queue time-out. */
export const overdueInQueue: Statement = {
  name: 'overdue-in-queue',
  text: `
    SELECT chain_id, task_request_id, attempt, queue_timeout_seconds AS timeout_seconds
      FROM chain_tasks
     WHERE status IN ('READY', 'QUEUED') AND hold IS NULL AND queue_timeout_seconds IS NOT NULL
       AND ready_at < ${COUNTED_NOW} - queue_timeout_seconds * interval '1 s'
     ORDER BY ready_at LIMIT 500`,
};

/** Tasks that wait for an approval beyond their time. */
export const overdueApprovals: Statement = {
  name: 'overdue-approvals',
  text: `
    SELECT chain_id, task_request_id, attempt
      FROM chain_tasks
     WHERE status = 'RETRYING' AND hold = 'APPROVAL' AND next_attempt_at < ${COUNTED_NOW}
     ORDER BY next_attempt_at LIMIT 500`,
};

/** Control tasks that wait beyond their time. */
export const overdueHolds: Statement = {
  name: 'overdue-holds',
  text: `
    SELECT chain_id, task_request_id, attempt
      FROM chain_tasks
     WHERE status = 'RETRYING' AND hold IN (${CONTROL_HOLDS.map((hold) => `'${hold}'`).join(', ')}) AND next_attempt_at <= ${COUNTED_NOW}
     ORDER BY next_attempt_at LIMIT 500`,
};

/** RUNNING chains past their deadline. */
export const overdueChains: Statement = {
  name: 'overdue-chains',
  text: `SELECT chain_id FROM task_chains WHERE deadline_at < ${COUNTED_NOW} AND status = 'RUNNING' LIMIT 100`,
};

/** EXISTS alone drops the order and the limit, and with them the index by which they are found. */
const found = ({ text }: Statement): string => `EXISTS (SELECT FROM (${text}) AS late)`;

/** $1 the grace of `overdueTasks` -> which of the five find something: one question a second, where mostly nothing is overdue. */
export const overdue: Statement = {
  name: 'overdue',
  text: `
    SELECT ${found(overdueTasks)} AS tasks, ${found(overdueInQueue)} AS in_queue, ${found(overdueApprovals)} AS approvals,
           ${found(overdueHolds)} AS holds, ${found(overdueChains)} AS chains`,
};

/** $1 worker id, $2 slots by type, $3 running tasks. */
export const saveWorker: Statement = {
  name: 'save-worker',
  text: `
    INSERT INTO workers (worker_id, slots, running, last_seen) VALUES ($1, $2::jsonb, $3, ${COUNTED_NOW})
    ON CONFLICT (worker_id) DO UPDATE SET last_seen = excluded.last_seen, slots = excluded.slots, running = excluded.running`,
};

/** Removes workers not seen for a minute. */
export const forgetWorkers: Statement = {
  name: 'forget-workers',
  text: `DELETE FROM workers WHERE last_seen < ${COUNTED_NOW} - interval '60 s'`,
};

/**
 * $1 ms since last seen -> slots of each task type over all live workers, how many tasks of it are in flight, and the tenants
 * of which tasks wait for it, and whether there is more than one tenant at all.
 */
export const loadCapacity: Statement = {
  name: 'load-capacity',
  text: `
    WITH RECURSIVE room AS MATERIALIZED (
      SELECT key AS task_type, sum(value::int) AS slots
        FROM workers, jsonb_each_text(slots)
       WHERE last_seen > ${COUNTED_NOW} - $1::float8 * interval '1 ms'
       GROUP BY key
    ), busy AS (
      SELECT task_type, count(*) AS in_flight FROM chain_tasks WHERE status IN ('QUEUED', 'RUNNING') GROUP BY task_type
    ), at_sites AS ( -- they take no slot of a worker
      SELECT t.task_type, count(DISTINCT t.id) AS tasks
        FROM node_offers o JOIN chain_tasks t ON t.task_request_id = o.task_request_id AND t.attempt = o.attempt
       WHERE o.ended_at IS NULL AND t.status IN ('QUEUED', 'RUNNING')
       GROUP BY t.task_type
    ), ${WAITING_TENANTS}
    SELECT room.task_type, room.slots, coalesce(busy.in_flight, 0) - coalesce(at_sites.tasks, 0) AS in_flight,
           ARRAY(SELECT tenant_id::text FROM waiting WHERE waiting.task_type = room.task_type) AS tenants,
           (SELECT count(*) > 1 FROM tenants) AS shared
      FROM room LEFT JOIN busy USING (task_type) LEFT JOIN at_sites USING (task_type)`,
};

/** In-flight tasks whose job must be sent again after the queue lost everything. Keyset: $1 last id, $2 limit. */
export const queuedTasks: Statement = {
  name: 'queued-tasks',
  text: `SELECT id, attempt FROM chain_tasks WHERE status = 'QUEUED' AND id > $1 ORDER BY id LIMIT $2`,
};
