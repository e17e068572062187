import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownFunction } from './owned-function.js';

const FUNCTIONS = [
  'offer_run(varchar, integer, uuid, varchar[], boolean[], text)',
  'runs_at_sites(uuid[])',
  'start_offered(uuid)',
  'lose_offered(uuid)',
  'offers_of_nodes(uuid[])',
  'offered_task(uuid, uuid)',
  'answer_offer(uuid, uuid, varchar, text, real, varchar)',
];

/** Whether the attempt of an offer is the one that counts: all that is offered follows from the task's own row. */
const COUNTS = `EXISTS (SELECT FROM chain_tasks t WHERE t.task_request_id = o.task_request_id AND t.attempt = o.attempt
                          AND t.status IN ('QUEUED', 'RUNNING'))`;

/**
 * Attempts of tasks that run at sites: a row for each site that is to take part. The worker's role sees no row. It may offer what is in
 * flight, and pass on what a site answers on its present connection, of its own rows.
 */
export class NodeOffers1764028800039 implements MigrationInterface {
  name = 'NodeOffers1764028800039';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE node_offers (
        run uuid NOT NULL, -- the same of all sites
        party varchar(64) NOT NULL,
        tenant_id varchar(64) NOT NULL,
        fingerprint varchar(71) NOT NULL, -- the key that the site had when it was offered
        dealer boolean NOT NULL,
        chain_id varchar(64) NOT NULL REFERENCES task_chains (chain_id) ON DELETE CASCADE,
        task_request_id varchar(64) NOT NULL,
        attempt integer NOT NULL,
        task text NOT NULL,
        state varchar(16) NOT NULL DEFAULT 'OFFERED' CHECK (state IN
          ('OFFERED','ACCEPTED','REFUSED','GO','RUNNING','DONE','FAILED','CANCELLED','LOST')),
        answer text,
        fraction real NOT NULL DEFAULT 0,
        stage varchar(128),
        offered_at timestamptz NOT NULL DEFAULT now(),
        go_at timestamptz,
        ended_at timestamptz,
        PRIMARY KEY (run, party),
        UNIQUE (task_request_id, attempt, party),
        FOREIGN KEY (tenant_id, fingerprint) REFERENCES nodes
      )`);
    await runner.query(
      `CREATE INDEX idx_node_offers_open ON node_offers (tenant_id, fingerprint) WHERE ended_at IS NULL`,
    );
    await runner.query(`CREATE INDEX idx_node_offers_chain ON node_offers (chain_id)`);
    await runner.query(`ALTER TABLE node_offers ENABLE ROW LEVEL SECURITY`);
    await runner.query(`ALTER TABLE node_offers FORCE ROW LEVEL SECURITY`);
    await runner.query(`CREATE POLICY of_engine ON node_offers TO task_chain_engine USING (true) WITH CHECK (true)`);
    await runner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON node_offers TO task_chain_engine`);
    // The run of an attempt that is offered already, by whichever worker had it; else a new one. NULL: not all have a site.
    await runner.query(`
      CREATE FUNCTION offer_run(of_request varchar, of_attempt integer, new_run uuid, parties varchar[], dealers boolean[],
                                of_task text) RETURNS uuid
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
        SELECT run FROM node_offers WHERE task_request_id = of_request AND attempt = of_attempt LIMIT 1 $$`);
    // What sites have answered. is_here: it was connected within 30 s, twice what a worker's lease lasts. counts: its key counts still.
    await runner.query(`
      CREATE FUNCTION runs_at_sites(runs uuid[])
        RETURNS TABLE (run uuid, party varchar, dealer boolean, state varchar, answer text, fraction real, stage varchar,
                       is_here boolean, counts boolean, version integer)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT o.run, o.party, o.dealer, o.state, o.answer, o.fraction, o.stage,
               coalesce(n.last_seen_at > now() - interval '30 s', false), n.revoked_at IS NULL AND tenants.enabled,
               n.protocol_version
          FROM node_offers o JOIN nodes n USING (tenant_id, fingerprint) JOIN tenants USING (tenant_id)
         WHERE o.run = ANY (runs) ORDER BY o.run, o.party $$`);
    // Whether all have accepted: then it tells all of them in one statement.
    await runner.query(`
      CREATE FUNCTION start_offered(of_run uuid) RETURNS boolean
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        WITH mine AS MATERIALIZED (
          SELECT o.party, o.state FROM node_offers o WHERE o.run = of_run AND o.ended_at IS NULL AND ${COUNTS}
           ORDER BY o.party FOR UPDATE
        ), gone AS (
          UPDATE node_offers o SET state = 'GO', go_at = now()
           WHERE o.run = of_run AND NOT EXISTS (SELECT FROM mine WHERE state <> 'ACCEPTED') AND EXISTS (SELECT FROM mine)
          RETURNING 1
        )
        SELECT EXISTS (SELECT FROM gone) $$`);
    // A site was away for too long: the row of each that had not ended says so.
    await runner.query(`
      CREATE FUNCTION lose_offered(of_run uuid) RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        UPDATE node_offers SET ended_at = now(), state = CASE WHEN state IN ('DONE', 'FAILED') THEN state ELSE 'LOST' END
         WHERE run = of_run AND ended_at IS NULL $$`);
    // What is offered on these connections, what is to run next first. What no attempt counts for any more is cancelled, whoever died before.
    await runner.query(`
      CREATE FUNCTION offers_of_nodes(connections uuid[]) RETURNS TABLE (connection uuid, run uuid, state varchar)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        UPDATE node_offers o SET ended_at = now(),
               state = CASE WHEN o.state IN ('REFUSED', 'DONE', 'FAILED') THEN o.state ELSE 'CANCELLED' END
          FROM (SELECT o.run, o.party FROM node_offers o WHERE o.ended_at IS NULL AND NOT ${COUNTS}
                   FOR UPDATE OF o SKIP LOCKED) AS over
         WHERE o.run = over.run AND o.party = over.party;
        SELECT n.connection, found.run, found.state
          FROM nodes n CROSS JOIN LATERAL (
            SELECT o.run, o.state, o.go_at, o.offered_at FROM node_offers o
             WHERE o.tenant_id = n.tenant_id AND o.fingerprint = n.fingerprint AND o.ended_at IS NULL
             ORDER BY o.go_at NULLS LAST, o.offered_at, o.run LIMIT 100) AS found
         WHERE n.connection = ANY (connections) AND n.revoked_at IS NULL
         ORDER BY n.connection, found.go_at NULLS LAST, found.offered_at, found.run $$`);
    await runner.query(`
      CREATE FUNCTION offered_task(on_connection uuid, of_run uuid) RETURNS text
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT o.task FROM node_offers o JOIN nodes n USING (tenant_id, fingerprint)
         WHERE n.connection = on_connection AND n.revoked_at IS NULL AND o.run = of_run AND o.ended_at IS NULL $$`);
    // Whether it is stored: the run has to be this site's, to count still, and to be where such an answer follows.
    await runner.query(`
      CREATE FUNCTION answer_offer(on_connection uuid, of_run uuid, new_state varchar, new_answer text, new_fraction real,
                                   new_stage varchar) RETURNS boolean
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        WITH stored AS (
          UPDATE node_offers o
             SET state = new_state, answer = coalesce(new_answer, o.answer),
                 fraction = coalesce(new_fraction, o.fraction), stage = coalesce(new_stage, o.stage)
            FROM nodes n
           WHERE n.connection = on_connection AND n.revoked_at IS NULL
             AND o.tenant_id = n.tenant_id AND o.fingerprint = n.fingerprint
             AND o.run = of_run AND o.ended_at IS NULL AND ${COUNTS}
             AND CASE new_state WHEN 'ACCEPTED' THEN o.state = 'OFFERED'
                                WHEN 'REFUSED' THEN o.state IN ('OFFERED', 'ACCEPTED')
                                WHEN 'RUNNING' THEN o.state IN ('GO', 'RUNNING')
                                WHEN 'DONE' THEN o.state IN ('GO', 'RUNNING')
                                WHEN 'FAILED' THEN o.state IN ('GO', 'RUNNING') ELSE false END
          RETURNING 1
        )
        SELECT EXISTS (SELECT FROM stored) $$`);
    for (const signature of FUNCTIONS) await ownFunction(runner, signature, 'task_chain_worker');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const signature of FUNCTIONS) await runner.query(`DROP FUNCTION ${signature}`);
    await runner.query(`DROP TABLE node_offers`);
  }
}
