import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where each output of a chain is read: `{name: {task_id, path}}`. Null: the chain names none. */
export class Outputs1764028800021 implements MigrationInterface {
  name = 'Outputs1764028800021';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE task_chains ADD outputs jsonb`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE task_chains DROP outputs`);
  }
}
