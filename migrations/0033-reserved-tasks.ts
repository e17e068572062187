import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tasks that the children of an outermost chain have at once at most: they count in its tenant's quota from its creation to its end. */
export class ReservedTasks1764028800033 implements MigrationInterface {
  name = 'ReservedTasks1764028800033';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE task_chains ADD reserved_tasks int NOT NULL DEFAULT 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE task_chains DROP reserved_tasks`);
  }
}
