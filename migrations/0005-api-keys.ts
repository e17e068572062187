import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keys that programs sign in with: of each only its SHA-256. */
export class ApiKeys1764028800005 implements MigrationInterface {
  name = 'ApiKeys1764028800005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE api_keys (
        key_id varchar(64) PRIMARY KEY,
        name varchar(255) NOT NULL,
        role varchar(16) NOT NULL CHECK (role IN ('viewer','operator','author','admin')),
        key_hash bytea NOT NULL UNIQUE,
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by varchar(255),
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        last_used_at timestamptz
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE api_keys`);
  }
}
