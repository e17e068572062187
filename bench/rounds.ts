import type { Services } from '../test/faults/services.js';
import type { Contender, Measured, Session } from './contender.js';
import { cpuOf, cpuSnapshot, foreignShare, waitUntilQuiet } from './machine.js';
import { figureOf, taskCount, type Workload } from './workloads.js';

/** Foreign load under which a turn starts, as a share of all cores. */
const QUIET = 0.12;

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
  readonly rounds: number;
  readonly repetitions: number;
  readonly patienceMs: number;
  readonly say: (words: string) => void;
}

export interface Outcome {
  readonly samples: readonly Sample[];
  /** By contender: what ran. */
  readonly versions: Readonly<Record<string, string>>;
  /** By contender: why it has no figures, or not all. */
  readonly troubles: Readonly<Record<string, string>>;
}

/** Each round starts every contender once, in an order of its own, and runs all workloads on it. */
export async function runRounds(services: Services, plan: Plan): Promise<Outcome> {
  const samples: Sample[] = [];
  const versions: Record<string, string> = {};
  const troubles: Record<string, string> = {};
  for (let round = 1; round <= plan.rounds; round++) {
    for (const contender of shuffled(plan.contenders)) {
      const workloads = plan.workloads.filter((workload) => contender.supports(workload));
      if (workloads.length === 0 || contender.name in troubles) continue;
      let session: Session | undefined;
      try {
        session = await contender.start(services);
        versions[contender.name] = session.version;
        await session.run(plan.workloads[0]!).catch(() => undefined);
        for (const workload of workloads) {
          const sample = await runOne(session, contender.name, workload, round, plan);
          samples.push(sample);
          const shown = sample.figures.map((figure) => figure.toPrecision(4)).join(' ');
          const foreign = sample.foreign === undefined ? '' : `, others ${(sample.foreign * 100).toFixed(0)} %`;
          plan.say(`round ${round} ${contender.name} ${workload.id}: ${shown} ${workload.unit}${foreign}`);
        }
      } catch (error) {
        troubles[contender.name] = (error as Error).message;
        plan.say(`${contender.name} is left out from here on: ${(error as Error).message}`);
      } finally {
        await session?.close();
      }
    }
  }
  return { samples, versions, troubles };
}

async function runOne(
  session: Session,
  contender: string,
  workload: Workload,
  round: number,
  { repetitions, patienceMs }: Plan,
): Promise<Sample> {
  await session.run(workload); // warm
  await waitUntilQuiet(QUIET, patienceMs);
  const before = cpuSnapshot();
  const runs: Measured[] = [];
  for (let n = 0; n < repetitions; n++) runs.push(await session.run(workload));
  const after = cpuSnapshot();
  const sample = {
    workload: workload.id,
    contender,
    round,
    runs,
    figures: runs.map(({ ms }) => figureOf(workload, ms)),
  };
  if (before === undefined || after === undefined) return sample;
  const tasks = taskCount(workload) * repetitions;
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
