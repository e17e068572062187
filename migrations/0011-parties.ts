import type { MigrationInterface, QueryRunner } from 'typeorm';

const OWN = `coalesce(tenant_id = (SELECT current_setting('task_chain.tenant', true)), false)`;

const useApiKey = (party: boolean): string => `
  CREATE FUNCTION use_api_key(hash bytea)
    RETURNS TABLE (key_id varchar, tenant_id varchar, role varchar, expires_at timestamptz${party ? ', party varchar' : ''})
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH found AS MATERIALIZED (
      SELECT k.*
        FROM api_keys k JOIN tenants t USING (tenant_id)
       WHERE k.key_hash = hash AND k.revoked_at IS NULL AND k.expires_at > now() AND t.enabled
    ), noted AS (
      UPDATE api_keys k SET last_used_at = now()
        FROM found
       WHERE k.key_id = found.key_id AND coalesce(found.last_used_at < now() - interval '1 minute', true)
    )
    SELECT found.key_id, found.tenant_id, found.role, found.expires_at${party ? ', found.party' : ''} FROM found $$`;

/** Parties, the keys that belong to them, and the newest of each statement that their owners signed. */
export class Parties1764028800011 implements MigrationInterface {
  name = 'Parties1764028800011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE parties (
        tenant_id varchar(64) NOT NULL DEFAULT nullif(current_setting('task_chain.tenant', true), ''),
        party varchar(64) NOT NULL CHECK (party ~ '^[A-Za-z][A-Za-z0-9_-]*$'),
        name varchar(255) NOT NULL,
        contact varchar(255),
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by varchar(255),
        PRIMARY KEY (tenant_id, party)
      )`);
    await runner.query(`
      CREATE TABLE statements (
        tenant_id varchar(64) NOT NULL DEFAULT nullif(current_setting('task_chain.tenant', true), ''),
        subject varchar(255) NOT NULL,
        kind varchar(16) NOT NULL,
        party varchar(64) NOT NULL,
        serial bigint NOT NULL,
        body jsonb NOT NULL, -- as it was signed; the worker believes the signature alone
        signed text, -- a compact JWS; null of an owner who trusts the operator
        task varchar(80), -- of an approval: the hash of its task
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by varchar(255),
        PRIMARY KEY (tenant_id, subject),
        FOREIGN KEY (tenant_id, party) REFERENCES parties
      )`);
    await runner.query(`CREATE INDEX idx_statements_party ON statements (tenant_id, party, kind)`);
    for (const table of ['parties', 'statements']) {
      await runner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
      await runner.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
      await runner.query(`CREATE POLICY of_tenant ON ${table} TO task_chain_api USING (${OWN}) WITH CHECK (${OWN})`);
      await runner.query(`CREATE POLICY of_engine ON ${table} TO task_chain_engine USING (true) WITH CHECK (true)`);
      await runner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO task_chain_api, task_chain_engine`);
    }
    await runner.query(`
      CREATE INDEX idx_chain_tasks_approvals ON chain_tasks (tenant_id, id)
       WHERE error ->> 'code' = 'APPROVAL_REQUIRED'`);
    await runner.query(`ALTER TABLE api_keys ADD COLUMN party varchar(64)`);
    await runner.query(`ALTER TABLE api_keys ADD FOREIGN KEY (tenant_id, party) REFERENCES parties`);
    await replaceUseApiKey(runner, true);
  }

  async down(runner: QueryRunner): Promise<void> {
    await replaceUseApiKey(runner, false);
    await runner.query(`DROP INDEX idx_chain_tasks_approvals`);
    await runner.query(`ALTER TABLE api_keys DROP COLUMN party`);
    await runner.query(`DROP TABLE statements, parties`);
  }
}

/** The columns that a function returns cannot be changed: it is made anew, with the rights that it had. */
async function replaceUseApiKey(runner: QueryRunner, party: boolean): Promise<void> {
  await runner.query(`DROP FUNCTION use_api_key`);
  await runner.query(useApiKey(party));
  const [{ may_create: mayCreate }] = (await runner.query(
    `SELECT has_schema_privilege('task_chain_engine', 'public', 'CREATE') AS may_create`,
  )) as [{ may_create: boolean }];
  if (!mayCreate) await runner.query(`GRANT CREATE ON SCHEMA public TO task_chain_engine`);
  await runner.query(`ALTER FUNCTION use_api_key(bytea) OWNER TO task_chain_engine`);
  await runner.query(`REVOKE ALL ON FUNCTION use_api_key(bytea) FROM PUBLIC`);
  await runner.query(`GRANT EXECUTE ON FUNCTION use_api_key(bytea) TO task_chain_api`);
  if (!mayCreate) await runner.query(`REVOKE CREATE ON SCHEMA public FROM task_chain_engine`);
}
