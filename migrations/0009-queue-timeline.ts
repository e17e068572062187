import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The mark that a queue outside of the database bears as well: by it each is known to be of the other's time. */
export class QueueTimeline1764028800009 implements MigrationInterface {
  name = 'QueueTimeline1764028800009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE queue_timeline (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        mark varchar(64) NOT NULL,
        mark_before varchar(64) NOT NULL
      )`);
    await runner.query(`GRANT SELECT, INSERT, UPDATE ON queue_timeline TO task_chain_engine`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE queue_timeline`);
  }
}
