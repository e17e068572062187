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
  return { workload, words: 'over the critical path', unit: 'ms', limit: 20, atMost: true, value };
}

/** W7 against routes that only run the same statement. */
const overBare = (['create', 'read', 'list'] as const).flatMap((name): Goal[] => [
  { ...atMost('W7', `${name}: rate, of the bare route's`, `bare.${name}.rate`, 0.5, 'times'), atMost: false },
  atMost('W7', `${name}: p99, of the bare route's`, `bare.${name}.p99`, 3, 'times'),
]);

const FULL = 10_000_000;
const grown = ['W1', 'W4', 'create', 'read', 'list'].map((name) =>
  atMost('full', `time of ${name} with ${FULL.toLocaleString('en')} tasks`, `full.${FULL}.${name}`, 1.2, 'times'),
);

/** The goals: medians, Redis backend where no other is named, production build, on two cores, warm where nothing else is said. */
export const GOALS: readonly Goal[] = [
  timesAsFast('W1', 'Celery', CELERY, 1.3),
  timesAsFast('W1', 'graphile-worker', GRAPHILE, 0.9),
  atMost('W1', 'the first 5 chains after a start, of warm ones', 'start.cold', 2, 'times'),
  timesAsFast('W2', 'Celery', CELERY, 8),
  timesAsFast('W2', 'Restate', RESTATE, 1.5),
  timesAsFast('W3', "DBOS's best", DBOS, 1),
  timesAsFast('W4', 'Celery', CELERY, 4),
  timesAsFast('W4', "DBOS's best", DBOS, 1.3),
  timesAsFast('W4', "Restate's calls", ['restate-calls'], 2.5),
  {
    workload: 'W4',
    words: "CPU a task, of bare BullMQ's",
    unit: 'times',
    limit: 2.5,
    atMost: true,
    value: (results) => (cpuOfW4(results).total ?? NaN) / (cpuOfW4(results, 'bullmq-raw').total ?? NaN),
  },
  {
    workload: 'embedded',
    words: "W1 on PostgreSQL alone, time of graphile-worker's",
    unit: 'times',
    limit: 3,
    atMost: true,
    value: (results) => 1 / onPostgres(results, 'W1'),
  },
  {
    workload: 'embedded',
    words: 'W4 on PostgreSQL alone, speed against graphile-worker',
    unit: 'times',
    limit: 1,
    atMost: false,
    value: (results) => onPostgres(results, 'W4'),
  },
  atMost('embedded', 'the first 5 chains after a start, of warm ones', 'start.embedded.cold', 2, 'times'),
  overIdeal('W5'),
  overIdeal('W5n'),
  {
    ...atMost('W6', '10,000 tasks with the default slots, speed of that with 50', 'slots.ratio', 0.5, 'times'),
    atMost: false,
  },
  ...overBare,
  ...grown,
  atMost('W9', "PSI of 1,000,000 x 1,000,000 by KKRT, CPU of SPU's ECDH", 'W9.psi.1000000.kkrt', 1.5, 'times'),
  atMost('idle', 'CPU of all parts', 'idle.cpu', 2, '% of one core'),
  atMost('idle', 'CPU of all parts, PostgreSQL alone', 'idle.embedded.cpu', 2, '% of one core'),
  atMost('start', 'to ready', 'start.ready', 4, 's'),
  atMost('start', 'to ready, PostgreSQL alone', 'start.embedded.ready', 4, 's'),
];

/** Speed on PostgreSQL alone against the faster of graphile-worker's two. */
function onPostgres(results: Results, workload: string): number {
  return best(GRAPHILE.map((each) => ratioToOurs(results, workload, each, 'ours-postgres')));
}

/** What became of each goal. */
export function judge(results: Results, goals: readonly Goal[] = GOALS): GoalOutcome[] {
  return goals.map(({ value: valueOf, ...goal }) => {
    const value = valueOf(results);
    if (Number.isNaN(value)) return { ...goal, value, met: 'not measured' };
    return { ...goal, value, met: (goal.atMost ? value <= goal.limit : value >= goal.limit) ? 'met' : 'missed' };
  });
}
