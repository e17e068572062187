import type { MigrationInterface, QueryRunner } from 'typeorm';
import { makeRole } from './make-role.js';

const OWN = `coalesce(tenant_id = (SELECT current_setting('task_chain.tenant', true)), false)`;

/**
 * Secrets of tenants, each under a data key of its own that a key outside of the database wraps. Workers, who touch no chain
 * table, work as a role that may call one function: it gives the sealed secrets that a task in flight names, and no other.
 */
export class Secrets1764028800010 implements MigrationInterface {
  name = 'Secrets1764028800010';

  async up(runner: QueryRunner): Promise<void> {
    await makeRole(runner, 'task_chain_worker');
    await runner.query(`
      CREATE TABLE secrets (
        tenant_id varchar(64) NOT NULL DEFAULT nullif(current_setting('task_chain.tenant', true), ''),
        name varchar(64) NOT NULL,
        key_id varchar(16) NOT NULL,
        wrapped_key bytea NOT NULL,
        sealed bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        updated_by varchar(255),
        deleted_at timestamptz, -- kept for a day, given to nobody
        PRIMARY KEY (tenant_id, name)
      )`);
    await runner.query(`ALTER TABLE secrets ENABLE ROW LEVEL SECURITY`);
    await runner.query(`ALTER TABLE secrets FORCE ROW LEVEL SECURITY`);
    await runner.query(`CREATE POLICY of_tenant ON secrets TO task_chain_api USING (${OWN}) WITH CHECK (${OWN})`);
    await runner.query(`CREATE POLICY of_engine ON secrets TO task_chain_engine USING (true) WITH CHECK (true)`);
    await runner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON secrets TO task_chain_api, task_chain_engine`);
    await runner.query(`
      CREATE FUNCTION secrets_of_task(request_id varchar, wanted varchar[])
        RETURNS TABLE (name varchar, tenant_id varchar, key_id varchar, wrapped_key bytea, sealed bytea)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT s.name, s.tenant_id, s.key_id, s.wrapped_key, s.sealed
          FROM task_requests r JOIN chain_tasks t USING (task_request_id) JOIN secrets s ON s.tenant_id = r.tenant_id
         WHERE r.task_request_id = request_id AND t.status IN ('QUEUED', 'RUNNING') AND s.name = ANY (wanted)
           AND s.deleted_at IS NULL
           AND strpos(r.params::text, '\${secrets.' || s.name || '}') > 0 $$`);
    await runner.query(`
      CREATE FUNCTION secrets_are_used() RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT EXISTS (SELECT FROM secrets) $$`);
    const [{ may_create: mayCreate }] = (await runner.query(
      `SELECT has_schema_privilege('task_chain_engine', 'public', 'CREATE') AS may_create`,
    )) as [{ may_create: boolean }];
    if (!mayCreate) await runner.query(`GRANT CREATE ON SCHEMA public TO task_chain_engine`);
    for (const [definer, role] of [
      ['secrets_of_task(varchar, varchar[])', 'task_chain_worker'],
      ['secrets_are_used()', 'task_chain_api, task_chain_worker'],
    ] as const) {
      await runner.query(`ALTER FUNCTION ${definer} OWNER TO task_chain_engine`);
      await runner.query(`REVOKE ALL ON FUNCTION ${definer} FROM PUBLIC`);
      await runner.query(`GRANT EXECUTE ON FUNCTION ${definer} TO ${role}`);
    }
    if (!mayCreate) await runner.query(`REVOKE CREATE ON SCHEMA public FROM task_chain_engine`);
  }

  /** The role stays: another database of the server may use it. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION secrets_of_task, secrets_are_used`);
    await runner.query(`DROP TABLE secrets`);
    await runner.query(`REVOKE ALL ON SCHEMA public FROM task_chain_worker`);
  }
}
