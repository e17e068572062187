import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tasks that wait for an approval, and how long a chain lets them wait. */
export class Approvals1764028800012 implements MigrationInterface {
  name = 'Approvals1764028800012';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE task_chains ADD approval_timeout_seconds integer NOT NULL DEFAULT 604800`);
    await runner.query(`ALTER TABLE chain_tasks ADD approved_attempt integer`);
    await runner.query(`
      ALTER TABLE chain_tasks DROP CONSTRAINT chain_tasks_hold_check,
        ADD CONSTRAINT chain_tasks_hold_check CHECK (hold IN ('CHAIN_PAUSED','MAX_PARALLEL','RETRIES_EXHAUSTED','APPROVAL'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // What waited for an approval asks for it again.
    await runner.query(`
      UPDATE chain_tasks SET hold = NULL, next_attempt_at = now() WHERE hold = 'APPROVAL'`);
    await runner.query(`
      ALTER TABLE chain_tasks DROP CONSTRAINT chain_tasks_hold_check,
        ADD CONSTRAINT chain_tasks_hold_check CHECK (hold IN ('CHAIN_PAUSED','MAX_PARALLEL','RETRIES_EXHAUSTED'))`);
    await runner.query(`ALTER TABLE chain_tasks DROP approved_attempt`);
    await runner.query(`ALTER TABLE task_chains DROP approval_timeout_seconds`);
  }
}
