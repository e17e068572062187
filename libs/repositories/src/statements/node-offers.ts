import type { Statement } from '../pool.js';

// SQL: functions of a role that sees no row.

/** $1 task request, $2 attempt, $3 new run, $4 parties, $5 whether each is a dealer, $6 task -> its run; null: those that are missing have no site. */
export const offerRun: Statement = {
  name: 'offer-run',
  text: `SELECT run, missing FROM offer_run($1, $2, $3, $4::varchar[], $5::boolean[], $6)`,
};

/** $1 runs -> their sites. */
export const sitesOfRuns: Statement = {
  name: 'sites-of-runs',
  text: `SELECT run, party, dealer, fingerprint, state, answer, vote, fraction, stage, is_here, counts, version
           FROM sites_of_runs($1::uuid[])`,
};

/** $1 run -> whether all have accepted, and are told to run it. */
export const startOffered: Statement = { name: 'start-offered', text: `SELECT start_offered($1) AS started` };

/** $1 run. */
export const loseOffered: Statement = { name: 'lose-offered', text: `SELECT lose_offered($1)` };

/** $1 connections -> what is offered on those that are the current ones of their sites. */
export const offersOfNodes: Statement = { name: 'offers-of-nodes', text: `SELECT * FROM offers_of_nodes($1::uuid[])` };

/** $1 connection, $2 run -> its task. */
export const offeredTask: Statement = { name: 'offered-task', text: `SELECT offered_task($1, $2) AS task` };

/** $1 connection, $2 run, $3 state, $4 answer, $5 fraction, $6 stage -> whether it is stored. */
export const answerOffer: Statement = {
  name: 'answer-offer',
  text: `SELECT answer_offer($1, $2, $3, $4, $5, $6) AS stored`,
};

/** $1 connection, $2 run, $3 answer, $4 vote -> whether it is stored. */
export const prepareOffer: Statement = {
  name: 'prepare-offer',
  text: `SELECT prepare_offer($1, $2, $3, $4) AS stored`,
};

/** $1 run -> whether all are prepared, and it counts if the task ends with success. */
export const voteRun: Statement = { name: 'vote-run', text: `SELECT vote_run($1) AS voted` };

/** $1 connection, $2 run -> the votes of all, where it counts. */
export const votesOfRun: Statement = { name: 'votes-of-run', text: `SELECT votes_of_run($1, $2) AS votes` };

/** $1 connection, $2 run -> whether the site had to hear of it still. */
export const settleRun: Statement = { name: 'settle-run', text: `SELECT settle_run($1, $2) AS stored` };

/** $1 tenants, $2 fingerprints, $3 runs, $4 fingerprints of others -> whether each site may meet the other one. */
export const mayMeet: Statement = {
  name: 'may-meet',
  text: `SELECT may FROM may_meet($1::varchar[], $2::varchar[], $3::uuid[], $4::varchar[]) ORDER BY leg`,
};
