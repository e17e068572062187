import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { revertMigration, runMigrations, showMigrations } from '#libs/repositories';
import { buildLastRelease } from '#libs/testing';
import { recovered } from './blows.js';
import { LOCKS_END_MS } from './checker.js';
import { BOTH, onSystem, within, type Fault } from './fault.js';
import { createMany, noAnswers, randomChain, REFUSED, wrongAnswers } from './load.js';
import { seeded } from './random.js';

const THIS = fileURLToPath(new URL('../../', import.meta.url));
const ENDED_WITHIN_MS = 30_000;
const GOES_ON_WITHIN_MS = 45_000;

/** 21: the schema first, then each app in turn; and back the other way around. All run side by side, and chains all the while. */
export const upgraded: Fault = {
  number: 21,
  name: 'the last release to this one and back, under load',
  backends: BOTH,
  skip: async () => {
    const release = await buildLastRelease();
    return 'reason' in release ? release.reason : false;
  },
  run: async (trial) => {
    const release = await buildLastRelease();
    if ('reason' in release) throw new Error(release.reason);
    const last = join(release.folder, 'dist');
    const { migrations } = (await import(join(last, 'migrations/index.js'))) as { migrations: readonly unknown[] };
    const revert = (databaseUrl: string): Promise<void> => revertTo(databaseUrl, migrations.length);
    const options = { apis: 2, listeners: 2, workers: 2, dist: last, prepare: revert };
    return onSystem(trial, options, { emptyWithinMs: LOCKS_END_MS }, async (system) => {
      const random = seeded(trial.seed);
      const answers = noAnswers();
      const over = new AbortController();
      const create = (n: number): object => randomChain(random, `upgraded ${n}`, 20, trial.long ? 9_000 : 1_500);
      const load = createMany(system, Infinity, create, answers, { atOnce: 2, pauseMs: 600, signal: over.signal });
      const moveTo = async (dist: string): Promise<void> => {
        for (const app of system.all) {
          await delay(500);
          app.dist = dist;
          await app.roll();
          await app.ready();
        }
      };
      const times = trial.long ? 5 : 1;
      for (let time = 0; time < times; time++) {
        await runMigrations(system.databaseUrl);
        await moveTo(THIS);
        await moveTo(last);
        await revert(system.databaseUrl);
      }
      await delay(1_000);
      over.abort();
      await load;
      const since = performance.now();
      const ended = await system.allEnded(answers.acknowledged, within(trial, ENDED_WITHIN_MS));
      const violations = wrongAnswers(answers, [201, 503, REFUSED]);
      if (!ended) violations.push('chains had not ended after the way back');
      const again = await system.count('SELECT FROM chain_tasks WHERE attempt > 1');
      return {
        rounds: times * 2 * system.all.length,
        acknowledged: answers.acknowledged,
        longestRecoveryMs: performance.now() - since,
        violations,
        notes: `${answers.acknowledged.length} chains, ${again} tasks ran again`,
      };
    });
  },
};

/** Reverts migrations until so many are left. */
async function revertTo(databaseUrl: string, count: number): Promise<void> {
  const applied = (await showMigrations(databaseUrl)).filter((migration) => migration.applied).length;
  for (let left = applied; left > count; left--) await revertMigration(databaseUrl);
}

/**
 * 22: PostgreSQL is backed up under load and goes on; then its disk is lost and the backup takes its place. What was acknowledged before
 * the backup goes on; what came after it is gone, and its jobs and reports, which Redis still has, change nothing.
 */
export const restored: Fault = {
  number: 22,
  name: 'PostgreSQL restored from a backup under load',
  backends: BOTH,
  run: (trial) =>
    onSystem(trial, { listeners: 1, workers: 1 }, { emptyWithinMs: LOCKS_END_MS }, async (system) => {
      const random = seeded(trial.seed);
      const violations: string[] = [];
      const kept: string[] = [];
      let longestRecoveryMs = 0;
      let gone = 0;
      const times = trial.long ? 5 : 1;
      for (let time = 0; time < times; time++) {
        const answers = noAnswers();
        const over = new AbortController();
        const create = (n: number): object => randomChain(random, `restored ${time} ${n}`, 12, 1_500);
        const load = createMany(system, Infinity, create, answers, { atOnce: 2, pauseMs: 300, signal: over.signal });
        await delay(2_000);
        const before = [...answers.acknowledged];
        const backup = await trial.services.backUpPostgres();
        await delay(trial.long ? 10_000 : 3_000);
        over.abort();
        await load;
        await Promise.all(system.all.map((app) => app.stop('SIGKILL')));
        await trial.services.restorePostgres(backup);
        const since = performance.now();
        await Promise.all(system.all.map((app) => app.start()));
        await Promise.all(system.all.map((app) => app.ready()));
        await recovered(system, noAnswers());
        const took = performance.now() - since;
        trial.say(`restored: the last chain moved again after ${Math.round(took)} ms`);
        longestRecoveryMs = Math.max(longestRecoveryMs, took);
        if (took > within(trial, GOES_ON_WITHIN_MS)) violations.push(`it took ${Math.round(took)} ms`);
        kept.push(...before);
        await system.allEnded(kept, within(trial, ENDED_WITHIN_MS));
        const there = await system.count('SELECT FROM task_chains WHERE chain_id = ANY ($1)', [answers.acknowledged]);
        gone += answers.acknowledged.length - there;
      }
      if (gone === 0) violations.push('no chain was lost with the time after the backup, so nothing was tried');
      return {
        rounds: times,
        acknowledged: kept,
        longestRecoveryMs,
        violations,
        notes: `${kept.length} chains from before the backup, ${gone} from after it are gone`,
      };
    }),
};
