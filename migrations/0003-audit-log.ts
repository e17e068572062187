import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Every change that a user makes, as rows that are only ever added, each with the hash of the one before. */
export class AuditLog1764028800003 implements MigrationInterface {
  name = 'AuditLog1764028800003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audit_log (
        seq bigint PRIMARY KEY,
        at timestamptz NOT NULL,
        actor varchar(255),
        address varchar(64) NOT NULL,
        request_id varchar(64) NOT NULL,
        action varchar(64) NOT NULL,
        target varchar(255) NOT NULL,
        details jsonb NOT NULL,
        previous_hash bytea NOT NULL,
        hash bytea NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE audit_head (
        only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
        seq bigint NOT NULL,
        hash bytea NOT NULL
      )`);
    await runner.query(`INSERT INTO audit_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'))`);
    await runner.query(`
      CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
      END $$`);
    await runner.query(`
      CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
    await runner.query(`
      CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON audit_head
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE audit_head`);
    await runner.query(`DROP TABLE audit_log`);
    await runner.query(`DROP FUNCTION refuse_change`);
    await runner.query(`DELETE FROM outbox WHERE kind = 'AUDIT'`);
  }
}
