import type { Services } from '../test/faults/services.js';
import type { Contender, Measured, Session } from './contender.js';
import { cpuOf, cpuSnapshot, foreignShare, type Patience } from './machine.js';
import type { Opened } from './opened.js';
import { figureOf, GRAPH_WORKLOADS, taskCount, type Workload } from './workloads.js';

/** The runs of one workload by one contender in one round. */
export interface Sample {
  readonly workload: string;
  readonly contender: string;
  readonly round: number;
  /** One for each run, in the workload's unit. */
  readonly figures: readonly number[];
  readonly runs: readonly Measured[];
  /** Share of the CPU that other processes took meanwhile; undefined where that can't be known. */
  readonly foreign?: number;
  /** CPU time a task by part, ms. */
  readonly cpuPerTask?: Readonly<Record<string, number>>;
}

export interface Plan {
  readonly contenders: readonly Contender[];
  readonly workloads: readonly Workload[];
  /** At most so many, */
  readonly rounds: number;
  /** and none after the first that would end later than this, ms. */
  readonly roundsMs: number;
  /** How long a contender that has just started runs each of WARM_UP before anything of it counts, ms. */
  readonly warmUpMs: number;
  /** At most so many runs of a workload in a round, */
  readonly repetitions: number;
  /** and none more after so long, ms: what takes seconds need not be run often to be distinguished. */
  readonly turnMs: number;
  readonly patience: Patience;
  readonly say: (words: string) => void;
}

export interface Outcome {
  readonly samples: readonly Sample[];
  /** By contender: what ran. */
  readonly versions: Readonly<Record<string, string>>;
  /** By contender: why it has no figures, or not all. */
  readonly troubles: Readonly<Record<string, string>>;
}

/**
 * Each round starts every contender once, in a different order, and runs all workloads on it; on a slow machine there are
 * fewer rounds. One that fails is
 * started again for its next workload; one that cannot be installed or started is left out, with the reason.
 */
export async function runRounds(services: Services, opened: Opened, plan: Plan): Promise<Outcome> {
  const samples: Sample[] = [];
  const versions: Record<string, string> = {};
  const troubles: Record<string, string> = {};
  const trouble = (name: string, words: string): void => {
    troubles[name] = words;
    plan.say(`${name}: ${words}`);
  };
  const taking: Contender[] = [];
  for (const contender of plan.contenders) {
    const missing = await contender.missing();
    if (missing === false) taking.push(contender);
    else trouble(contender.name, missing);
  }
  const began = performance.now();
  const spent = (): number => performance.now() - began;
  for (
    let round = 1;
    round <= plan.rounds && (round === 1 || (spent() * round) / (round - 1) < plan.roundsMs);
    round++
  ) {
    for (const contender of shuffled(taking)) {
      const { name } = contender;
      let session: Session | undefined;
      let close = async (): Promise<void> => undefined;
      try {
        for (const workload of plan.workloads.filter((each) => contender.supports(each))) {
          if (`${name} ${workload.id}` in troubles) continue;
          try {
            if (session === undefined) {
              [session, close] = await opened.open(
                () => contender.start(services),
                (each) => each.close(),
              );
              await warmUp(session, contender, plan);
            }
          } catch (error) {
            trouble(name, (error as Error).message);
            break;
          }
          versions[name] = session.version;
          try {
            const sample = await runOne(session, name, workload, round, plan);
            samples.push(sample);
            plan.say(line(sample, workload));
          } catch (error) {
            trouble(`${name} ${workload.id}`, (error as Error).message);
            await close();
            session = undefined;
          }
        }
      } finally {
        await close();
      }
    }
  }
  return { samples, versions, troubles };
}

function line({ round, contender, figures, foreign }: Sample, { id, unit }: Workload): string {
  const shown = figures.map((figure) => figure.toPrecision(4)).join(' ');
  const others = foreign === undefined ? '' : `, others ${(foreign * 100).toFixed(0)} %`;
  return `round ${round} ${contender} ${id}: ${shown} ${unit}${others}`;
}

/**
 * What a contender runs before anything counts. A server runs for days: code that is compiled as it runs, which is
 * every contender's but Celery's, took twice as long in its first thousand tasks (4.3 ms a hop in W1, 1.9 from the
 * fortieth run on).
 */
const WARM_UP = GRAPH_WORKLOADS.filter(({ id }) => id === 'W1' || id === 'W4');

async function warmUp(session: Session, contender: Contender, { warmUpMs }: Plan): Promise<void> {
  for (const workload of WARM_UP.filter((each) => contender.supports(each))) {
    for (const until = performance.now() + warmUpMs; performance.now() < until;) await session.run(workload);
  }
}

async function runOne(
  session: Session,
  contender: string,
  workload: Workload,
  round: number,
  { repetitions, turnMs, patience }: Plan,
): Promise<Sample> {
  await patience.untilQuiet();
  let before = cpuSnapshot();
  let first = await session.run(workload);
  // Not counted: this workload's own code may be cold still. One that takes long warms itself within a run.
  if (first.ms < turnMs / 2) {
    await session.run(workload);
    before = cpuSnapshot();
    first = await session.run(workload);
  }
  const runs = [first];
  for (const until = performance.now() + turnMs - first.ms; runs.length < repetitions && performance.now() < until;) {
    runs.push(await session.run(workload));
  }
  const after = cpuSnapshot();
  const sample = {
    workload: workload.id,
    contender,
    round,
    runs,
    figures: runs.map(({ ms }) => figureOf(workload, ms)),
  };
  if (before === undefined || after === undefined) return sample;
  const tasks = taskCount(workload) * runs.length;
  const parts = Object.entries({ ...session.parts, total: process.pid });
  const cpuPerTask = Object.fromEntries(parts.map(([name, pid]) => [name, cpuOf(before, after, pid) / tasks]));
  return { ...sample, foreign: foreignShare(before, after), cpuPerTask };
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}
