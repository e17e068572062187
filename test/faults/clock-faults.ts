import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFaketime } from '#libs/testing';
import { LOCKS_END_MS } from './checker.js';
import { BOTH, onSystem, within, type Fault, type Trial } from './fault.js';
import { chainOf, createChain, createMany, noAnswers, randomChain, wrongAnswers } from './load.js';
import { seeded } from './random.js';
import type { System } from './system.js';

/** A RUNNING task has this lease; one that is lost may wait for twice as long. */
const LEASE_MS = 15_000;
/** Longer than any step takes to be judged wrongly. */
const WATCHED_MS = 4_000;
const STEPS: readonly (readonly [name: string, seconds: number])[] = [
  ['to a server 2 s ahead', 2],
  ['+2 h', 7_200],
  ['-1 h', -3_600],
];

/** 13: the clock of PostgreSQL steps under load; after the last step a worker dies. */
export const clockSteps: Fault = {
  number: 13,
  name: "PostgreSQL's clock steps by 2 s, +2 h and -1 h (libfaketime), then a worker dies",
  backends: BOTH,
  shortOn: ['postgres'],
  skip: async () => {
    const { skip, remove } = await findFaketime();
    remove();
    return skip;
  },
  run: async (trial) => {
    const { env, set, remove } = await findFaketime();
    const file = join(trial.services.folder, 'faketime');
    set(file, 0);
    await trial.services.restartPostgres(env(file));
    try {
      return await onSystem(trial, { workers: 2, slots: 6 }, { emptyWithinMs: LOCKS_END_MS }, async (system) => {
        const random = seeded(trial.seed);
        const answers = noAnswers();
        const violations: string[] = [];
        const over = new AbortController();
        const load = createMany(system, Infinity, (n) => randomChain(random, `clock ${n}`, 12), answers, {
          atOnce: 2,
          pauseMs: 1_000,
          signal: over.signal,
        });
        let now = 0;
        for (let round = 0; round < (trial.long ? 5 : 1); round++) {
          for (const [name, seconds] of STEPS) {
            // They beat over the step, and their chain has a deadline that +2 h would pass.
            await createChain(system, { ...held(`held ${name}`, WATCHED_MS), options: { timeout: 600 } }, answers);
            await runs(system, 1);
            set(file, (now += seconds));
            await delay(WATCHED_MS);
            trial.say(`the clock stepped ${name}`);
          }
          if (!(await hasStepped(system, now))) violations.push(`PostgreSQL's clock is not ${now} s off`);
          const lost = await system.count(`SELECT FROM repairs WHERE kind = 'worker-lost'`);
          if (lost > 0) violations.push(`${lost} runs that beat were taken for lost`);
        }
        const longestRecoveryMs = await loseWorker(system, trial, answers);
        if (longestRecoveryMs > within(trial, 2 * LEASE_MS)) {
          violations.push(`a lost task waited ${Math.round(longestRecoveryMs)} ms`);
        }
        over.abort();
        await load;
        await system.allEnded(answers.acknowledged, 60_000);
        violations.push(...wrongAnswers(answers));
        return { rounds: STEPS.length, acknowledged: answers.acknowledged, longestRecoveryMs, violations };
      });
    } finally {
      await trial.services.restartPostgres();
      remove();
    }
  },
};

function held(name: string, ms: number): object {
  return chainOf(name, [{ id: 'held', parents: [], config: { delay_ms: ms } }]);
}

/** Waits until this many tasks named `held` run. */
async function runs(system: System, count: number): Promise<void> {
  const running = `SELECT FROM chain_tasks WHERE task_id = 'held' AND status = 'RUNNING'`;
  await system.until(async () => (await system.count(running)) >= count, 30_000);
}

/** Kills a worker in the middle of a run, after a step. Returns the time until the run was given up, ms. */
async function loseWorker(system: System, trial: Trial, answers: ReturnType<typeof noAnswers>): Promise<number> {
  const id = await createChain(system, held('lost', 2_000), answers);
  await runs(system, 1);
  for (const worker of system.workers) worker.signal('SIGSTOP');
  await delay(500);
  const since = performance.now();
  await Promise.all(system.workers.map((worker) => worker.kill()));
  const again = `SELECT FROM chain_tasks WHERE chain_id = $1 AND (attempt > 1 OR status = 'SUCCESS')`;
  await system.until(async () => (await system.count(again, [id])) > 0, 120_000);
  trial.say(`a lost task was taken up after ${Math.round(performance.now() - since)} ms`);
  return performance.now() - since;
}

/** Whether PostgreSQL's clock is this far from the machine's. */
async function hasStepped(system: System, seconds: number): Promise<boolean> {
  const [row] = await system.rows<{ ms: number }>(`SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms`);
  return Math.abs(row!.ms - Date.now() - seconds * 1_000) < 1_500;
}
