import type { MigrationInterface, QueryRunner } from 'typeorm';
import { CurrentOffers1764028800040 } from './0040-current-offers.js';
import { ownFunction } from './owned-function.js';

const NEW = [
  'sites_of_runs(uuid[])',
  'vote_run(uuid)',
  'votes_of_run(uuid, uuid)',
  'prepare_offer(uuid, uuid, text, varchar)',
  'settle_run(uuid, uuid)',
  'decide_run()',
];
const REPLACED = [
  'offer_run(varchar, integer, uuid, varchar[], boolean[], text)',
  'lose_offered(uuid)',
  'offers_of_nodes(uuid[])',
  'answer_offer(uuid, uuid, varchar, text, real, varchar)',
];

/** Whether the attempt of an offer is the one that counts: all that is offered follows from the task's own row. */
const COUNTS = `EXISTS (SELECT FROM chain_tasks t WHERE t.task_request_id = o.task_request_id AND t.attempt = o.attempt
                          AND t.status IN ('QUEUED', 'RUNNING'))`;

/**
 * What a run leaves at its sites counts at all of them or at none. Each says that its part is prepared; whether it counts is decided once, in the
 * transaction that ends the attempt, and only if all were. Each site hears of that until it has said that it has settled it, whatever becomes of
 * the chain meanwhile.
 */
export class VotesOfSites1764028800042 implements MigrationInterface {
  name = 'VotesOfSites1764028800042';

  async up(runner: QueryRunner): Promise<void> {
    for (const signature of REPLACED) await runner.query(`DROP FUNCTION ${signature}`);
    // The trigger's condition reads it: the function runs for no other task.
    await runner.query(`ALTER TABLE chain_tasks ADD COLUMN at_sites boolean NOT NULL DEFAULT false`);
    await runner.query(`
      ALTER TABLE node_offers
        ADD COLUMN vote varchar(1500), -- signed by the site
        ADD COLUMN voted boolean NOT NULL DEFAULT false, -- the votes of all were checked
        DROP CONSTRAINT node_offers_state_check,
        ADD CONSTRAINT node_offers_state_check CHECK (state IN
          ('OFFERED','ACCEPTED','REFUSED','GO','RUNNING','PREPARED','DONE','FAILED','CANCELLED','LOST'))`);
    await runner.query(`
      CREATE TABLE node_decisions (
        run uuid NOT NULL,
        tenant_id varchar(64) NOT NULL,
        fingerprint varchar(71) NOT NULL,
        decision varchar(8) NOT NULL CHECK (decision IN ('COMMIT', 'ABORT')),
        votes text CHECK ((votes IS NOT NULL) = (decision = 'COMMIT')), -- a JSON list: those of all members
        decided_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, fingerprint, run),
        FOREIGN KEY (tenant_id, fingerprint) REFERENCES nodes
      )`);
    await runner.query(`ALTER TABLE node_decisions ENABLE ROW LEVEL SECURITY`);
    await runner.query(`ALTER TABLE node_decisions FORCE ROW LEVEL SECURITY`);
    await runner.query(`CREATE POLICY of_engine ON node_decisions TO task_chain_engine USING (true) WITH CHECK (true)`);
    await runner.query(`GRANT SELECT, INSERT, DELETE ON node_decisions TO task_chain_engine`);
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
        UPDATE chain_tasks t SET at_sites = true
         WHERE t.task_request_id = of_request AND t.attempt = of_attempt AND NOT t.at_sites
           AND EXISTS (SELECT FROM node_offers o WHERE o.task_request_id = of_request AND o.attempt = of_attempt);
        SELECT (SELECT o.run FROM node_offers o WHERE o.task_request_id = of_request AND o.attempt = of_attempt LIMIT 1),
               ARRAY(SELECT p.party FROM unnest(parties, dealers) AS p(party, dealer)
                      WHERE NOT EXISTS (SELECT FROM chain_tasks t JOIN nodes n USING (tenant_id)
                                         WHERE t.task_request_id = of_request AND n.party = p.party AND n.dealer = p.dealer
                                           AND n.revoked_at IS NULL AND n.expires_at > now())) $$`);
    await runner.query(`
      CREATE FUNCTION sites_of_runs(runs uuid[])
        RETURNS TABLE (run uuid, party varchar, dealer boolean, fingerprint varchar, state varchar, answer text, vote varchar,
                       fraction real, stage varchar, is_here boolean, counts boolean, version integer)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT o.run, o.party, o.dealer, o.fingerprint, o.state, o.answer, o.vote, o.fraction, o.stage,
               coalesce(greatest(n.last_seen_at, o.go_at) > now() - interval '30 s', false), n.revoked_at IS NULL AND tenants.enabled,
               n.protocol_version
          FROM node_offers o JOIN nodes n USING (tenant_id, fingerprint) JOIN tenants USING (tenant_id)
         WHERE o.run = ANY (runs) ORDER BY o.run, o.party $$`);
    // A site was away for too long: the row of each that had not ended says so. One that is prepared has nothing to lose.
    await runner.query(`
      CREATE FUNCTION lose_offered(of_run uuid) RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        UPDATE node_offers o SET ended_at = now(), state = CASE WHEN o.state = 'FAILED' THEN o.state ELSE 'LOST' END
          FROM (SELECT party FROM node_offers WHERE run = of_run AND ended_at IS NULL AND state <> 'PREPARED'
                 ORDER BY party FOR UPDATE) AS lost
         WHERE o.run = of_run AND o.party = lost.party $$`);
    // What was decided comes first: what is to run may read what a site has yet to name.
    await runner.query(`
      CREATE FUNCTION offers_of_nodes(connections uuid[]) RETURNS TABLE (connection uuid, run uuid, state varchar)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        UPDATE node_offers o SET ended_at = now(),
               state = CASE WHEN o.state IN ('REFUSED', 'FAILED') THEN o.state ELSE 'CANCELLED' END
          FROM (SELECT o.run, o.party FROM node_offers o WHERE o.ended_at IS NULL AND NOT ${COUNTS}
                   FOR UPDATE OF o SKIP LOCKED) AS over
         WHERE o.run = over.run AND o.party = over.party;
        SELECT n.connection, found.run, found.state
          FROM nodes n LEFT JOIN LATERAL (
            SELECT * FROM (
              (SELECT 0 AS turn, d.run, d.decision AS state, d.decided_at AS since, d.decided_at AS offered_at
                 FROM node_decisions d WHERE d.tenant_id = n.tenant_id AND d.fingerprint = n.fingerprint
                ORDER BY d.decided_at, d.run LIMIT 50)
              UNION ALL
              (SELECT 1, o.run, o.state, o.go_at, o.offered_at FROM node_offers o
                WHERE o.tenant_id = n.tenant_id AND o.fingerprint = n.fingerprint AND o.ended_at IS NULL
                ORDER BY o.go_at NULLS LAST, o.offered_at, o.run LIMIT 100)) AS all_of_them
             ORDER BY turn, since NULLS LAST, offered_at, run LIMIT 100) AS found ON true
         WHERE n.connection = ANY (connections) AND n.revoked_at IS NULL
         ORDER BY n.connection, found.turn, found.since NULLS LAST, found.offered_at, found.run $$`);
    await runner.query(`
      CREATE FUNCTION votes_of_run(on_connection uuid, of_run uuid) RETURNS text
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT d.votes FROM node_decisions d JOIN nodes n USING (tenant_id, fingerprint)
         WHERE n.connection = on_connection AND n.revoked_at IS NULL AND d.run = of_run $$`);
    // Whether it is stored: the run has to be this site's, to count still, and to be where such an answer follows.
    const stored = (change: string, where: string) => `
        WITH stored AS (
          UPDATE node_offers o SET ${change}
            FROM nodes n
           WHERE n.connection = on_connection AND n.revoked_at IS NULL
             AND o.tenant_id = n.tenant_id AND o.fingerprint = n.fingerprint
             AND o.run = of_run AND o.ended_at IS NULL AND ${COUNTS} AND ${where}
          RETURNING 1
        )
        SELECT EXISTS (SELECT FROM stored)`;
    await runner.query(`
      CREATE FUNCTION answer_offer(on_connection uuid, of_run uuid, new_state varchar, new_answer text, new_fraction real,
                                   new_stage varchar) RETURNS boolean
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$${stored(
          `state = new_state, answer = coalesce(new_answer, o.answer), fraction = coalesce(new_fraction, o.fraction),
           stage = coalesce(new_stage, o.stage)`,
          `CASE new_state WHEN 'ACCEPTED' THEN o.state = 'OFFERED'
                          WHEN 'REFUSED' THEN o.state IN ('OFFERED', 'ACCEPTED')
                          WHEN 'RUNNING' THEN o.state IN ('GO', 'RUNNING')
                          WHEN 'FAILED' THEN o.state IN ('GO', 'RUNNING') ELSE false END`,
        )} $$`);
    await runner.query(`
      CREATE FUNCTION prepare_offer(on_connection uuid, of_run uuid, new_answer text, new_vote varchar) RETURNS boolean
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$${stored(
          `state = 'PREPARED', answer = new_answer, vote = new_vote`,
          `new_vote IS NOT NULL AND o.state IN ('GO', 'RUNNING')`,
        )} $$`);
    // The worker checks the votes. A task that ends in another way, such as by an operator, commits nothing.
    await runner.query(`
      CREATE FUNCTION vote_run(of_run uuid) RETURNS boolean
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        WITH mine AS MATERIALIZED (
          SELECT o.party, o.state FROM node_offers o WHERE o.run = of_run AND o.ended_at IS NULL AND ${COUNTS}
           ORDER BY o.party FOR UPDATE
        ), voted AS (
          UPDATE node_offers o SET voted = true
           WHERE o.run = of_run AND NOT EXISTS (SELECT FROM mine WHERE state <> 'PREPARED') AND EXISTS (SELECT FROM mine)
          RETURNING 1
        )
        SELECT EXISTS (SELECT FROM voted) $$`);
    // The site has done what was decided.
    await runner.query(`
      CREATE FUNCTION settle_run(on_connection uuid, of_run uuid) RETURNS boolean
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        WITH settled AS (
          DELETE FROM node_decisions d USING nodes n
           WHERE n.connection = on_connection AND n.revoked_at IS NULL
             AND d.tenant_id = n.tenant_id AND d.fingerprint = n.fingerprint AND d.run = of_run
          RETURNING 1
        )
        SELECT EXISTS (SELECT FROM settled) $$`);
    // Each site that was told to run it hears what became of it. Whoever answers meanwhile comes before, or finds it over.
    await runner.query(`
      CREATE FUNCTION decide_run() RETURNS trigger
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE counts boolean;
        BEGIN
          PERFORM FROM node_offers WHERE task_request_id = OLD.task_request_id AND attempt = OLD.attempt ORDER BY party FOR UPDATE;
          IF NOT FOUND THEN RETURN NULL; END IF;
          counts := NEW.status = 'SUCCESS' AND NEW.attempt = OLD.attempt AND NOT EXISTS (
            SELECT FROM node_offers WHERE task_request_id = OLD.task_request_id AND attempt = OLD.attempt AND NOT (state = 'PREPARED' AND voted));
          INSERT INTO node_decisions (run, tenant_id, fingerprint, decision, votes)
          SELECT run, tenant_id, fingerprint, CASE WHEN counts THEN 'COMMIT' ELSE 'ABORT' END,
                 CASE WHEN counts THEN to_json(array_agg(vote) OVER ())::text END
            FROM node_offers
           WHERE task_request_id = OLD.task_request_id AND attempt = OLD.attempt AND go_at IS NOT NULL
              ON CONFLICT DO NOTHING;
          UPDATE node_offers
             SET ended_at = now(), state = CASE WHEN counts THEN 'DONE' WHEN state IN ('REFUSED', 'FAILED') THEN state ELSE 'CANCELLED' END
           WHERE task_request_id = OLD.task_request_id AND attempt = OLD.attempt AND ended_at IS NULL;
          RETURN NULL;
        END $$`);
    for (const signature of [...REPLACED, ...NEW]) await ownFunction(runner, signature, 'task_chain_worker');
    // Attempts that are under way. What a site of before has done has no vote, and counts for nothing.
    await runner.query(`
      UPDATE chain_tasks t SET at_sites = true
       WHERE t.status IN ('QUEUED', 'RUNNING')
         AND EXISTS (SELECT FROM node_offers o WHERE o.task_request_id = t.task_request_id AND o.attempt = t.attempt)`);
    await runner.query(
      `UPDATE node_offers SET state = 'LOST', ended_at = now() WHERE state = 'DONE' AND ended_at IS NULL`,
    );
    await runner.query(`
      CREATE TRIGGER decide_run AFTER UPDATE OF status, attempt ON chain_tasks FOR EACH ROW
        WHEN (OLD.at_sites AND OLD.status IN ('QUEUED', 'RUNNING') AND (NEW.status NOT IN ('QUEUED', 'RUNNING') OR NEW.attempt <> OLD.attempt))
        EXECUTE FUNCTION decide_run()`);
  }

  /** Back to what the migrations before make. It forgets what was offered, and what was decided: retry those tasks. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TRIGGER decide_run ON chain_tasks`);
    for (const signature of NEW) await runner.query(`DROP FUNCTION ${signature}`);
    await runner.query(`DROP TABLE node_decisions`);
    await runner.query(`ALTER TABLE chain_tasks DROP COLUMN at_sites`);
    const before = new CurrentOffers1764028800040();
    await before.down(runner);
    await before.up(runner);
  }
}
