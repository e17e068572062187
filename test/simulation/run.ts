/**
 * The long form: `npm run simulate -- --schedules 20000 [--from 0] [--jobs 2]`, and one schedule again with its trace:
 * `--seed 4711`. `--bug <name>` plants a bug of bugs.ts. Ends with code 1 where an invariant broke.
 */
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createTestDatabase, startTestPostgres } from '#libs/testing';
import { BUGS, type Bug } from './bugs.js';
import { connect, disconnect, type Connections } from './rows.js';
import { simulate } from './schedule.js';
import { shrink, trace } from './shrink.js';

export interface Summary {
  schedules: number;
  steps: number;
  commits: number;
  failedSeeds: number[];
}

interface Share {
  readonly from: number;
  readonly count: number;
  readonly bugs: readonly Bug[];
}

/** Runs the schedules of `from` to `from + count` - 1. */
export async function runSchedules(connections: Connections, { from, count, bugs }: Share): Promise<Summary> {
  const summary: Summary = { schedules: 0, steps: 0, commits: 0, failedSeeds: [] };
  for (let seed = from; seed < from + count; seed++) {
    const { violation, actions, commits } = await simulate(connections, seed, new Set(bugs));
    summary.schedules++;
    summary.steps += actions.length;
    summary.commits += commits;
    if (violation !== null) summary.failedSeeds.push(seed);
  }
  return summary;
}

/** The minimal trace of a seed that fails, or null. */
export async function explain(
  connections: Connections,
  seed: number,
  bugs: readonly Bug[] = [],
): Promise<string | null> {
  const outcome = await simulate(connections, seed, new Set(bugs));
  if (outcome.violation === null) return null;
  return trace(connections, await shrink(connections, outcome, new Set(bugs)), new Set(bugs));
}

/** Gives `work` a database to itself. */
async function withDatabase<T>(work: (connections: Connections) => Promise<T>): Promise<T> {
  const database = await createTestDatabase();
  const connections = await connect(database.url);
  try {
    return await work(connections);
  } finally {
    await disconnect(connections);
    await database.drop();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      schedules: { type: 'string', default: '20000' },
      from: { type: 'string', default: '0' },
      jobs: { type: 'string', default: '2' },
      seed: { type: 'string' },
      bug: { type: 'string', multiple: true, default: [] },
    },
  });
  const bugs = (Object.keys(BUGS) as Bug[]).filter((bug) => values.bug.includes(bug));
  if (values.seed !== undefined) {
    const explained = await withDatabase((connections) => explain(connections, Number(values.seed), bugs));
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
      return inThread({ from, count: Math.min(share, Number(values.from) + total - from), bugs });
    }),
  );
  const sum = (count: (part: Summary) => number): number => parts.reduce((all, part) => all + count(part), 0);
  const failed = parts.flatMap(({ failedSeeds }) => failedSeeds);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const done = `${sum((p) => p.schedules)} schedules, ${sum((p) => p.steps)} steps, ${sum((p) => p.commits)} commits`;
  process.stdout.write(`${done}, ${failed.length} violations, ${seconds} s\n`);
  for (const seed of failed.slice(0, 3)) {
    const explained = await withDatabase((connections) => explain(connections, seed, bugs));
    process.stdout.write(`\n${explained}\nagain: npm run simulate -- --seed ${seed}\n`);
  }
  process.exitCode = failed.length === 0 ? 0 : 1;
}

function inThread(share: Share): Promise<Summary> {
  const worker = new Worker(new URL(import.meta.url), { workerData: share });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

if (!isMainThread && workerData !== null && 'count' in (workerData as object)) {
  const share = workerData as Share;
  parentPort!.postMessage(await withDatabase((connections) => runSchedules(connections, share)));
} else if (process.argv[1]?.endsWith('simulation/run.js') === true) {
  // One server for all threads.
  const server = await startTestPostgres();
  process.env['TEST_DATABASE_URL'] = server.url;
  try {
    await main();
  } finally {
    await server.stop();
  }
}
