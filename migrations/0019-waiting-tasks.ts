import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownFunction } from './owned-function.js';

/** Counts the unfinished tasks of all tenants, of whom the API sees no rows: one number, by which it refuses new chains. */
export class WaitingTasks1764028800019 implements MigrationInterface {
  name = 'WaitingTasks1764028800019';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION waiting_tasks() RETURNS bigint
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT coalesce(sum(total_tasks - completed_tasks - failed_tasks - skipped_tasks - cancelled_tasks), 0)::bigint
          FROM task_chains WHERE status IN ('PENDING', 'RUNNING', 'PAUSED') $$`);
    await ownFunction(runner, 'waiting_tasks()', 'task_chain_api');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION waiting_tasks`);
  }
}
