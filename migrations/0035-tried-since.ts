import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Since when a tick of a schedule meets what time alone may change; null: it does not. */
export class TriedSince1764028800035 implements MigrationInterface {
  name = 'TriedSince1764028800035';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE schedule_ticks ADD tried_since timestamptz`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE schedule_ticks DROP tried_since`);
  }
}
