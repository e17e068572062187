import { underBlows, type Blow } from './blows.js';
import { LOCKS_END_MS } from './checker.js';
import { BOTH, onSystem, type Fault } from './fault.js';
import type { System } from './system.js';

/** The lease of a run that stopped with its worker, and as much again for its next attempt. */
const MOVES_WITHIN_MS = 30_000;

/** 15: each process stands still by SIGSTOP, and goes on. */
export const frozen: Fault = {
  number: 15,
  name: 'SIGSTOP 60 s of each process in turn',
  backends: BOTH,
  shortOn: ['redis'],
  run: (trial) =>
    onSystem(trial, {}, { emptyWithinMs: LOCKS_END_MS }, (system) =>
      underBlows(trial, system, blowsOn(system, trial.long), {
        withinMs: MOVES_WITHIN_MS,
        // A client gives up after 30 s, and the answer of an API that stands still comes later.
        statuses: trial.long ? [201, 503, 0] : [201, 503],
      }),
    ),
};

function blowsOn(system: System, long: boolean): Blow[] {
  const lastsMs = long ? 60_000 : 2_000;
  const { postgresPid, redisPid } = system.services;
  const apps = system.all.map(({ name, role, pid }): Blow => {
    // The runs of a worker come to the other one when their lease is over, which the short form does not wait for.
    const othersGoOn = role === 'status-listener' || (role === 'compute-worker' && long);
    return { ...stop(name, lastsMs, async () => [pid]), othersGoOn };
  });
  return [
    ...apps,
    ...(redisPid === undefined ? [] : [stop('Redis', lastsMs, async () => [redisPid])]),
    stop("PostgreSQL's postmaster", lastsMs, async () => [postgresPid]),
    stop("all of PostgreSQL's backends", lastsMs, () => backendsOf(system)),
  ];
}

function stop(name: string, lastsMs: number, find: () => Promise<readonly number[]>): Blow {
  let stopped: readonly number[] = [];
  const signal = (kind: NodeJS.Signals): void => {
    for (const pid of stopped) {
      try {
        process.kill(pid, kind);
      } catch (error) {
        // A backend may have ended by itself.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  };
  return {
    name: `SIGSTOP of ${name}`,
    lastsMs,
    begin: async () => {
      stopped = await find();
      signal('SIGSTOP');
    },
    end: () => signal('SIGCONT'),
  };
}

/** The backends that serve the apps. */
async function backendsOf(system: System): Promise<number[]> {
  const rows = await system.rows<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = current_database()
        AND application_name <> current_setting('application_name')`,
  );
  return rows.map(({ pid }) => pid);
}
