import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The workers' way to the listener where there is no Redis: a schema of its own, all that a worker's role needs. */
export class StatusChannel1764028800002 implements MigrationInterface {
  name = 'StatusChannel1764028800002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE SCHEMA status_channel`);
    await runner.query(`
      CREATE TABLE status_channel.messages (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        lane varchar(16) NOT NULL,
        body text NOT NULL
      )`);
    await runner.query(`CREATE INDEX idx_messages_lane ON status_channel.messages (lane, id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP SCHEMA status_channel CASCADE`);
  }
}
