import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownFunction } from './owned-function.js';

const FUNCTIONS = [
  'connect_node(varchar, varchar, varchar, uuid, integer, varchar, varchar)',
  'hold_nodes(uuid[])',
  'release_node(uuid)',
];

/** The one connection that each site keeps, as the worker's role tells and asks of it: it sees no row of the table. */
export class NodeConnections1764028800037 implements MigrationInterface {
  name = 'NodeConnections1764028800037';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE nodes ADD connection uuid, -- the newest one
        ADD last_seen_at timestamptz, ADD protocol_version integer, ADD software_version varchar(64),
        ADD refused_at timestamptz`);
    await runner.query(`CREATE INDEX idx_nodes_connection ON nodes (connection) WHERE connection IS NOT NULL`);
    // OK: it is connected, in place of an earlier connection. The log has one row a minute and site at most of each kind.
    await runner.query(`
      CREATE FUNCTION connect_node(of_tenant varchar, of_fingerprint varchar, of_party varchar, new_connection uuid,
                                   version integer, software varchar, from_address varchar) RETURNS varchar
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        WITH found AS MATERIALIZED (
          SELECT n.tenant_id, n.fingerprint, n.party, n.last_seen_at, n.refused_at, n.software_version,
                 CASE WHEN n.revoked_at IS NOT NULL THEN 'REVOKED' WHEN n.expires_at <= now() THEN 'EXPIRED'
                      WHEN NOT t.enabled THEN 'CLOSED' END AS refused
            FROM nodes n JOIN tenants t USING (tenant_id)
           WHERE n.tenant_id = of_tenant AND n.fingerprint = of_fingerprint AND n.party = of_party
             FOR UPDATE OF n
        ), connected AS (
          UPDATE nodes n
             SET connection = CASE WHEN f.refused IS NULL THEN new_connection ELSE n.connection END,
                 last_seen_at = CASE WHEN f.refused IS NULL THEN now() ELSE n.last_seen_at END,
                 protocol_version = CASE WHEN f.refused IS NULL THEN version ELSE n.protocol_version END,
                 software_version = CASE WHEN f.refused IS NULL THEN software ELSE n.software_version END,
                 refused_at = CASE WHEN f.refused IS NULL THEN n.refused_at ELSE now() END
            FROM found f WHERE n.tenant_id = f.tenant_id AND n.fingerprint = f.fingerprint
        ), noted AS (
          INSERT INTO outbox (tenant_id, kind, payload)
          SELECT f.tenant_id, 'AUDIT', jsonb_build_object(
                   'actor', 'node:' || f.party, 'address', from_address, 'request_id', '-',
                   'action', CASE WHEN f.refused IS NULL THEN 'connectNode' ELSE 'refuseNode' END, 'target', f.party,
                   'details', jsonb_build_object('fingerprint', f.fingerprint) ||
                     CASE WHEN f.refused IS NULL
                          THEN jsonb_build_object('protocol_version', version, 'software_version', software)
                          ELSE jsonb_build_object('reason', f.refused) END)
            FROM found f
           WHERE CASE WHEN f.refused IS NULL
                      THEN f.software_version IS DISTINCT FROM software
                           OR coalesce(f.last_seen_at < now() - interval '1 minute', true)
                      ELSE coalesce(f.refused_at < now() - interval '1 minute', true) END
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
        ), seen AS (
          UPDATE nodes n SET last_seen_at = now() FROM found f
           WHERE f.ended IS NULL AND n.tenant_id = f.tenant_id AND n.fingerprint = f.fingerprint AND n.connection = f.id
        )
        SELECT id, ended FROM found WHERE ended IS NOT NULL $$`);
    await runner.query(`
      CREATE FUNCTION release_node(gone uuid) RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        UPDATE nodes SET connection = NULL, last_seen_at = CASE WHEN revoked_at IS NULL THEN now() ELSE last_seen_at END
         WHERE connection = gone $$`);
    for (const signature of FUNCTIONS) await ownFunction(runner, signature, 'task_chain_worker');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const signature of FUNCTIONS) await runner.query(`DROP FUNCTION ${signature}`);
    await runner.query(`
      ALTER TABLE nodes DROP connection, DROP last_seen_at, DROP protocol_version, DROP software_version, DROP refused_at`);
  }
}
