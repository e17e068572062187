import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownFunction } from './owned-function.js';

/**
 * Schedules that events start: a new version of a dataset, the end of a chain, a signed delivery. An event is a tick of its schedule, so
 * it makes one chain as a due time does. `led_by` are the schedules whose chains led to it, the first one first: so a circle is found.
 */
export class ScheduleEvents1764028800029 implements MigrationInterface {
  name = 'ScheduleEvents1764028800029';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE schedules
        ADD on_dataset varchar(129), -- <party>/<name>
        ADD on_chain_end jsonb, -- {template_id, schedule_id, labels, statuses}
        ADD on_webhook boolean NOT NULL DEFAULT false,
        ADD webhook_secret varchar(64)`);
    await runner.query(`
      ALTER TABLE schedule_ticks
        ADD event_id varchar(255), -- null: a time
        ADD event jsonb,
        ADD led_by text[] NOT NULL DEFAULT '{}'`);
    await runner.query(
      `CREATE UNIQUE INDEX idx_schedule_ticks_event ON schedule_ticks (schedule_id, event_id) WHERE event_id IS NOT NULL`,
    );
    await runner.query(`
      CREATE INDEX idx_schedules_on_dataset ON schedules (tenant_id, on_dataset) WHERE on_dataset IS NOT NULL AND deleted_at IS NULL`);
    await runner.query(`
      CREATE INDEX idx_schedules_on_chain_end ON schedules (tenant_id) WHERE on_chain_end IS NOT NULL AND deleted_at IS NULL`);
    await runner.query(`
      CREATE FUNCTION add_event_tick(of_schedule varchar, of_kind varchar, of_event varchar, says jsonb, led text[], counted timestamptz)
        RETURNS timestamptz LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
      DECLARE
        s record;
        there timestamptz;
        due timestamptz := date_trunc('milliseconds', clock_timestamp());
        why text;
      BEGIN
        SELECT tenant_id, paused INTO s FROM schedules WHERE schedule_id = of_schedule AND deleted_at IS NULL;
        IF NOT FOUND THEN RETURN NULL; END IF;
        why := CASE WHEN of_schedule = ANY (led) THEN 'EVENT_LOOP' WHEN cardinality(led) >= 8 THEN 'EVENT_DEPTH' WHEN s.paused THEN 'PAUSED' END;
        LOOP
          INSERT INTO schedule_ticks (schedule_id, tenant_id, due_at, kind, outcome, reason, message, ready_at, settled_at, event_id, event, led_by)
          VALUES (of_schedule, s.tenant_id, due, of_kind,
                  CASE why WHEN 'PAUSED' THEN 'SKIPPED' ELSE CASE WHEN why IS NULL THEN 'WAITING' ELSE 'REFUSED' END END, why,
                  CASE why WHEN 'PAUSED' THEN 'The schedule is paused.'
                           WHEN 'EVENT_LOOP' THEN 'A chain of this schedule led to the event: it would start itself again and again.'
                           WHEN 'EVENT_DEPTH' THEN '8 schedules started each other up to here.' END,
                  counted, CASE WHEN why IS NOT NULL THEN now() END, of_event, says, led)
          ON CONFLICT DO NOTHING;
          EXIT WHEN FOUND;
          -- The event is known, or another one came in the same millisecond.
          SELECT due_at INTO there FROM schedule_ticks WHERE schedule_id = of_schedule AND event_id = of_event;
          IF FOUND THEN RETURN there; END IF;
          due := due + interval '1 ms';
        END LOOP;
        RETURN due;
      END $$`);
    await runner.query(`
      CREATE FUNCTION webhook_of_schedule(of_schedule varchar) RETURNS TABLE (tenant_id varchar, secret varchar)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT s.tenant_id, s.webhook_secret FROM schedules s
         WHERE s.schedule_id = of_schedule AND s.on_webhook AND s.webhook_secret IS NOT NULL AND s.deleted_at IS NULL $$`);
    await ownFunction(runner, 'webhook_of_schedule(varchar)', 'task_chain_api');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION webhook_of_schedule, add_event_tick`);
    await runner.query(`ALTER TABLE schedule_ticks DROP event_id, DROP event, DROP led_by`);
    await runner.query(
      `ALTER TABLE schedules DROP on_dataset, DROP on_chain_end, DROP on_webhook, DROP webhook_secret`,
    );
  }
}
