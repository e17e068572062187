import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A webhook that was deleted is kept for a day, so that it can be restored. */
export class DeletedWebhooks1764028800008 implements MigrationInterface {
  name = 'DeletedWebhooks1764028800008';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE webhooks ADD COLUMN deleted_at timestamptz`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM webhooks WHERE deleted_at IS NOT NULL`);
    await runner.query(`ALTER TABLE webhooks DROP COLUMN deleted_at`);
  }
}
