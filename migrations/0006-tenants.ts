import type { MigrationInterface, QueryRunner } from 'typeorm';
import { makeRole } from './make-role.js';

/** Tables of which every row belongs to a tenant. */
const OF_TENANTS = [
  'task_chains',
  'task_requests',
  'chain_tasks',
  'chain_dependencies',
  'task_attempts',
  'chain_events',
  'task_logs',
  'artifacts',
  'idempotency_keys',
  'outbox',
  'webhooks',
  'webhook_deliveries',
  'audit_log',
  'api_keys',
];

const TENANT = `(SELECT current_setting('task_chain.tenant', true))`;

/**
 * What is a tenant's own. Not the bare comparison, of which the planner believes that one row in 200 passes: it then compared
 * each task of a large chain with all others. Statements that look for all of a tenant compare by themselves.
 */
const OWN = `coalesce(tenant_id = ${TENANT}, false)`;

/**
 * Tenants, and two roles without a login: `task_chain_api` sees the rows of the tenant that its transaction names and
 * nothing else, `task_chain_engine` sees all. Neither owns a table, and the owner is held to the same policies (FORCE).
 */
export class Tenants1764028800006 implements MigrationInterface {
  name = 'Tenants1764028800006';

  async up(runner: QueryRunner): Promise<void> {
    for (const role of ['task_chain_api', 'task_chain_engine']) {
      await makeRole(runner, role);
      await runner.query(`GRANT SELECT ON schema_migrations TO ${role}`);
    }

    await runner.query(`
      CREATE TABLE tenants (
        tenant_id varchar(64) PRIMARY KEY CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]*$'),
        name varchar(255) NOT NULL,
        enabled boolean NOT NULL DEFAULT true,
        weight integer NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 1000),
        max_running_chains integer CHECK (max_running_chains >= 0),
        max_waiting_tasks integer CHECK (max_waiting_tasks >= 0),
        max_creates_per_minute integer CHECK (max_creates_per_minute >= 0),
        max_artifact_bytes bigint CHECK (max_artifact_bytes >= 0),
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`INSERT INTO tenants (tenant_id, name) VALUES ('default', 'Default')`);

    for (const table of OF_TENANTS) {
      // Rows of before belong to the default tenant; from now on a row that names none has that of its transaction. Apps of the
      // release before, which work beside these for a while and take no role, know the default tenant alone.
      await runner.query(`ALTER TABLE ${table} ADD COLUMN tenant_id varchar(64) NOT NULL DEFAULT 'default'`);
      await runner.query(
        `ALTER TABLE ${table} ALTER COLUMN tenant_id SET DEFAULT CASE
           WHEN current_user IN ('task_chain_api', 'task_chain_engine') THEN nullif(current_setting('task_chain.tenant', true), '')
           ELSE coalesce(nullif(current_setting('task_chain.tenant', true), ''), 'default') END`,
      );
    }
    await runner.query(`ALTER TABLE api_keys ADD FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)`);
    await runner.query(`ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_pkey`);
    await runner.query(`ALTER TABLE idempotency_keys ADD PRIMARY KEY (tenant_id, scope, idempotency_key)`);

    await runner.query(`DROP INDEX idx_task_chains_created_at, idx_task_chains_status, idx_task_chains_created_by`);
    await runner.query(`CREATE INDEX idx_task_chains_created_at ON task_chains (tenant_id, created_at DESC, id DESC)`);
    await runner.query(
      `CREATE INDEX idx_task_chains_status ON task_chains (tenant_id, status, created_at DESC, id DESC)`,
    );
    await runner.query(
      `CREATE INDEX idx_task_chains_created_by ON task_chains (tenant_id, created_by) WHERE created_by IS NOT NULL`,
    );
    // For the engine, which looks at the open chains of all tenants.
    await runner.query(
      `CREATE INDEX idx_task_chains_open ON task_chains (id) WHERE status IN ('PENDING','RUNNING','PAUSED')`,
    );
    await runner.query(`DROP INDEX idx_chain_tasks_ready`);
    await runner.query(`
      CREATE INDEX idx_chain_tasks_ready ON chain_tasks (task_type, tenant_id, priority DESC, id)
        WHERE status = 'READY' AND hold IS NULL`);
    await runner.query(`CREATE INDEX idx_artifacts_tenant ON artifacts (tenant_id, size_bytes)`);
    await runner.query(`CREATE INDEX idx_audit_log_tenant ON audit_log (tenant_id, seq)`);
    await runner.query(`ALTER VIEW task_request_status SET (security_invoker = true)`);

    for (const table of OF_TENANTS) {
      await runner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
      await runner.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
      await runner.query(`CREATE POLICY of_tenant ON ${table} TO task_chain_api USING (${OWN}) WITH CHECK (${OWN})`);
      await runner.query(`CREATE POLICY of_engine ON ${table} TO task_chain_engine USING (true) WITH CHECK (true)`);
      await runner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO task_chain_engine`);
    }
    // A tenant sees its own row; '*', which is no tenant's name, is the platform itself.
    await runner.query(`ALTER TABLE tenants ENABLE ROW LEVEL SECURITY`);
    await runner.query(`ALTER TABLE tenants FORCE ROW LEVEL SECURITY`);
    await runner.query(`CREATE POLICY of_tenant ON tenants FOR SELECT TO task_chain_api USING (tenant_id = ${TENANT})`);
    await runner.query(
      `CREATE POLICY of_platform ON tenants TO task_chain_api USING (${TENANT} = '*') WITH CHECK (${TENANT} = '*')`,
    );
    await runner.query(`CREATE POLICY of_engine ON tenants TO task_chain_engine USING (true) WITH CHECK (true)`);
    await runner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON tenants TO task_chain_api, task_chain_engine`);

    await runner.query(`
      GRANT SELECT, INSERT, UPDATE, DELETE ON task_chains, task_requests, chain_tasks, chain_dependencies, task_attempts,
        chain_events, task_logs, artifacts, idempotency_keys, webhooks, webhook_deliveries, api_keys TO task_chain_api`);
    await runner.query(`GRANT INSERT ON outbox TO task_chain_api`);
    await runner.query(`GRANT SELECT ON audit_log, workers, task_request_status TO task_chain_api`);
    await runner.query(`
      GRANT SELECT, INSERT, UPDATE, DELETE ON workers, duties, repairs, audit_head TO task_chain_engine`);
    await runner.query(`GRANT SELECT ON task_request_status TO task_chain_engine`);

    // What the API must find before it knows the tenant, and no more than that.
    await runner.query(`
      CREATE FUNCTION use_api_key(hash bytea)
        RETURNS TABLE (key_id varchar, tenant_id varchar, role varchar, expires_at timestamptz)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        WITH found AS MATERIALIZED (
          SELECT k.key_id, k.tenant_id, k.role, k.expires_at, k.last_used_at
            FROM api_keys k JOIN tenants t USING (tenant_id)
           WHERE k.key_hash = hash AND k.revoked_at IS NULL AND k.expires_at > now() AND t.enabled
        ), noted AS (
          UPDATE api_keys k SET last_used_at = now()
            FROM found
           WHERE k.key_id = found.key_id AND coalesce(found.last_used_at < now() - interval '1 minute', true)
        )
        SELECT found.key_id, found.tenant_id, found.role, found.expires_at FROM found $$`);
    // Ids are counted over all tenants: whether a missing one may still appear can be told only by all of them.
    await runner.query(`
      CREATE FUNCTION chain_event_ids(after bigint, most integer) RETURNS TABLE (id bigint, told_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT e.id, e.recorded_at FROM chain_events e WHERE e.id > after ORDER BY e.id LIMIT most $$`);
    await runner.query(`
      CREATE FUNCTION last_chain_event_id() RETURNS bigint
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT coalesce(max(id), 0) FROM chain_events $$`);
    const [{ may_create: mayCreate }] = (await runner.query(
      `SELECT has_schema_privilege('task_chain_engine', 'public', 'CREATE') AS may_create`,
    )) as [{ may_create: boolean }];
    if (!mayCreate) await runner.query(`GRANT CREATE ON SCHEMA public TO task_chain_engine`);
    for (const definer of ['use_api_key(bytea)', 'chain_event_ids(bigint, integer)', 'last_chain_event_id()']) {
      await runner.query(`ALTER FUNCTION ${definer} OWNER TO task_chain_engine`);
      await runner.query(`REVOKE ALL ON FUNCTION ${definer} FROM PUBLIC`);
      await runner.query(`GRANT EXECUTE ON FUNCTION ${definer} TO task_chain_api`);
    }
    if (!mayCreate) await runner.query(`REVOKE CREATE ON SCHEMA public FROM task_chain_engine`);
  }

  /** The roles stay: another database of the server may use them. Rows of tenants other than the default one forbid it. */
  async down(runner: QueryRunner): Promise<void> {
    const [{ others }] = (await runner.query(
      `SELECT count(*)::int AS others FROM tenants WHERE tenant_id <> 'default'`,
    )) as [{ others: number }];
    if (others > 0) throw new Error(`there are ${others} tenants beside the default one: remove them first`);
    await runner.query(`DROP FUNCTION use_api_key, chain_event_ids, last_chain_event_id`);
    await runner.query(
      `DROP INDEX idx_artifacts_tenant, idx_audit_log_tenant, idx_chain_tasks_ready, idx_task_chains_open`,
    );
    await runner.query(`DROP INDEX idx_task_chains_created_at, idx_task_chains_status, idx_task_chains_created_by`);
    await runner.query(`ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_pkey`);
    await runner.query(`ALTER VIEW task_request_status RESET (security_invoker)`);
    for (const table of OF_TENANTS) {
      await runner.query(`DROP POLICY of_tenant ON ${table}`);
      await runner.query(`DROP POLICY of_engine ON ${table}`);
      await runner.query(`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY`);
      await runner.query(`ALTER TABLE ${table} DROP COLUMN tenant_id`);
      await runner.query(`REVOKE ALL ON ${table} FROM task_chain_api, task_chain_engine`);
    }
    await runner.query(`DROP TABLE tenants`);
    for (const role of ['task_chain_api', 'task_chain_engine']) {
      await runner.query(
        `REVOKE ALL ON workers, duties, repairs, audit_head, task_request_status, schema_migrations FROM ${role}`,
      );
      await runner.query(`REVOKE ALL ON SCHEMA public FROM ${role}`);
    }
    await runner.query(`ALTER TABLE idempotency_keys ADD PRIMARY KEY (scope, idempotency_key)`);
    await runner.query(`CREATE INDEX idx_task_chains_created_at ON task_chains (created_at DESC, id DESC)`);
    await runner.query(`CREATE INDEX idx_task_chains_status ON task_chains (status, created_at DESC, id DESC)`);
    await runner.query(
      `CREATE INDEX idx_task_chains_created_by ON task_chains (created_by) WHERE created_by IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX idx_chain_tasks_ready ON chain_tasks (task_type, priority DESC, id) WHERE status = 'READY' AND hold IS NULL`,
    );
  }
}
