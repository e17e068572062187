import { setTimeout as delay } from 'node:timers/promises';
import { within, type RoundsOutcome, type Trial } from './fault.js';
import { chainOf, createChain, createMany, noAnswers, randomChain, wrongAnswers, type Answers } from './load.js';
import { seeded } from './random.js';
import type { System } from './system.js';

/** What is done to a running system, for a while or once. */
export interface Blow {
  readonly name: string;
  /** From its begin to its end, ms. */
  readonly lastsMs: number;
  /** The chains must move while it lasts, since others do the work of what is struck. */
  readonly othersGoOn?: boolean;
  begin(): Promise<void> | void;
  end?(): Promise<void> | void;
}

export interface BlowsOptions {
  /** The longest time until the last chain moves again, ms. */
  readonly withinMs: number;
  /** Every status that a create may have; unset: 201 and 503. */
  readonly statuses?: readonly number[];
}

/** When the last chain has not moved by then, it is not waited for any longer, ms. */
const GIVE_UP_MS = 180_000;

/**
 * Strikes one blow after another while chains are created and run. A recovery is the time until every chain that was under way has
 * moved and a new one has been created and has ended: from the end of a blow, or from its start where others go on.
 */
export async function underBlows(
  trial: Trial,
  system: System,
  blows: readonly Blow[],
  { withinMs, statuses }: BlowsOptions,
): Promise<RoundsOutcome> {
  const random = seeded(trial.seed);
  const answers = noAnswers();
  const over = new AbortController();
  const create = (n: number) => randomChain(random, `struck ${n}`, 12);
  const load = createMany(system, Infinity, create, answers, {
    atOnce: 2,
    pauseMs: trial.long ? 500 : 1_000,
    signal: over.signal,
  });
  const recoveries: Record<string, number> = {};
  const violations: string[] = [];
  for (const { name, lastsMs, othersGoOn = false, begin, end } of blows) {
    await recovered(system, answers);
    await begin();
    const isOver = delay(lastsMs);
    let took = othersGoOn ? await recovered(system, answers) : 0;
    await isOver;
    await end?.();
    took = Math.max(took, await recovered(system, answers));
    trial.say(`${name}: the last chain moved again after ${Math.round(took)} ms`);
    if (took > within(trial, withinMs)) violations.push(`${name}: the last chain moved after ${Math.round(took)} ms`);
    recoveries[name] = Math.round(Math.max(took, recoveries[name] ?? 0));
  }
  over.abort();
  await load;
  await system.allEnded(answers.acknowledged, GIVE_UP_MS);
  violations.push(...wrongAnswers(answers, statuses));
  return {
    rounds: blows.length,
    acknowledged: answers.acknowledged,
    longestRecoveryMs: Math.max(...Object.values(recoveries)),
    recoveries,
    violations,
    notes: `answers to creates: ${JSON.stringify(Object.fromEntries(answers.statuses))}`,
  };
}

/** Resolves once each chain under way has moved, and another has been created and has ended. Returns how long that took, ms. */
export async function recovered(system: System, answers: Answers): Promise<number> {
  const since = performance.now();
  const anotherEnds = async (): Promise<void> => {
    const id = await createChain(system, chainOf('another', [{ id: 'a', parents: [] }]), answers);
    await system.allEnded([id], GIVE_UP_MS);
  };
  await Promise.all([allMove(system), anotherEnds()]);
  return performance.now() - since;
}

async function allMove(system: System): Promise<void> {
  const underWay = await system.rows<{ chain_id: string; version: string }>(
    `SELECT chain_id, version FROM task_chains WHERE status = 'RUNNING'`,
  );
  const values = [underWay.map((row) => row.chain_id), underWay.map((row) => row.version)];
  const where = `FROM task_chains JOIN unnest($1::text[], $2::bigint[]) AS seen (chain_id, version) USING (chain_id, version)`;
  const stand = `SELECT ${where} WHERE status = 'RUNNING'`;
  await system.until(async () => (await system.count(stand, values)) === 0, GIVE_UP_MS, 20);
}
