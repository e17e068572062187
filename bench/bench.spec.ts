import { execFile } from 'node:child_process';
import { describe, expect } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { itUnless } from '#libs/testing';
import { Services } from '../test/faults/services.js';
import { contenders } from './contenders.js';
import { GOALS, type GoalOutcome } from './goals.js';
import { markdown } from './report.js';
import type { Results } from './results.js';
import { expectWellFormed } from './well-formed-for-tests.js';
import { GRAPH_WORKLOADS } from './workloads.js';

const skip = await Services.skip('redis');

describe('the benchmark', () => {
  itUnless(skip, 'runs a small round of ours and a peer and reports it', async () => {
    const small = ['--quick', '--rounds', '1', '--repetitions', '1', '--workload', 'W4', '--peer', 'bullmq-raw'];
    const script = fileURLToPath(new URL('./run.js', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...small, '--json', '--no-save']);
    const { goals, ...results } = JSON.parse(stdout) as Results & { goals: GoalOutcome[] };

    const of = (name: string) => results.samples.find(({ contender }) => contender === name)!;
    for (const name of ['ours', 'bullmq-raw']) {
      expect(of(name)).toMatchObject({ workload: 'W4', round: 1, figures: [expect.any(Number)] });
      expect(of(name).figures[0]).toBeGreaterThan(0);
    }
    expect(Object.keys(of('ours').cpuPerTask ?? { total: 0 })).toContain('total');
    expect(results.troubles).toEqual({});
    expect(goals).toHaveLength(GOALS.length);
    expect(goals.filter(({ met }) => met !== 'not measured').map(({ words }) => words)).toEqual([
      "CPU a task, of bare BullMQ's",
    ]);

    const text = markdown(results, goals, { contenders: contenders(), workloads: GRAPH_WORKLOADS, own: [] });
    expectWellFormed(text);
    expect(text).toContain('## W4: 200 chains of 10 at once');
    expect(text).toContain('| Task Chain |');
    expect(text).toContain('| bare queue: BullMQ on Redis |');
  });
});
