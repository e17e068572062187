import { setTimeout as delay } from 'node:timers/promises';
import { LOCKS_END_MS } from './checker.js';
import { BOTH, onSystem, within, type Fault } from './fault.js';
import { chainOf, createChain, createMany, noAnswers, randomChain, REFUSED, wrongAnswers } from './load.js';
import { seeded } from './random.js';

const OTHERS_GO_ON_WITHIN_MS = 4_000;
/** What the chains under way need for themselves, ms. */
const OWN_WORK_MS = 2_000;

/**
 * Where a listener is stopped: with reports taken; with its decisions made and not stored; with them stored and neither
 * sent nor acknowledged; with them sent. It stores by one statement, so that PostgreSQL ends the transaction without
 * it, and no stop of the process can leave one open.
 */
const STOPPED_AT = ['listener.afterReceive', 'listener.beforeSave', 'listener.afterSave', 'listener.afterSend'];

/** 6: a worker is stopped for longer than its lease and continues; a listener is stopped with a batch in hand. */
export const stopped: Fault = {
  number: 6,
  name: 'SIGSTOP of a worker 30 s, of a listener with a batch in hand',
  backends: BOTH,
  run: (trial) =>
    onSystem(
      trial,
      {
        workers: 2,
        slots: 6,
        // The worker stops between the end of a run and its report: once it continues, its reports are late.
        firstStart: (name) => (name === 'compute-worker-1' ? { FAILPOINT: 'worker.beforePublish:sleep:3000' } : {}),
      },
      { emptyWithinMs: LOCKS_END_MS },
      async (system) => {
        const random = seeded(trial.seed);
        const answers = noAnswers();
        const violations: string[] = [];
        let longestRecoveryMs = 0;
        const workerRounds = trial.long ? 5 : 1;
        const victim = system.workers[0]!;
        let late = 0;
        for (let round = 0; round < workerRounds; round++) {
          const tasks = Array.from({ length: 10 }, (_, i) => ({ id: `t${i}`, parents: [], config: { delay_ms: 300 } }));
          await createChain(system, chainOf(`stopped ${round}`, tasks), answers);
          await delay(1_500); // The victim has runs that have ended and are not reported.
          victim.signal('SIGSTOP');
          const since = performance.now();
          await system.allEnded(answers.acknowledged, 40_000);
          const took = performance.now() - since;
          trial.say(`a worker stopped: all ended without it after ${Math.round(took)} ms`);
          longestRecoveryMs = Math.max(longestRecoveryMs, took);
          if (trial.long) await delay(Math.max(0, 30_000 - took));
          victim.signal('SIGCONT');
          const before = late;
          await system.until(async () => (late = await system.count(LATE)) > before, 10_000);
          if (late === before) violations.push('the stopped worker reported nothing late, so nothing was fenced');
        }
        if ((await system.count(`${LATE} AND disposition = 'ACCEPTED'`)) > 0) violations.push('a late report counted');

        // Without the failpoint from here on.
        await victim.kill();
        await victim.ready();
        const listenerRounds = trial.long ? 10 : STOPPED_AT.length;
        for (let round = 0; round < listenerRounds; round++) {
          const listener = system.listeners[round % system.listeners.length]!;
          const point = STOPPED_AT[round % STOPPED_AT.length]!;
          await listener.stop('SIGKILL');
          await listener.start({ FAILPOINT: `${point}:stop@${1 + Math.floor(random() * 20)}` });
          await listener.ready();
          const over = new AbortController();
          const load = createMany(system, Infinity, (n) => randomChain(random, `listener ${n}`, 8, 100), answers, {
            atOnce: 3,
            signal: over.signal,
            pauseMs: 100,
          });
          const isStopped = await system.until(async () => listener.isStopped(), 30_000, 10);
          if (!isStopped) violations.push(`no listener came to ${point}`);
          const since = performance.now();
          // What is under way now may lie in the stopped one's hands: the others must take it over.
          over.abort();
          await load;
          const bound = within(trial, OTHERS_GO_ON_WITHIN_MS) + OWN_WORK_MS;
          const ended = await system.allEnded(answers.acknowledged, Math.max(30_000, bound));
          const took = performance.now() - since;
          trial.say(`a listener stopped at ${point}: all ended without it after ${Math.round(took)} ms`);
          longestRecoveryMs = Math.max(longestRecoveryMs, took);
          if (!ended || took > bound) {
            violations.push(`with a listener stopped at ${point}, the others took ${Math.round(took)} ms`);
          }
          listener.signal('SIGCONT');
          await delay(500);
        }
        await system.allEnded(answers.acknowledged, 30_000);
        return {
          rounds: workerRounds + listenerRounds,
          acknowledged: answers.acknowledged,
          longestRecoveryMs,
          violations,
          notes: `${late} late reports, none counted`,
        };
      },
    ),
};

/** Reports of an attempt that was given up before they came. */
const LATE = `SELECT FROM chain_events e WHERE kind IN ('TaskSucceeded','TaskFailed') AND EXISTS (
  SELECT FROM chain_events lost WHERE lost.chain_id = e.chain_id AND lost.task_id = e.task_id
     AND lost.attempt = e.attempt AND lost.kind = 'TaskLost' AND lost.disposition = 'ACCEPTED' AND lost.id < e.id)`;

/** 11: every app is asked to end and started again, one after another, under load. */
export const rolling: Fault = {
  number: 11,
  name: 'rolling restart of all apps under load',
  backends: BOTH,
  shortOn: ['redis'],
  run: (trial) =>
    onSystem(trial, { apis: 2, listeners: 2, workers: 2 }, { emptyWithinMs: 20_000 }, async (system) => {
      const random = seeded(trial.seed);
      const answers = noAnswers();
      const over = new AbortController();
      const load = createMany(
        system,
        Infinity,
        (n) => randomChain(random, `rolling ${n}`, 20, trial.long ? 9_000 : 1_500),
        answers,
        {
          atOnce: 2,
          pauseMs: 600,
          signal: over.signal,
        },
      );
      const rounds = trial.long ? 5 : 1;
      for (let round = 0; round < rounds; round++) {
        for (const app of system.all) {
          await delay(500);
          await app.roll();
          await app.ready();
        }
      }
      over.abort();
      await load;
      const last = performance.now();
      await system.allEnded(answers.acknowledged, 180_000);
      const violations: string[] = [];
      const again = await system.count('SELECT FROM chain_tasks WHERE attempt > 1');
      const failed = await system.count(`SELECT FROM chain_tasks WHERE status = 'FAILURE'`);
      if (again > 0) violations.push(`${again} tasks ran again`);
      if (failed > 0) violations.push(`${failed} tasks failed`);
      violations.push(...wrongAnswers(answers, [201, 503, REFUSED]));

      const tasks = await system.count('SELECT FROM chain_tasks');
      return {
        rounds: rounds * system.all.length,
        acknowledged: answers.acknowledged,
        longestRecoveryMs: performance.now() - last,
        violations,
        notes: `${tasks} tasks, ${again} ran again, ${failed} failed`,
      };
    }),
};
