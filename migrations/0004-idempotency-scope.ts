import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A scope is an operation and the id that it acts on, which may have 64 characters itself. */
export class IdempotencyScope1764028800004 implements MigrationInterface {
  name = 'IdempotencyScope1764028800004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE idempotency_keys ALTER COLUMN scope TYPE varchar(128)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM idempotency_keys WHERE length(scope) > 64`);
    await runner.query(`ALTER TABLE idempotency_keys ALTER COLUMN scope TYPE varchar(64)`);
  }
}
