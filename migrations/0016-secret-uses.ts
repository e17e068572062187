import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownFunction } from './owned-function.js';

/**
 * Secrets that are sealed to a public key, and the types and keys that may use each. Those that are there stay open to
 * all keys, as they were; new ones are for admins where no key is named.
 */
export class SecretUses1764028800016 implements MigrationInterface {
  name = 'SecretUses1764028800016';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE secrets ALTER wrapped_key DROP NOT NULL,
        ADD task_types text[] NOT NULL DEFAULT '{*}',
        ADD keys text[] NOT NULL DEFAULT '{*}'`);
    await runner.query(`ALTER TABLE secrets ALTER keys SET DEFAULT '{}'`);
    await runner.query(`ALTER TABLE task_chains ADD by_admin boolean NOT NULL DEFAULT false`);
    await runner.query(`DROP FUNCTION secrets_of_task`);
    await runner.query(`
      CREATE FUNCTION secrets_of_task(request_id varchar, of_type varchar, wanted varchar[])
        RETURNS TABLE (name varchar, tenant_id varchar, key_id varchar, wrapped_key bytea, sealed bytea)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        WITH given AS MATERIALIZED (
          SELECT s.name, s.tenant_id, s.key_id, s.wrapped_key, s.sealed, c.created_by, t.chain_id, t.task_id, t.attempt
            FROM task_requests r JOIN chain_tasks t USING (task_request_id) JOIN task_chains c USING (chain_id)
            JOIN secrets s ON s.tenant_id = r.tenant_id
           WHERE r.task_request_id = request_id AND t.status IN ('QUEUED', 'RUNNING') AND t.task_type = of_type
             AND s.name = ANY (wanted) AND s.deleted_at IS NULL
             AND strpos(r.params::text, '\${secrets.' || s.name || '}') > 0
             AND s.task_types && ARRAY['*', t.task_type]::text[]
             AND (c.by_admin OR s.keys && ARRAY['*', regexp_replace(c.created_by, '^key:', '')]::text[])
        ), noted AS (
          INSERT INTO outbox (tenant_id, kind, payload)
          SELECT tenant_id, 'AUDIT', jsonb_build_object(
                   'actor', created_by, 'address', '-', 'request_id', '-', 'action', 'useSecret', 'target', name,
                   'details', jsonb_build_object('chain_id', chain_id, 'task_id', task_id, 'attempt', attempt))
            FROM given
        )
        SELECT name, tenant_id, key_id, wrapped_key, sealed FROM given $$`);
    await ownFunction(runner, 'secrets_of_task(varchar, varchar, varchar[])', 'task_chain_worker');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION secrets_of_task`);
    await runner.query(`ALTER TABLE task_chains DROP by_admin`);
    // The release before knows no key that would open these.
    await runner.query(`DELETE FROM secrets WHERE wrapped_key IS NULL`);
    await runner.query(`ALTER TABLE secrets DROP task_types, DROP keys, ALTER wrapped_key SET NOT NULL`);
    await runner.query(`
      CREATE FUNCTION secrets_of_task(request_id varchar, wanted varchar[])
        RETURNS TABLE (name varchar, tenant_id varchar, key_id varchar, wrapped_key bytea, sealed bytea)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT s.name, s.tenant_id, s.key_id, s.wrapped_key, s.sealed
          FROM task_requests r JOIN chain_tasks t USING (task_request_id) JOIN secrets s ON s.tenant_id = r.tenant_id
         WHERE r.task_request_id = request_id AND t.status IN ('QUEUED', 'RUNNING') AND s.name = ANY (wanted)
           AND s.deleted_at IS NULL
           AND strpos(r.params::text, '\${secrets.' || s.name || '}') > 0 $$`);
    await ownFunction(runner, 'secrets_of_task(varchar, varchar[])', 'task_chain_worker');
  }
}
