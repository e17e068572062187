import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How the tasks of a chain are undone (null: not at all), the chain that undoes it, and the chain whose work a chain undoes. Either may
 * be removed before the other.
 */
export class Compensations1764028800028 implements MigrationInterface {
  name = 'Compensations1764028800028';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE task_chains ADD compensation jsonb, ADD compensated_by varchar(64), ADD compensates varchar(64)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE task_chains DROP compensation, DROP compensated_by, DROP compensates`);
  }
}
