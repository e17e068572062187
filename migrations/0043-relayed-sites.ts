import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownFunction } from './owned-function.js';

const FUNCTION = 'may_meet(varchar[], varchar[], uuid[], varchar[])';

/**
 * Which sites may meet over the relay of a worker, whose role sees no row: both count, and have a part in that run, which all have accepted and
 * whose attempt is the one that counts.
 */
export class RelayedSites1764028800043 implements MigrationInterface {
  name = 'RelayedSites1764028800043';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION may_meet(tenants varchar[], fingerprints varchar[], runs uuid[], others varchar[])
        RETURNS TABLE (leg integer, may boolean)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT l.at::integer, (
                 SELECT count(*) = 2
                   FROM node_offers o JOIN nodes n USING (tenant_id, fingerprint) JOIN tenants t USING (tenant_id)
                   JOIN chain_tasks c ON c.task_request_id = o.task_request_id AND c.attempt = o.attempt
                  WHERE o.run = l.run AND o.tenant_id = l.tenant AND o.fingerprint IN (l.own, l.other)
                    AND o.ended_at IS NULL AND o.state IN ('GO', 'RUNNING', 'PREPARED')
                    AND n.revoked_at IS NULL AND n.expires_at > now() AND t.enabled
                    AND c.status IN ('QUEUED', 'RUNNING'))
          FROM unnest(tenants, fingerprints, runs, others) WITH ORDINALITY AS l(tenant, own, run, other, at)
         ORDER BY l.at $$`);
    await ownFunction(runner, FUNCTION, 'task_chain_worker');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION ${FUNCTION}`);
  }
}
