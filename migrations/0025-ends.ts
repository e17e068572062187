import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When a task's success ends its chain, `{when, status, message}`, and the task that has ended one. */
export class Ends1764028800025 implements MigrationInterface {
  name = 'Ends1764028800025';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE chain_tasks ADD end_chain jsonb`);
    await runner.query(`ALTER TABLE task_chains ADD ended_by varchar(64)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE task_chains DROP ended_by`);
    await runner.query(`ALTER TABLE chain_tasks DROP end_chain`);
  }
}
