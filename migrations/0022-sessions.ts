import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownFunction } from './owned-function.js';

const OWN = `coalesce(tenant_id = (SELECT current_setting('task_chain.tenant', true)), false)`;

/** Sessions of browsers. One that a key opened counts for as long as the key does. */
export class Sessions1764028800022 implements MigrationInterface {
  name = 'Sessions1764028800022';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE sessions (
        session_id varchar(64) PRIMARY KEY,
        tenant_id varchar(64) NOT NULL DEFAULT nullif(current_setting('task_chain.tenant', true), ''),
        token_hash bytea NOT NULL UNIQUE,
        key_hash bytea, -- of the key that opened it: looked up anew, so that it ends with the key
        identity jsonb, -- of who opened it by a token of the OIDC issuer
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        CHECK ((key_hash IS NULL) <> (identity IS NULL))
      )`);
    await runner.query(`CREATE INDEX idx_sessions_expired ON sessions (tenant_id, expires_at)`);
    await runner.query(`ALTER TABLE sessions ENABLE ROW LEVEL SECURITY`);
    await runner.query(`ALTER TABLE sessions FORCE ROW LEVEL SECURITY`);
    await runner.query(`CREATE POLICY of_tenant ON sessions TO task_chain_api USING (${OWN}) WITH CHECK (${OWN})`);
    await runner.query(`CREATE POLICY of_engine ON sessions TO task_chain_engine USING (true) WITH CHECK (true)`);
    await runner.query(`GRANT SELECT, INSERT, DELETE ON sessions TO task_chain_api, task_chain_engine`);
    // The API must find a session before it knows the tenant.
    await runner.query(`
      CREATE FUNCTION find_session(hash bytea)
        RETURNS TABLE (session_id varchar, tenant_id varchar, key_hash bytea, identity jsonb, expires_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT s.session_id, s.tenant_id, s.key_hash, s.identity, s.expires_at
          FROM sessions s WHERE s.token_hash = hash AND s.expires_at > now() $$`);
    await ownFunction(runner, 'find_session(bytea)', 'task_chain_api');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION find_session`);
    await runner.query(`DROP TABLE sessions`);
  }
}
