import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownFunction } from './owned-function.js';

const OWN = `coalesce(tenant_id = (SELECT current_setting('task_chain.tenant', true)), false)`;

/**
 * Schedules and their ticks. A tick's key is its due time, and so is that of its chain: a due time makes one chain, however many
 * processes try. The functions are for the loop that looks for what is due in all tenants; all else is done as the tenant.
 */
export class Schedules1764028800027 implements MigrationInterface {
  name = 'Schedules1764028800027';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE schedules (
        schedule_id varchar(64) PRIMARY KEY,
        tenant_id varchar(64) NOT NULL DEFAULT nullif(current_setting('task_chain.tenant', true), ''),
        title varchar(255) NOT NULL,
        description text NOT NULL,
        cron varchar(255),
        time_zone varchar(64),
        interval int,
        anchor timestamptz NOT NULL, -- an interval counts from here
        at timestamptz,
        template_id varchar(64),
        version varchar(64), -- a label or number; null: the default
        chain jsonb,
        params jsonb NOT NULL,
        overlap varchar(8) NOT NULL,
        catch_up int NOT NULL,
        jitter int NOT NULL,
        paused boolean NOT NULL DEFAULT false,
        runs_as varchar(255) NOT NULL,
        next_due_at timestamptz,
        revision int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by varchar(255),
        updated_at timestamptz NOT NULL DEFAULT now(),
        deleted_at timestamptz,
        busy_by varchar(64), -- whoever makes a chain of it just now
        busy_until timestamptz, -- counted time
        CHECK ((template_id IS NULL) <> (chain IS NULL))
      )`);
    await runner.query(`CREATE INDEX idx_schedules_tenant ON schedules (tenant_id, updated_at)`);
    await runner.query(`
      CREATE INDEX idx_schedules_due ON schedules (next_due_at)
       WHERE next_due_at IS NOT NULL AND NOT paused AND deleted_at IS NULL`);
    await runner.query(`
      CREATE TABLE schedule_ticks (
        schedule_id varchar(64) NOT NULL REFERENCES schedules ON DELETE CASCADE,
        tenant_id varchar(64) NOT NULL DEFAULT nullif(current_setting('task_chain.tenant', true), ''),
        due_at timestamptz NOT NULL,
        kind varchar(16) NOT NULL, -- DUE, RUN, BACKFILL
        outcome varchar(16) NOT NULL, -- WAITING, CREATED, SKIPPED, MISSED, REFUSED
        reason varchar(64),
        message text,
        missed int, -- due times that the row stands for
        chain_id varchar(64),
        ready_at timestamptz NOT NULL, -- counted time
        created_at timestamptz NOT NULL DEFAULT now(),
        settled_at timestamptz,
        PRIMARY KEY (schedule_id, due_at)
      )`);
    await runner.query(
      `CREATE INDEX idx_schedule_ticks_ready ON schedule_ticks (ready_at, schedule_id) WHERE outcome = 'WAITING'`,
    );
    await runner.query(
      `CREATE INDEX idx_schedule_ticks_waiting ON schedule_ticks (schedule_id, due_at) WHERE outcome = 'WAITING'`,
    );
    await runner.query(
      `CREATE INDEX idx_schedule_ticks_settled ON schedule_ticks (settled_at) WHERE settled_at IS NOT NULL`,
    );
    for (const table of ['schedules', 'schedule_ticks']) {
      await runner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
      await runner.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
      await runner.query(`CREATE POLICY of_tenant ON ${table} TO task_chain_api USING (${OWN}) WITH CHECK (${OWN})`);
      await runner.query(`CREATE POLICY of_engine ON ${table} TO task_chain_engine USING (true) WITH CHECK (true)`);
      await runner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO task_chain_engine`);
      await runner.query(`GRANT SELECT, INSERT, UPDATE ON ${table} TO task_chain_api`);
    }
    await runner.query(`ALTER TABLE task_chains ADD schedule_id varchar(64), ADD scheduled_at timestamptz`);
    await runner.query(`
      CREATE UNIQUE INDEX idx_task_chains_tick ON task_chains (schedule_id, scheduled_at) WHERE schedule_id IS NOT NULL`);
    await runner.query(`
      CREATE INDEX idx_task_chains_of_schedule ON task_chains (schedule_id)
       WHERE schedule_id IS NOT NULL AND status IN ('PENDING', 'RUNNING', 'PAUSED')`);
    await this.makeFunctions(runner);
  }

  private async makeFunctions(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION due_schedules(most int)
        RETURNS TABLE (schedule_id varchar, revision int, cron varchar, time_zone varchar, "interval" int, anchor timestamptz,
                       at timestamptz, catch_up int, jitter int, next_due_at timestamptz, now timestamptz)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT s.schedule_id, s.revision, s.cron, s.time_zone, s.interval, s.anchor, s.at, s.catch_up, s.jitter, s.next_due_at, clock_timestamp()
          FROM schedules s
         WHERE s.next_due_at <= clock_timestamp() AND NOT s.paused AND s.deleted_at IS NULL
         ORDER BY s.next_due_at LIMIT most $$`);
    await runner.query(`
      CREATE FUNCTION plan_ticks(plans jsonb, counted timestamptz) RETURNS int
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        WITH moved AS (
          UPDATE schedules s SET next_due_at = p.next
            FROM jsonb_to_recordset(plans) AS p(schedule_id text, revision int, due timestamptz, next timestamptz, ticks jsonb)
           WHERE s.schedule_id = p.schedule_id AND s.revision = p.revision AND s.next_due_at = p.due
             AND NOT s.paused AND s.deleted_at IS NULL
          RETURNING s.schedule_id, s.tenant_id, p.ticks
        ), added AS (
          INSERT INTO schedule_ticks (schedule_id, tenant_id, due_at, kind, outcome, missed, ready_at, settled_at)
          SELECT m.schedule_id, m.tenant_id, t.due_at, 'DUE', t.outcome, t.missed, counted + t.wait_ms * interval '1 ms',
                 CASE WHEN t.outcome <> 'WAITING' THEN now() END
            FROM moved m CROSS JOIN jsonb_to_recordset(m.ticks) AS t(due_at timestamptz, outcome text, missed int, wait_ms float8)
          ON CONFLICT DO NOTHING
        )
        SELECT count(*)::int FROM moved $$`);
    await runner.query(`
      CREATE FUNCTION claim_ticks(holder text, most int, counted timestamptz, lease interval)
        RETURNS TABLE (schedule_id varchar, tenant_id varchar, due_at timestamptz)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        WITH free AS MATERIALIZED (
          SELECT s.schedule_id FROM schedules s
           WHERE s.schedule_id IN (SELECT t.schedule_id FROM schedule_ticks t WHERE t.outcome = 'WAITING' AND t.ready_at <= counted)
             AND (s.busy_until IS NULL OR s.busy_until <= counted) AND s.deleted_at IS NULL
           ORDER BY s.busy_until NULLS FIRST LIMIT most FOR UPDATE SKIP LOCKED
        ), taken AS (
          UPDATE schedules s SET busy_by = holder, busy_until = counted + lease FROM free
           WHERE s.schedule_id = free.schedule_id RETURNING s.schedule_id, s.tenant_id
        )
        SELECT taken.schedule_id, taken.tenant_id, tick.due_at
          FROM taken CROSS JOIN LATERAL (
            SELECT t.due_at FROM schedule_ticks t
             WHERE t.schedule_id = taken.schedule_id AND t.outcome = 'WAITING' AND t.ready_at <= counted
             ORDER BY t.due_at LIMIT 1) AS tick $$`);
    await ownFunction(runner, 'due_schedules(int)', 'task_chain_api');
    await ownFunction(runner, 'plan_ticks(jsonb, timestamptz)', 'task_chain_api');
    await ownFunction(runner, 'claim_ticks(text, int, timestamptz, interval)', 'task_chain_api');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION claim_ticks, plan_ticks, due_schedules`);
    await runner.query(`ALTER TABLE task_chains DROP schedule_id, DROP scheduled_at`);
    await runner.query(`DROP TABLE schedule_ticks, schedules`);
  }
}
