import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tasks of a child that its parent's next attempt runs again, though the child has ended: an operator named them. */
export class RetriedInstances1764028800032 implements MigrationInterface {
  name = 'RetriedInstances1764028800032';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE task_chains ADD parent_again text[]`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE task_chains DROP parent_again`);
  }
}
