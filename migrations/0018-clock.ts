import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The clock that waits go by: listeners count it by their monotonic clocks, and this row hands the count from one to the
 * other. `run_until`: when a task's run is over its time-out, by that clock.
 */
export class Clock1764028800018 implements MigrationInterface {
  name = 'Clock1764028800018';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE clock (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        seen_at timestamptz, -- PostgreSQL's clock when a listener last counted; null: none has
        lag interval NOT NULL DEFAULT '0' -- how far the counted time is behind it
      )`);
    await runner.query(`INSERT INTO clock DEFAULT VALUES`);
    await runner.query(`GRANT SELECT ON clock TO task_chain_api, task_chain_engine`);
    await runner.query(`GRANT UPDATE (seen_at, lag) ON clock TO task_chain_engine`);
    await runner.query(`ALTER TABLE chain_tasks ADD run_until timestamptz`);
  }

  /** The release before waits by PostgreSQL's clock alone. */
  async down(runner: QueryRunner): Promise<void> {
    const shifted = (columns: readonly string[]): string =>
      columns.map((column) => `${column} = ${column} + lag`).join(', ');
    await runner.query(`
      UPDATE task_chains SET ${shifted(['deadline_at'])} FROM clock
       WHERE deadline_at IS NOT NULL AND lag <> '0'`);
    await runner.query(`
      UPDATE chain_tasks SET ${shifted(['lease_until', 'next_attempt_at', 'ready_at', 'first_queued_at'])} FROM clock
       WHERE status IN ('PENDING', 'READY', 'QUEUED', 'RUNNING', 'RETRYING') AND lag <> '0'`);
    await runner.query(`
      UPDATE webhook_deliveries SET ${shifted(['next_attempt_at'])} FROM clock
       WHERE status = 'PENDING' AND lag <> '0'`);
    await runner.query(`UPDATE duties SET ${shifted(['held_until'])} FROM clock WHERE lag <> '0'`);
    await runner.query(`ALTER TABLE chain_tasks DROP run_until`);
    await runner.query(`DROP TABLE clock`);
  }
}
