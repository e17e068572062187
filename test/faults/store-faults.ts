import { setTimeout as delay } from 'node:timers/promises';
import { LOCKS_END_MS } from './checker.js';
import { Crowd } from './crowd.js';
import { underBlows, type Blow } from './blows.js';
import { BOTH, onSystem, type Fault } from './fault.js';

/** A run whose report is lost is another's after its lease of 15 s. */
const AFTER_LOSS_WITHIN_MS = 40_000;
const MOVES_WITHIN_MS = 15_000;

/** 16: Redis dies and its append-only file lacks its end, as after a power cut. */
export const truncatedAof: Fault = {
  number: 16,
  name: 'Redis kill -9, its AOF cut by 2, 30 and 90 %',
  backends: ['redis'],
  run: async (trial) => {
    const { services, long } = trial;
    await services.keepRedis(true);
    const shares = long ? [0.02, 0.3, 0.9, 0.02, 0.3, 0.9, 0.02, 0.3, 0.9] : [0.3, 0.9];
    const blows = shares.map((share): Blow => ({
      name: `AOF cut by ${share * 100} %`,
      lastsMs: long ? 5_000 : 500,
      begin: async () => {
        await services.killRedis();
        services.truncateAof(share);
      },
      end: () => services.startRedis(),
    }));
    try {
      return await onSystem(trial, { listeners: 1, workers: 1 }, { emptyWithinMs: LOCKS_END_MS }, (system) =>
        underBlows(trial, system, blows, { withinMs: AFTER_LOSS_WITHIN_MS }),
      );
    } finally {
      await services.keepRedis(false);
    }
  },
};

/** 17: others hold every connection that PostgreSQL has, those of the apps as well. */
export const crowded: Fault = {
  number: 17,
  name: 'a crowd takes all connections of PostgreSQL (53300)',
  backends: BOTH,
  shortOn: ['postgres'],
  run: (trial) =>
    onSystem(trial, { listeners: 1, workers: 1 }, { emptyWithinMs: LOCKS_END_MS }, async (system) => {
      const crowd = new Crowd(system.databaseUrl);
      const blow: Blow = {
        name: 'too many clients',
        lastsMs: trial.long ? 60_000 : 4_000,
        begin: () => crowd.come(),
        end: () => crowd.go(),
      };
      const blows = Array.from({ length: trial.long ? 3 : 1 }, () => blow);
      return underBlows(trial, system, blows, { withinMs: MOVES_WITHIN_MS });
    }),
};

/**
 * 18: each commit waits for up to seconds before it is done, holding its locks, as on a disk that is slow to flush. A stand-in: PostgreSQL
 * waits for a standby that is not there. A device that is slow itself (dm-delay) needs root and a mount.
 */
export const slowDisk: Fault = {
  number: 18,
  name: 'slow disk (a stand-in: commits wait for a standby that is not there)',
  backends: BOTH,
  shortOn: ['postgres'],
  run: (trial) => {
    const { services, long, say } = trial;
    say('left out: a device that is slow itself needs root and a mount');
    const [waitMs, pauseMs] = long ? [5_000, 1_000] : [1_500, 300];
    let ended: AbortController;
    let pulses: Promise<void>;
    const pulse = async (): Promise<void> => {
      while (!ended.signal.aborted) {
        await services.configure('synchronous_standby_names', 'nobody');
        await delay(waitMs);
        await services.configure('synchronous_standby_names', '');
        await delay(pauseMs);
      }
    };
    const blow: Blow = {
      name: `commits wait ${waitMs / 1_000} s`,
      lastsMs: long ? 60_000 : 5_000,
      begin: () => {
        ended = new AbortController();
        pulses = pulse();
      },
      end: () => {
        ended.abort();
        return pulses;
      },
    };
    return onSystem(trial, { listeners: 1, workers: 1 }, { emptyWithinMs: LOCKS_END_MS }, (system) =>
      underBlows(trial, system, long ? [blow, blow, blow] : [blow], { withinMs: MOVES_WITHIN_MS }),
    );
  },
};
