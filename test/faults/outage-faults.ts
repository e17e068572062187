import { setTimeout as delay } from 'node:timers/promises';
import { jobId } from '#libs/queues';
import { TcpProxy } from '#libs/testing';
import { LOCKS_END_MS } from './checker.js';
import { BOTH, onSystem, within, type Fault } from './fault.js';
import { chainOf, createChain, createMany, noAnswers, randomChain, readAndSteer, wrongAnswers } from './load.js';
import { seeded } from './random.js';
import type { System } from './system.js';

const SENT_AGAIN_WITHIN_MS = 5_000;
const CONSUMING_WITHIN_MS = 3_000;

interface QueuedTask {
  readonly task_request_id: string;
  readonly attempt: number;
}

/** Empties Redis; resolves once each task that was QUEUED then is in the queue again or has moved on. */
async function flushAndWait(system: System): Promise<number> {
  await system.services.flushRedis();
  const flushed = performance.now();
  let left = await system.rows<QueuedTask>(`SELECT task_request_id, attempt FROM chain_tasks WHERE status = 'QUEUED'`);
  await system.until(
    async () => {
      const [states, rows] = await Promise.all([
        Promise.all(
          left.map((row) =>
            system.queues.state('diagnostic', jobId({ taskRequestId: row.task_request_id, attempt: row.attempt })),
          ),
        ),
        system.rows<QueuedTask>(
          `SELECT task_request_id, attempt FROM chain_tasks WHERE task_request_id = ANY ($1) AND status = 'QUEUED'`,
          [left.map((row) => row.task_request_id)],
        ),
      ]);
      const queued = new Map(rows.map((row) => [row.task_request_id, row.attempt]));
      left = left.filter((row, i) => states[i] === 'missing' && queued.get(row.task_request_id) === row.attempt);
      return left.length === 0;
    },
    20_000,
    20,
  );
  return performance.now() - flushed;
}

/** 3: everything in Redis is gone, again and again; and Redis itself is away. */
export const redisLost: Fault = {
  number: 3,
  name: 'FLUSHALL every 15 s, Redis down 20 s three times',
  backends: ['redis'],
  run: (trial) =>
    onSystem(trial, { workers: 3, slots: 8 }, { emptyWithinMs: LOCKS_END_MS }, async (system) => {
      const { services, long } = trial;
      const random = seeded(trial.seed);
      const answers = noAnswers();
      const violations: string[] = [];
      let longestRecoveryMs = 0;
      const over = new AbortController();
      const load = createMany(system, Infinity, (n) => randomChain(random, `flush ${n}`, 20), answers, {
        atOnce: 4,
        pauseMs: 300,
        signal: over.signal,
      });
      const flushes = long ? 8 : 2;
      for (let i = 0; i < flushes; i++) {
        await delay(long ? 15_000 : 2_000);
        const took = await flushAndWait(system);
        trial.say(`flushed: all QUEUED in the queue again after ${Math.round(took)} ms`);
        if (took > within(trial, SENT_AGAIN_WITHIN_MS))
          violations.push(`after FLUSHALL jobs came again in ${Math.round(took)} ms`);
        longestRecoveryMs = Math.max(longestRecoveryMs, took);
      }
      const outages = long ? 3 : 1;
      for (let i = 0; i < outages; i++) {
        await services.killRedis();
        await delay(long ? 20_000 : 6_000);
        await services.startRedis();
        const back = performance.now();
        const took = await untilAllConsume(system, back);
        trial.say(`Redis is back: all workers consume after ${Math.round(took)} ms`);
        if (took > within(trial, CONSUMING_WITHIN_MS))
          violations.push(`after an outage workers consumed in ${Math.round(took)} ms`);
        longestRecoveryMs = Math.max(longestRecoveryMs, took);
        await delay(long ? 5_000 : 1_000);
      }
      over.abort();
      await load;
      // On a busy machine what was created meanwhile takes a while to run: slow is not stuck.
      await system.allEnded(answers.acknowledged, 180_000);
      return { rounds: flushes + outages, acknowledged: answers.acknowledged, longestRecoveryMs, violations };
    }),
};

/** Milliseconds from `since` until each worker has ended a task that it began after it; 30 s at most. */
async function untilAllConsume(system: System, since: number): Promise<number> {
  const [{ at }] = (await system.rows<{ at: Date }>('SELECT clock_timestamp() AS at')) as [{ at: Date }];
  const began = `SELECT DISTINCT worker_id FROM task_attempts WHERE finished_at > $1 AND started_at > $1`;
  await system.until(async () => (await system.count(began, [at])) >= system.workers.length, 30_000, 50);
  return performance.now() - since;
}

/** 4: the database is restarted as by `pg_ctl restart -m immediate`. */
export const postgresRestarts: Fault = {
  number: 4,
  name: 'PostgreSQL immediate restart every 20 s',
  backends: BOTH,
  run: (trial) =>
    onSystem(trial, { apis: 2, listeners: 2, workers: 2 }, { emptyWithinMs: LOCKS_END_MS }, async (system) => {
      const random = seeded(trial.seed);
      const answers = noAnswers();
      const violations: string[] = [];
      let longestRecoveryMs = 0;
      const over = new AbortController();
      const load = createMany(system, Infinity, (n) => randomChain(random, `restart ${n}`, 20), answers, {
        atOnce: 2,
        pauseMs: 500,
        signal: over.signal,
      });
      const others = noAnswers();
      const watching = readAndSteer(system, answers, others, over.signal);
      const restarts = trial.long ? 9 : 2;
      for (let i = 0; i < restarts; i++) {
        await delay(trial.long ? 20_000 : 4_000);
        await trial.services.restartPostgres();
        const up = performance.now();
        const acknowledged = answers.acknowledged.length;
        await system.until(async () => answers.acknowledged.length > acknowledged, 30_000, 10);
        const answered = performance.now() - up;
        const probe = await createChain(system, chainOf('probe', [{ id: 'a', parents: [] }]), answers);
        await system.allEnded([probe], 30_000);
        const took = performance.now() - up;
        trial.say(
          `PostgreSQL is back: the next 201 after ${Math.round(answered)} ms, a chain ended after ${Math.round(took)} ms`,
        );
        longestRecoveryMs = Math.max(longestRecoveryMs, took);
      }
      over.abort();
      await load;
      await watching;
      await system.allEnded(answers.acknowledged, 60_000);
      violations.push(...wrongAnswers(answers));
      // 409: the chain has ended before its priority was changed.
      violations.push(...wrongAnswers(others, [200, 409, 503]));
      return {
        rounds: restarts,
        acknowledged: answers.acknowledged,
        longestRecoveryMs,
        violations,
        notes: `answers to creates: ${JSON.stringify(Object.fromEntries(answers.statuses))}, to reads and changes of priority: ${JSON.stringify(Object.fromEntries(others.statuses))}`,
      };
    }),
};

/** 5: the connection between API and PostgreSQL is cut once COMMIT is done and before its answer is read. */
export const cutAfterCommit: Fault = {
  number: 5,
  name: 'connection cut after COMMIT, before the answer',
  backends: BOTH,
  shortOn: ['postgres'],
  run: async (trial) => {
    const proxy = await TcpProxy.start(trial.services.postgresPort);
    const viaProxy = (role: string, url: string): string => {
      if (role !== 'api') return url;
      const changed = new URL(url);
      changed.port = String(proxy.port);
      return changed.href;
    };
    try {
      return await onSystem(trial, { databaseUrlOf: viaProxy }, {}, async (system) => {
        const answers = noAnswers();
        const cuts = trial.long ? 200 : 30;
        proxy.cutAfterCommit = (n) => n % 2 === 1;
        await createMany(system, cuts, (n) => chainOf(`cut ${n}`, [{ id: 'a', parents: [] }]), answers);
        proxy.cutAfterCommit = undefined;
        await system.allEnded(answers.acknowledged, 20_000);
        const stored = await system.count('SELECT FROM task_chains');
        const violations = wrongAnswers(answers);
        if (stored !== cuts) violations.push(`${cuts} chains were created and ${stored} are stored`);
        if (proxy.cuts < cuts / 3) violations.push(`only ${proxy.cuts} connections were cut`);
        return {
          rounds: proxy.cuts,
          acknowledged: answers.acknowledged,
          longestRecoveryMs: Math.max(...answers.tookMs),
          violations,
          notes: `answers: ${JSON.stringify(Object.fromEntries(answers.statuses))}`,
        };
      });
    } finally {
      await proxy.stop();
    }
  },
};
