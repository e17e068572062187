import type { MigrationInterface, QueryRunner } from 'typeorm';
import { NodeOffers1764028800039 } from './0039-node-offers.js';
import { ownFunction } from './owned-function.js';

const FUNCTIONS = [
  'offer_run(varchar, integer, uuid, varchar[], boolean[], text)',
  'runs_at_sites(uuid[])',
  'offers_of_nodes(uuid[])',
];

/** Whether the attempt of an offer is the one that counts: all that is offered follows from the task's own row. */
const COUNTS = `EXISTS (SELECT FROM chain_tasks t WHERE t.task_request_id = o.task_request_id AND t.attempt = o.attempt
                          AND t.status IN ('QUEUED', 'RUNNING'))`;

/**
 * Offers go to the current connection of a site alone, which is told apart from one that has none. A site that is told to run a task has 30 s
 * to come back, and who has no site is named.
 */
export class CurrentOffers1764028800040 implements MigrationInterface {
  name = 'CurrentOffers1764028800040';

  async up(runner: QueryRunner): Promise<void> {
    for (const signature of FUNCTIONS) await runner.query(`DROP FUNCTION ${signature}`);
    // The run of an attempt that is offered already, by whichever worker had it; else a new one. NULL: those that are missing have no site.
    await runner.query(`
      CREATE FUNCTION offer_run(of_request varchar, of_attempt integer, new_run uuid, parties varchar[], dealers boolean[],
                                of_task text) RETURNS TABLE (run uuid, missing varchar[])
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        WITH asked AS (
          SELECT t.tenant_id, t.chain_id, p.party, n.fingerprint, p.dealer
            FROM chain_tasks t
           CROSS JOIN unnest(parties, dealers) AS p(party, dealer)
            JOIN nodes n ON n.tenant_id = t.tenant_id AND n.party = p.party AND n.dealer = p.dealer
                        AND n.revoked_at IS NULL AND n.expires_at > now()
           WHERE t.task_request_id = of_request AND t.attempt = of_attempt AND t.status IN ('QUEUED', 'RUNNING')
        )
        INSERT INTO node_offers (run, party, tenant_id, fingerprint, dealer, chain_id, task_request_id, attempt, task)
        SELECT new_run, party, tenant_id, fingerprint, dealer, chain_id, of_request, of_attempt, of_task
          FROM asked WHERE (SELECT count(*) FROM asked) = cardinality(parties)
         ORDER BY party
        ON CONFLICT (task_request_id, attempt, party) DO NOTHING;
        SELECT (SELECT o.run FROM node_offers o WHERE o.task_request_id = of_request AND o.attempt = of_attempt LIMIT 1),
               ARRAY(SELECT p.party FROM unnest(parties, dealers) AS p(party, dealer)
                      WHERE NOT EXISTS (SELECT FROM chain_tasks t JOIN nodes n USING (tenant_id)
                                         WHERE t.task_request_id = of_request AND n.party = p.party AND n.dealer = p.dealer
                                           AND n.revoked_at IS NULL AND n.expires_at > now())) $$`);
    // What sites have answered. is_here: it was connected, or was told to run it, within 30 s. counts: its key counts still.
    await runner.query(`
      CREATE FUNCTION runs_at_sites(runs uuid[])
        RETURNS TABLE (run uuid, party varchar, dealer boolean, state varchar, answer text, fraction real, stage varchar,
                       is_here boolean, counts boolean, version integer)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT o.run, o.party, o.dealer, o.state, o.answer, o.fraction, o.stage,
               coalesce(greatest(n.last_seen_at, o.go_at) > now() - interval '30 s', false), n.revoked_at IS NULL AND tenants.enabled,
               n.protocol_version
          FROM node_offers o JOIN nodes n USING (tenant_id, fingerprint) JOIN tenants USING (tenant_id)
         WHERE o.run = ANY (runs) ORDER BY o.run, o.party $$`);
    // What is offered on these connections, what is to run next first; a row without a run where nothing is, and none for a connection that
    // is not its site's current one. What no attempt counts for any more is cancelled, whoever died before.
    await runner.query(`
      CREATE FUNCTION offers_of_nodes(connections uuid[]) RETURNS TABLE (connection uuid, run uuid, state varchar)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        UPDATE node_offers o SET ended_at = now(),
               state = CASE WHEN o.state IN ('REFUSED', 'DONE', 'FAILED') THEN o.state ELSE 'CANCELLED' END
          FROM (SELECT o.run, o.party FROM node_offers o WHERE o.ended_at IS NULL AND NOT ${COUNTS}
                   FOR UPDATE OF o SKIP LOCKED) AS over
         WHERE o.run = over.run AND o.party = over.party;
        SELECT n.connection, found.run, found.state
          FROM nodes n LEFT JOIN LATERAL (
            SELECT o.run, o.state, o.go_at, o.offered_at FROM node_offers o
             WHERE o.tenant_id = n.tenant_id AND o.fingerprint = n.fingerprint AND o.ended_at IS NULL
             ORDER BY o.go_at NULLS LAST, o.offered_at, o.run LIMIT 100) AS found ON true
         WHERE n.connection = ANY (connections) AND n.revoked_at IS NULL
         ORDER BY n.connection, found.go_at NULLS LAST, found.offered_at, found.run $$`);
    for (const signature of FUNCTIONS) await ownFunction(runner, signature, 'task_chain_worker');
  }

  /** Back to what the migration before makes. It forgets what was offered: retry those tasks. */
  async down(runner: QueryRunner): Promise<void> {
    const before = new NodeOffers1764028800039();
    await before.down(runner);
    await before.up(runner);
  }
}
