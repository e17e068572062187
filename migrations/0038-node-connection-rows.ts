import type { MigrationInterface, QueryRunner } from 'typeorm';
import { NodeConnections1764028800037 } from './0037-node-connections.js';
import { ownFunction } from './owned-function.js';

const FUNCTIONS = ['connect_node(varchar, varchar, varchar, uuid, integer, varchar, varchar)', 'hold_nodes(uuid[])'];

/**
 * The log has one row a minute and site at most of each kind, whatever the site or the worker says, and no row that cannot be sealed. A row
 * that another transaction holds does not keep the other sites waiting.
 */
export class NodeConnectionRows1764028800038 implements MigrationInterface {
  name = 'NodeConnectionRows1764028800038';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE nodes RENAME refused_at TO refused_noted_at`);
    await runner.query(`ALTER TABLE nodes ADD connected_noted_at timestamptz`);
    for (const signature of FUNCTIONS) await runner.query(`DROP FUNCTION ${signature}`);
    await runner.query(`
      CREATE FUNCTION connect_node(of_tenant varchar, of_fingerprint varchar, of_party varchar, new_connection uuid,
                                   version integer, software varchar, from_address varchar) RETURNS varchar
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        WITH found AS MATERIALIZED (
          SELECT n.tenant_id, n.fingerprint, n.party, n.connected_noted_at, n.refused_noted_at,
                 CASE WHEN n.revoked_at IS NOT NULL THEN 'REVOKED' WHEN n.expires_at <= now() THEN 'EXPIRED'
                      WHEN NOT t.enabled THEN 'CLOSED' END AS refused
            FROM nodes n JOIN tenants t USING (tenant_id)
           WHERE n.tenant_id = of_tenant AND n.fingerprint = of_fingerprint AND n.party = of_party
             FOR UPDATE OF n
        ), told AS MATERIALIZED (
          SELECT f.*, (CASE WHEN f.refused IS NULL THEN f.connected_noted_at ELSE f.refused_noted_at END
                        > now() - interval '1 minute') IS NOT TRUE AS is_noted
            FROM found f
        ), connected AS (
          UPDATE nodes n
             SET connection = CASE WHEN f.refused IS NULL THEN new_connection ELSE n.connection END,
                 last_seen_at = CASE WHEN f.refused IS NULL THEN now() ELSE n.last_seen_at END,
                 protocol_version = CASE WHEN f.refused IS NULL THEN version ELSE n.protocol_version END,
                 software_version = CASE WHEN f.refused IS NULL THEN left(software, 64) ELSE n.software_version END,
                 connected_noted_at = CASE WHEN f.refused IS NULL AND f.is_noted THEN now() ELSE n.connected_noted_at END,
                 refused_noted_at = CASE WHEN f.refused IS NOT NULL AND f.is_noted THEN now() ELSE n.refused_noted_at END
            FROM told f WHERE n.tenant_id = f.tenant_id AND n.fingerprint = f.fingerprint
        ), noted AS (
          INSERT INTO outbox (tenant_id, kind, payload)
          SELECT f.tenant_id, 'AUDIT', jsonb_build_object(
                   'actor', 'node:' || f.party, 'address', left(coalesce(from_address, '-'), 64), 'request_id', '-',
                   'action', CASE WHEN f.refused IS NULL THEN 'connectNode' ELSE 'refuseNode' END, 'target', f.party,
                   'details', jsonb_build_object('fingerprint', f.fingerprint) ||
                     CASE WHEN f.refused IS NULL
                          THEN jsonb_build_object('protocol_version', version, 'software_version', left(software, 64))
                          ELSE jsonb_build_object('reason', f.refused) END)
            FROM told f WHERE f.is_noted
        )
        SELECT coalesce((SELECT coalesce(refused, 'OK') FROM found), 'UNKNOWN') $$`);
    await runner.query(`
      CREATE FUNCTION hold_nodes(held uuid[]) RETURNS TABLE (connection uuid, ended varchar)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        WITH found AS MATERIALIZED (
          SELECT h.id, n.tenant_id, n.fingerprint,
                 CASE WHEN n.connection IS NULL THEN 'REPLACED' WHEN n.revoked_at IS NOT NULL THEN 'REVOKED'
                      WHEN n.expires_at <= now() THEN 'EXPIRED' WHEN NOT t.enabled THEN 'CLOSED' END AS ended
            FROM unnest(held) AS h(id) LEFT JOIN nodes n ON n.connection = h.id LEFT JOIN tenants t USING (tenant_id)
        ), free AS MATERIALIZED (
          SELECT f.* FROM nodes n JOIN found f ON n.connection = f.id WHERE f.ended IS NULL FOR UPDATE OF n SKIP LOCKED
        ), seen AS (
          UPDATE nodes n SET last_seen_at = now() FROM free f
           WHERE n.tenant_id = f.tenant_id AND n.fingerprint = f.fingerprint AND n.connection = f.id
        )
        SELECT id, ended FROM found WHERE ended IS NOT NULL $$`);
    for (const signature of FUNCTIONS) await ownFunction(runner, signature, 'task_chain_worker');
  }

  /** Back to what the migration before makes. It forgets who was connected: sites connect anew. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE nodes DROP connected_noted_at`);
    await runner.query(`ALTER TABLE nodes RENAME refused_noted_at TO refused_at`);
    const before = new NodeConnections1764028800037();
    await before.down(runner);
    await before.up(runner);
  }
}
