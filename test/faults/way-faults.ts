import { setTimeout as delay } from 'node:timers/promises';
import { TcpProxy } from '#libs/testing';
import { LOCKS_END_MS } from './checker.js';
import { BOTH, onSystem, within, type Fault } from './fault.js';
import { createMany, noAnswers, randomChain, wrongAnswers } from './load.js';
import { seeded } from './random.js';

/** From the moment when every connection swallows bytes. */
const GOES_ON_WITHIN_MS = 30_000;
/** What the chains under way need for themselves, ms. */
const OWN_WORK_MS = 10_000;

const through = (proxy: TcpProxy, url: string): string => {
  const changed = new URL(url);
  changed.port = String(proxy.port);
  return changed.href;
};

/** 12: every connection to PostgreSQL, and to Redis, stays open and swallows bytes; new ones work. */
export const halfOpen: Fault = {
  number: 12,
  name: 'all connections half-open',
  backends: BOTH,
  run: async (trial) => {
    const { postgresPort, redisUrl } = trial.services;
    const postgres = await TcpProxy.start(postgresPort);
    const redis = redisUrl === undefined ? undefined : await TcpProxy.start(Number(new URL(redisUrl).port));
    const ways = {
      databaseUrlOf: (_role: string, url: string) => through(postgres, url),
      ...(redis && { env: { REDIS_URL: through(redis, redisUrl!) } }),
    };
    try {
      return await onSystem(trial, ways, { emptyWithinMs: LOCKS_END_MS }, async (system) => {
        const random = seeded(trial.seed);
        const answers = noAnswers();
        const over = new AbortController();
        const { signal } = over;
        const create = (n: number) => randomChain(random, `half-open ${n}`, 20);
        const load = createMany(system, Infinity, create, answers, { atOnce: 2, pauseMs: 500, signal });
        const violations: string[] = [];
        let longestRecoveryMs = 0;
        const rounds = trial.long ? 5 : 1;
        for (let round = 0; round < rounds; round += 1) {
          await delay(trial.long ? 20_000 : 3_000);
          postgres.swallow();
          redis?.swallow();
          const since = performance.now();
          const underWay = [...answers.acknowledged];
          await system.allEnded(underWay, 120_000);
          const took = performance.now() - since;
          trial.say(`the chains under way ended ${Math.round(took)} ms after all connections began to swallow bytes`);
          if (took > within(trial, GOES_ON_WITHIN_MS + OWN_WORK_MS))
            violations.push(`went on after ${Math.round(took)} ms`);
          longestRecoveryMs = Math.max(longestRecoveryMs, took);
        }
        over.abort();
        await load;
        await system.allEnded(answers.acknowledged, 180_000);
        violations.push(...wrongAnswers(answers));
        return { rounds, acknowledged: answers.acknowledged, longestRecoveryMs, violations };
      });
    } finally {
      await postgres.stop();
      await redis?.stop();
    }
  },
};
