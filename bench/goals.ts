import { cpuOfW4, figureOf, ownFigure, ratioToOurs, type Results } from './results.js';
import { graphWorkload } from './workloads.js';

/** What a figure should come to. */
export interface Goal {
  readonly workload: string;
  readonly words: string;
  readonly unit: string;
  readonly limit: number;
  readonly atMost: boolean;
  /** NaN where the run has no figure for it. */
  readonly value: (results: Results) => number;
}

/** What became of a goal in a run. */
export interface GoalOutcome extends Omit<Goal, 'value'> {
  readonly value: number;
  readonly met: 'met' | 'missed' | 'not measured';
}

const CELERY = ['celery-prefork', 'celery-threads'];
const DBOS = ['dbos-steps', 'dbos-queue'];
const RESTATE = ['restate-steps', 'restate-calls'];
const GRAPHILE = ['graphile', 'graphile-local'];

/** How many times as fast as the best of these we should be. */
function timesAsFast(workload: string, whom: string, contenders: readonly string[], limit: number): Goal {
  return {
    workload,
    words: `speed against ${whom}`,
    unit: 'times',
    limit,
    atMost: false,
    value: (results) => best(contenders.map((each) => ratioToOurs(results, workload, each))),
  };
}

/** The least that is a number. */
function best(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length > 0 ? Math.min(...known) : NaN;
}

function atMost(workload: string, words: string, id: string, limit: number, unit: string): Goal {
  return { workload, words, unit, limit, atMost: true, value: (results) => ownFigure(results, id) };
}

function overIdeal(workload: string): Goal {
  const { idealMs } = graphWorkload(workload);
  const value = (results: Results): number => figureOf(results, workload, 'ours') - idealMs!;
  return { workload, words: 'over the critical path', unit: 'ms', limit: 15, atMost: true, value };
}

/** The goals: medians, Redis backend, production build, on two cores. */
export const GOALS: readonly Goal[] = [
  {
    ...timesAsFast('W1', 'BullMQ flows', [], 3),
    words: "time a hop, of BullMQ flows'",
    atMost: true,
    value: (results) => 1 / ratioToOurs(results, 'W1', 'bullmq-flow'),
  },
  timesAsFast('W1', 'Celery', CELERY, 1.5),
  { ...timesAsFast('W1', 'graphile-worker', GRAPHILE, 0.9), words: 'speed against graphile-worker (level: 0.9)' },
  timesAsFast('W2', 'BullMQ flows', ['bullmq-flow'], 0.7),
  timesAsFast('W2', 'Celery', CELERY, 15),
  timesAsFast('W2', 'Restate', RESTATE, 4),
  timesAsFast('W2', 'DBOS', DBOS, 4),
  timesAsFast('W3', 'Celery, flattened by hand', CELERY, 7),
  timesAsFast('W3', "DBOS's best", DBOS, 1.5),
  timesAsFast('W3', "Restate's single handler", ['restate-steps'], 1),
  timesAsFast('W4', 'BullMQ flows', ['bullmq-flow'], 0.65),
  timesAsFast('W4', 'Celery', CELERY, 6),
  timesAsFast('W4', "DBOS's best", DBOS, 3),
  timesAsFast('W4', "Restate's calls", ['restate-calls'], 4),
  timesAsFast('W4', "Restate's single handler", ['restate-steps'], 1),
  {
    workload: 'W4',
    words: '1,000 chains at once against 200, none failed',
    unit: 'times',
    limit: 1,
    atMost: false,
    value: (results) => figureOf(results, 'W4x5', 'ours') / figureOf(results, 'W4', 'ours'),
  },
  {
    workload: 'W4',
    words: 'CPU a task over all parts and the client',
    unit: 'ms',
    limit: 0.4,
    atMost: true,
    value: (results) => cpuOfW4(results).total ?? NaN,
  },
  atMost('small', 'against the start of as many Node processes that do nothing', 'small.overStarts', 1.5, 'times'),
  atMost('W4', 'report to committed row, one chain alone, p99', 'lag.W1.p99', 10, 'ms'),
  atMost('W4', 'report to committed row, 200 chains, p99', 'lag.W4.p99', 50, 'ms'),
  atMost('W4', 'report to committed row, 1,000 chains, p99', 'lag.W4x5.p99', 100, 'ms'),
  overIdeal('W5'),
  overIdeal('W5n'),
  timesAsFast('W5n', 'Celery', CELERY, 1.5),
  atMost('W6', 'create 10,000 tasks', 'W6.10000.create', 2, 's'),
  atMost('W6', 'time a task at 10,000 against 1,000', 'W6.growth', 1.3, 'times'),
  atMost('W7', 'create a chain of 10, p99', 'W7.create.p99', 50, 'ms'),
  atMost('W7', 'read a chain of 100, p99', 'W7.read.p99', 50, 'ms'),
  atMost('W7', 'list by cursor at any depth, p99', 'W7.list.p99', 100, 'ms'),
  atMost('W8', 'report to committed row at 500 tasks/s, p99', 'W8.p99', 100, 'ms'),
  atMost('W9', 'PSI of 100,000 x 100,000', 'W9.psi.100000.seconds', 12, 's'),
  atMost('W9', 'PSI of 1,000,000 x 1,000,000', 'W9.psi.1000000.seconds', 150, 's'),
  atMost('W9', 'PSI of 1,000,000 x 1,000,000, whole process', 'W9.psi.1000000.memory', 1_024, 'MiB'),
  atMost('W9', 'SS-LR of 45,000 x 16, 5 epochs', 'W9.ss_lr.45000.seconds', 5, 's'),
  atMost('W9', 'statistics of 1,000,000 x 10', 'W9.statistics.1000000.seconds', 3, 's'),
  atMost('W10', 'an instance of a for_each against a written task', 'W10.ratio', 1.2, 'times'),
  atMost('W11', 'a turn against a task of a chain', 'W11.ratio', 1.4, 'times'),
  {
    workload: 'embedded',
    words: 'W4 on PostgreSQL alone',
    unit: 'tasks/s',
    limit: 300,
    atMost: false,
    value: (results) => figureOf(results, 'W4', 'ours-postgres'),
  },
  atMost('idle', 'CPU of all parts', 'idle.cpu', 3, '% of one core'),
  atMost('idle', 'memory of all parts', 'idle.memory', 600, 'MB'),
  atMost('soak', "growth of the listener's heap", 'soak.growth', 5, '%'),
];

/** What became of each goal. */
export function judge(results: Results, goals: readonly Goal[] = GOALS): GoalOutcome[] {
  return goals.map(({ value: valueOf, ...goal }) => {
    const value = valueOf(results);
    if (Number.isNaN(value)) return { ...goal, value, met: 'not measured' };
    return { ...goal, value, met: (goal.atMost ? value <= goal.limit : value >= goal.limit) ? 'met' : 'missed' };
  });
}
