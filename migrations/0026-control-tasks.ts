import type { MigrationInterface, QueryRunner } from 'typeorm';

const HOLDS = `'CHAIN_PAUSED','MAX_PARALLEL','RETRIES_EXHAUSTED','APPROVAL'`;

/** Control tasks, which the engine opens itself: what they wait for. */
export class ControlTasks1764028800026 implements MigrationInterface {
  name = 'ControlTasks1764028800026';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE chain_tasks DROP CONSTRAINT chain_tasks_hold_check,
        ADD CONSTRAINT chain_tasks_hold_check CHECK (hold IN (${HOLDS},'WAIT','SIGNAL','SIGN_OFF','CHILD'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // What waited begins anew; a release without control tasks has no worker for it.
    await runner.query(`
      UPDATE chain_tasks SET hold = NULL, next_attempt_at = now() WHERE hold IN ('WAIT','SIGNAL','SIGN_OFF','CHILD')`);
    await runner.query(`
      ALTER TABLE chain_tasks DROP CONSTRAINT chain_tasks_hold_check,
        ADD CONSTRAINT chain_tasks_hold_check CHECK (hold IN (${HOLDS}))`);
  }
}
