import { describe, expect, it } from '@jest/globals';
import { contenders } from './contenders.js';
import { GOALS, judge } from './goals.js';
import type { Figure } from './own/own.js';
import { markdown } from './report.js';
import type { Results } from './results.js';
import { expectWellFormed } from './well-formed-for-tests.js';
import { figureOf, GRAPH_WORKLOADS, graphWorkload } from './workloads.js';

/** One sample a round and contender: wall times by workload. */
function resultsOf(times: Record<string, Record<string, readonly number[]>>, figures: readonly Figure[] = []): Results {
  const samples = Object.entries(times).flatMap(([workload, byContender]) =>
    Object.entries(byContender).flatMap(([contender, ms]) =>
      ms.map((each, i) => ({
        workload,
        contender,
        round: i + 1,
        figures: [figureOf(graphWorkload(workload), each)],
        runs: [{ ms: each }],
        foreign: 0.01,
        cpuPerTask: { api: 0.1, total: 0.3 },
      })),
    ),
  );
  return {
    at: '2026-01-31T12:00:00.000Z',
    command: 'npm run bench',
    machine: 'two cores',
    minutes: 1,
    loadBefore: [0, 0, 0],
    samples,
    versions: { ours: 'Redis backend' },
    troubles: { 'dbos-steps': 'it could not be installed\nat all' },
    own: [{ id: 'W6', figures, foreign: 0.02 }],
  };
}

const outcome = (results: Results, words: string, workload: string) =>
  judge(results).find((goal) => goal.words === words && goal.workload === workload)!;

describe('goals', () => {
  it('compare with a peer in the same round, and with the best of its kinds', () => {
    // The second round is slow for everybody: the ratio is not.
    const results = resultsOf({
      W4: { ours: [100, 200], 'celery-prefork': [700, 1400], 'celery-threads': [650, 1300] },
    });
    expect(outcome(results, 'speed against Celery', 'W4')).toMatchObject({ value: 6.5, limit: 4, met: 'met' });
    expect(outcome(results, "speed against DBOS's best", 'W4').met).toBe('not measured');
  });

  it('know at most from at least', () => {
    const words = "W1 on PostgreSQL alone, time of graphile-worker's";
    const slow = resultsOf({ W1: { ours: [1], 'ours-postgres': [400], graphile: [100], 'graphile-local': [110] } });
    expect(outcome(slow, words, 'embedded')).toMatchObject({ value: 4, limit: 3, met: 'missed' });
    const quick = resultsOf({ W1: { ours: [1], 'ours-postgres': [200], graphile: [100] } });
    expect(outcome(quick, words, 'embedded').met).toBe('met');
    const diamond = resultsOf({ W5: { ours: [70] } });
    expect(outcome(diamond, 'over the critical path', 'W5')).toMatchObject({ value: 10, met: 'met' });
  });

  it('read the figures of our system alone', () => {
    const results = resultsOf({}, [{ id: 'start.cold', title: 'cold', unit: 'times', values: [1, 2.5, 2.4] }]);
    const words = 'the first 5 chains after a start, of warm ones';
    expect(outcome(results, words, 'W1')).toMatchObject({ value: 2.4, met: 'missed' });
    expect(judge(results).filter(({ met }) => met !== 'not measured')).toHaveLength(1);
  });
});

describe('the report', () => {
  it('tells goals, tables, charts, CPU time, own figures, and what was left out', () => {
    const times = { ours: [100, 110], 'bullmq-flow': [50, 60], 'celery-prefork': [1000, 900] };
    const results = resultsOf({ W1: times, W4: times }, [
      { id: 'W6.x', title: 'create', unit: 's', values: [1, 2] },
      { id: 'start.ready', title: 'to ready', unit: 's', values: [5] },
    ]);
    const own = [{ id: 'W6', title: 'one chain', measure: async () => [] }];
    const text = markdown(results, judge(results), { contenders: contenders(), workloads: GRAPH_WORKLOADS, own });
    expectWellFormed(text);
    expect(text.match(/xychart-beta/g)).toHaveLength(2);
    for (const part of [
      `## Goals: 2 met, 1 missed, ${GOALS.length - 3} not measured`,
      '| Celery canvas, prefork | 9.5 | 9.25 to 9.75 | 9.09 | Redis, for a day | 2 |',
      'It was quiet',
      '| all together | 0.300 |',
      '| create | 1.5 s | 1 to 2 | 2 |',
      '- dbos-steps: it could not be installed',
      '| ours | Task Chain | Redis backend |',
    ]) {
      expect(text).toContain(part);
    }
  });
});
