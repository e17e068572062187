import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Finds the decisions on a task, whichever party's they are. */
export class Withdrawals1764028800013 implements MigrationInterface {
  name = 'Withdrawals1764028800013';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX idx_statements_task ON statements (task) WHERE task IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX idx_statements_task`);
  }
}
