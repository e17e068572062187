/**
 * The long form: `node dist/test/simulation/run.js --schedules 100000 [--from 0] [--jobs 2]`, and one schedule again
 * with its trace: `--seed 4711`. Ends with code 1 where an invariant broke.
 */
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { simulate, type Outcome } from './schedule.js';
import { shrink, trace } from './shrink.js';

export interface Summary {
  schedules: number;
  steps: number;
  commits: number;
  failedSeeds: number[];
}

const NO_BUGS = new Set<never>();

/** Runs the schedules of `from` to `from + count` - 1. */
export function runSchedules(from: number, count: number): Summary {
  const summary: Summary = { schedules: 0, steps: 0, commits: 0, failedSeeds: [] };
  for (let seed = from; seed < from + count; seed++) {
    const { violation, actions, commits } = simulate(seed);
    summary.schedules++;
    summary.steps += actions.length;
    summary.commits += commits;
    if (violation !== null) summary.failedSeeds.push(seed);
  }
  return summary;
}

/** The minimal trace of a seed that fails, or null. */
export function explain(seed: number): string | null {
  const outcome: Outcome = simulate(seed);
  return outcome.violation === null ? null : trace(shrink(outcome, NO_BUGS), NO_BUGS);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      schedules: { type: 'string', default: '100000' },
      from: { type: 'string', default: '0' },
      jobs: { type: 'string', default: '2' },
      seed: { type: 'string' },
    },
  });
  if (values.seed !== undefined) {
    const explained = explain(Number(values.seed));
    process.stdout.write(`${explained ?? `seed ${values.seed}: no invariant broke`}\n`);
    process.exitCode = explained === null ? 0 : 1;
    return;
  }
  const began = performance.now();
  const total = Number(values.schedules);
  const jobs = Math.max(1, Math.min(Number(values.jobs), total));
  const share = Math.ceil(total / jobs);
  const parts = await Promise.all(
    Array.from({ length: jobs }, (_, i) => {
      const from = Number(values.from) + i * share;
      return inThread(from, Math.min(share, Number(values.from) + total - from));
    }),
  );
  const sum = (count: (part: Summary) => number): number => parts.reduce((all, part) => all + count(part), 0);
  const failed = parts.flatMap(({ failedSeeds }) => failedSeeds);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const done = `${sum((p) => p.schedules)} schedules, ${sum((p) => p.steps)} steps, ${sum((p) => p.commits)} commits`;
  process.stdout.write(`${done}, ${failed.length} violations, ${seconds} s\n`);
  for (const seed of failed.slice(0, 3))
    process.stdout.write(`\n${explain(seed)}\nagain: npm run simulate -- --seed ${seed}\n`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

function inThread(from: number, count: number): Promise<Summary> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { from, count } });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

if (!isMainThread && workerData !== null && 'count' in (workerData as object)) {
  const { from, count } = workerData as { from: number; count: number };
  parentPort!.postMessage(runSchedules(from, count));
} else if (process.argv[1]?.endsWith('simulation/run.js') === true) {
  await main();
}
