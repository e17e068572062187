import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What one task opened is found without a look at all that its tenant opened: openings outlive chains. */
export class OpeningsOfTasks1764028800041 implements MigrationInterface {
  name = 'OpeningsOfTasks1764028800041';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX idx_openings_task ON openings (tenant_id, chain_id, task_id, seq)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX idx_openings_task`);
  }
}
