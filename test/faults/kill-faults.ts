import { setTimeout as delay } from 'node:timers/promises';
import { LOCKS_END_MS, executions } from './checker.js';
import { BOTH, onSystem, within, type Fault, type Trial } from './fault.js';
import {
  anyChain,
  chainOf,
  createChain,
  createMany,
  createSchedule,
  noAnswers,
  randomChain,
  sendSignal,
  signalled,
  turned,
  undone,
  type Answers,
} from './load.js';
import { pick, seeded } from './random.js';
import type { System } from './system.js';

/** Longest time within which everything must have ended after the last fault, ms. */
const ENDED_WITHIN_MS = 30_000;

/** 1: kill -9 of a random process every 2 s. */
export const killRandom: Fault = {
  number: 1,
  name: 'kill -9 of a random process every 2 s',
  backends: BOTH,
  run: (trial) =>
    onSystem(trial, { apis: 2, listeners: 2, workers: 3 }, { emptyWithinMs: LOCKS_END_MS }, async (system) => {
      const random = seeded(trial.seed);
      const answers = noAnswers();
      const chains = trial.long ? 500 : 80;
      const endAt = performance.now() + (trial.long ? 300_000 : 10_000);
      const load = createMany(system, chains, (n) => anyChain(random, n), answers, {
        atOnce: 4,
        pauseMs: trial.long ? 2_200 : 200,
      });
      let kills = 0;
      while (performance.now() < endAt) {
        await createSchedule(system, `due ${kills}`);
        await delay(2_000);
        await pick(random, system.all).kill();
        kills++;
      }
      await load;
      await system.allEnded(answers.acknowledged, within(trial, ENDED_WITHIN_MS));
      await nothingWaits(system);
      // The longest time that a chain took is what the kills cost at most: its tasks alone take less than two seconds.
      const [{ ms: longestRecoveryMs }] = (await system.rows<{ ms: number }>(
        `SELECT coalesce(max(extract(epoch FROM completed_at - created_at)), 0)::float8 * 1000 AS ms FROM task_chains`,
      )) as [{ ms: number }];
      const { reported, accepted } = await executions(system);
      return {
        rounds: kills,
        acknowledged: answers.acknowledged,
        longestRecoveryMs,
        notes: `${reported} ends reported, ${accepted} accepted`,
      };
    }),
};

/** Between a signal that is stored and its task. */
const SIGNALS = 'signals.beforeDelivery';
/** Between a due time that is stored and its chain. */
const TICKS = /^ticks\./;

/** The points of the protocol, each with the process in which it lies. */
const POINTS: readonly (readonly [role: string, point: string])[] = [
  ['api', 'ticks.afterPlan'],
  ['api', 'ticks.afterClaim'],
  ['api', 'ticks.beforeSettle'],
  ['api', 'api.beforeCommit'],
  ['api', 'api.afterCommit'],
  ['status-listener', 'listener.afterReceive'],
  ['status-listener', 'listener.beforeSave'],
  ['status-listener', 'listener.afterSave'],
  ['status-listener', 'listener.afterSend'],
  ['status-listener', 'listener.afterAck'],
  ['status-listener', 'dispatch.afterClaim'],
  ['status-listener', 'dispatch.afterSend'],
  ['status-listener', 'reconcile.afterSelect'],
  ['status-listener', SIGNALS],
  ['status-listener', 'listener.beforeChild'],
  ['status-listener', 'listener.beforeCompensation'],
  ['compute-worker', 'worker.afterTake'],
  ['compute-worker', 'worker.beforePublish'],
  ['compute-worker', 'worker.afterPublish'],
];
const RECOVERED_WITHIN_MS = 20_000;
/** Three processes come to their points one after another, each after a start: what the machine does beside decides how soon. */
const DEAD_WITHIN_MS = 180_000;

/** 2: the process dies at a named point, at its 1st to 5th hit. There is one process of each kind, so no other takes over. */
export const failpoints: Fault = {
  number: 2,
  name: 'death at each point of the protocol',
  backends: BOTH,
  run: (trial) =>
    onSystem(trial, { listeners: 1, workers: 1 }, { emptyWithinMs: LOCKS_END_MS }, async (system) => {
      const random = seeded(trial.seed);
      const answers = noAnswers();
      const violations: string[] = [];
      let longestRecoveryMs = 0;
      let rounds = 0;
      for (const { points, hit } of roundsOf(trial)) {
        const victims = system.all.filter((app) => points.some(([role]) => role === app.role));
        // From its start on: it may take up what was left before all others are ready.
        const ends: Promise<void>[] = [];
        for (const app of victims) {
          await app.stop('SIGKILL');
          const named = points.filter(([role]) => role === app.role).map(([, point]) => `${point}:exit@${hit}`);
          await app.start({ FAILPOINT: named.join(',') });
          ends.push(app.ended());
        }
        await Promise.all(victims.map((app) => app.ready()));
        const died = Promise.all(ends);
        const from = answers.acknowledged.length;
        const isDue = points.some(([, point]) => TICKS.test(point));
        const scheduled = isDue ? scheduleUntil(died, system, rounds) : Promise.resolve();
        if (points.some(([, point]) => point === 'reconcile.afterSelect')) await loseRunsUntil(died, system, answers);
        if (points.some(([, point]) => point === SIGNALS)) await signalUntil(died, system, answers);
        const bodyOf = (n: number): object => chainFor(points, n) ?? randomChain(random, `fail ${n}`, 12);
        await createMany(system, 2 * hit + 2, bodyOf, answers, { pauseMs: 20 });
        let dead = false;
        // Where chains come together one look takes them all: each of these is a separate look.
        for (const giveUpAt = performance.now() + DEAD_WITHIN_MS; !dead && performance.now() < giveUpAt;) {
          dead = await Promise.race([died.then(() => true), delay(1_000, false, { ref: false })]);
          if (!dead) await createMany(system, 1, bodyOf, answers);
        }
        await scheduled;
        if (!dead) violations.push(`${points.map(([, point]) => point).join(', ')} was not hit ${hit} times`);
        const diedAt = Math.max(...victims.map((app) => app.diedAt));
        const ended = await system.allEnded(answers.acknowledged.slice(from), within(trial, RECOVERED_WITHIN_MS));
        const took = performance.now() - diedAt;
        trial.say(`${points.map(([, point]) => point).join(', ')}@${hit}: ${(took / 1000).toFixed(1)} s`);
        if (!ended || took > within(trial, RECOVERED_WITHIN_MS)) {
          violations.push(`${points.map(([, point]) => point).join(', ')}@${hit} took ${Math.round(took)} ms`);
        }
        longestRecoveryMs = Math.max(longestRecoveryMs, took);
        rounds += points.length;
        await system.allEnded(answers.acknowledged, 60_000);
        await Promise.all(victims.map((app) => app.ready()));
      }
      await nothingWaits(system);
      return { rounds, acknowledged: answers.acknowledged, longestRecoveryMs, violations };
    }),
};

/** A chain that comes to the point in listeners, where not each does. */
function chainFor(points: typeof POINTS, n: number): object | undefined {
  const names = points.map(([, point]) => point);
  if (names.includes('listener.beforeChild')) return turned(n);
  return names.includes('listener.beforeCompensation') ? undone(n) : undefined;
}

/** A due time that is claimed by who died is free again after 30 s, and what undoes a chain begins when that has ended. */
function nothingWaits(system: System): Promise<boolean> {
  const open = `
    SELECT FROM task_chains WHERE status IN ('PENDING','RUNNING','PAUSED')
    UNION ALL SELECT FROM schedule_ticks WHERE outcome = 'WAITING'
    UNION ALL SELECT FROM schedules WHERE next_due_at IS NOT NULL`;
  return system.until(async () => (await system.count(open)) === 0, 90_000, 200);
}

const IN_FLIGHT = `SELECT FROM chain_tasks WHERE status = 'RUNNING'`;

/**
 * Kills the worker amid its runs every few seconds until `died`: the reconciler selects only what has lost its lease, and one
 * look of it takes all that are lost by then, so that each of its hits needs its own loss. Gives up after a minute.
 */
async function loseRunsUntil(died: Promise<unknown>, system: System, answers: Answers): Promise<void> {
  const tasks = ['a', 'b', 'c', 'd'].map((id) => ({ id, parents: [], config: { delay_ms: 1_000 } }));
  const worker = system.workers[0]!;
  const giveUpAt = performance.now() + 60_000;
  for (let n = 0, dead = false; !dead && performance.now() < giveUpAt; n++) {
    await createChain(system, chainOf(`lost ${n}`, tasks), answers);
    await system.until(async () => (await system.count(IN_FLIGHT)) > 0, 10_000);
    await worker.kill();
    dead = await Promise.race([died.then(() => true), delay(3_000, false, { ref: false })]);
  }
}

/** Sends signals to chains that wait for them until `died`: each look of the listener is one hit. Gives up after a minute. */
async function signalUntil(died: Promise<unknown>, system: System, answers: Answers): Promise<void> {
  const given = async (key: string): Promise<boolean> =>
    (await system.count(`SELECT FROM signals WHERE key = $1 AND status = 'DELIVERED'`, [key])) > 0;
  const giveUpAt = performance.now() + 60_000;
  for (let n = 0, dead = false; !dead && performance.now() < giveUpAt; n++) {
    const key = `${answers.acknowledged.length}-${n}`;
    await createChain(system, signalled(key), answers);
    await sendSignal(system, key);
    const delivered = system.until(() => given(key), 10_000);
    dead = await Promise.race([died.then(() => true), delivered.then(() => false)]);
  }
}

/** Makes schedules that are due, one after another, until `died`. Gives up after two minutes. */
async function scheduleUntil(died: Promise<unknown>, system: System, round: number): Promise<void> {
  const giveUpAt = performance.now() + 120_000;
  for (let n = 0, dead = false; !dead && performance.now() < giveUpAt; n++) {
    await createSchedule(system, `due ${round} ${n}`);
    dead = await Promise.race([died.then(() => true), delay(1_000, false, { ref: false })]);
  }
}

/** Long: each point alone at each hit. Short: one of each process together, in five or six rounds. */
function* roundsOf(trial: Trial): Generator<{ points: typeof POINTS; hit: number }> {
  if (trial.long) {
    for (const point of POINTS) for (let hit = 1; hit <= 5; hit++) yield { points: [point], hit };
    return;
  }
  const of = (role: string) => POINTS.filter(([r]) => r === role);
  const [listeners, workers] = [of('status-listener'), of('compute-worker')];
  // Redis has no part in due times.
  const apis = of('api').filter(([, point]) => trial.services.kind === 'postgres' || !TICKS.test(point));
  const random = seeded(trial.seed);
  // Redis takes the even ones and PostgreSQL the odd ones.
  for (let i = trial.services.kind === 'redis' ? 0 : 1; i < listeners.length; i += 2) {
    const points = [listeners[i]!];
    if (apis[i >> 1] !== undefined) points.push(apis[i >> 1]!);
    if (workers[i >> 1] !== undefined) points.push(workers[i >> 1]!);
    yield { points, hit: 1 + Math.floor(random() * 3) };
  }
}
