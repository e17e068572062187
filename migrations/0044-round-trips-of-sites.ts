import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownFunction } from './owned-function.js';

const FUNCTION = 'hold_nodes(uuid[], real[])';

/** How far a site is from the control plane: pings of its connection say so, and `validate` warns by it. The older function serves workers of before. */
export class RoundTripsOfSites1764028800044 implements MigrationInterface {
  name = 'RoundTripsOfSites1764028800044';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE nodes ADD round_trip_ms real`);
    await runner.query(`
      CREATE FUNCTION hold_nodes(held uuid[], round_trips real[]) RETURNS TABLE (connection uuid, ended varchar)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        WITH found AS MATERIALIZED (
          SELECT h.id, h.ms, n.tenant_id, n.fingerprint,
                 CASE WHEN n.connection IS NULL THEN 'REPLACED' WHEN n.revoked_at IS NOT NULL THEN 'REVOKED'
                      WHEN n.expires_at <= now() THEN 'EXPIRED' WHEN NOT t.enabled THEN 'CLOSED' END AS ended
            FROM unnest(held, round_trips) AS h(id, ms)
            LEFT JOIN nodes n ON n.connection = h.id LEFT JOIN tenants t USING (tenant_id)
        ), free AS MATERIALIZED (
          SELECT f.* FROM nodes n JOIN found f ON n.connection = f.id WHERE f.ended IS NULL FOR UPDATE OF n SKIP LOCKED
        ), seen AS (
          UPDATE nodes n SET last_seen_at = now(), round_trip_ms = coalesce(f.ms, n.round_trip_ms) FROM free f
           WHERE n.tenant_id = f.tenant_id AND n.fingerprint = f.fingerprint AND n.connection = f.id
        )
        SELECT id, ended FROM found WHERE ended IS NOT NULL $$`);
    await ownFunction(runner, FUNCTION, 'task_chain_worker');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION ${FUNCTION}`);
    await runner.query(`ALTER TABLE nodes DROP round_trip_ms`);
  }
}
