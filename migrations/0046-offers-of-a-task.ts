import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A task's offers are about as many as its parties, whatever ANALYZE finds while there is one task with offers. */
export class OffersOfATask1764028800046 implements MigrationInterface {
  name = 'OffersOfATask1764028800046';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE node_offers ALTER task_request_id SET (n_distinct = -0.3)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE node_offers ALTER task_request_id RESET (n_distinct)');
  }
}
