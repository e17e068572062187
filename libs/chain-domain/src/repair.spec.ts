import { describe, expect, it } from '@jest/globals';
import { decide, evolve } from './decide.js';
import type { Decision } from './decision.js';
import { expectCounted, sampleChain, T0, type SampleTask } from './sample-chain-for-tests.js';
import type { Chain, ChainState } from './state.js';

const NONE = { pending: 0, succeeded: 0, failed: 0, skipped: 0 };
const error = { code: 'TASK_ERROR', message: 'it broke' };
const failed: SampleTask = { status: 'FAILURE', attempt: 1, runId: 'r', error };
const running: SampleTask = { status: 'RUNNING', attempt: 1, runId: 'r1' };

/** A stored state with wrong counters, whole unless given otherwise. */
function stored(tasks: readonly SampleTask[], chain: Partial<Chain>): ChainState {
  const { chain: made, tasks: rows } = sampleChain(tasks, chain);
  return { chain: { ...made, ...chain }, tasks: rows, whole: true };
}

/** What a repair makes of the state: its words as `Play.tasks` has them, and the decision. */
function repaired(state: ChainState) {
  const decision = decide(state, { kind: 'RepairChain' }, T0) as Decision;
  const next = { ...state, tasks: new Map(state.tasks) };
  evolve(next, decision);
  const tasks = [...next.tasks.values()]
    .map(({ taskId, status, hold }) => `${taskId} ${status}${hold === null ? '' : ` (${hold})`}`)
    .join(', ');
  const again = decide(next, { kind: 'RepairChain' }, T0) as Decision;
  expect(again.changed.size).toBe(0);
  expect(again.chain).toBe(next.chain);
  return { tasks, chain: next.chain, effects: decision.effects, changed: decision.changed, next };
}

describe('a repair', () => {
  it('stops what outlives a cancelled chain', () => {
    const { tasks, chain, effects, next } = repaired(stored([running, { after: [0] }], { status: 'CANCELLED' }));
    expect(tasks).toBe('a CANCELLED, b SKIPPED');
    expect(effects).toEqual([{ kind: 'AbortTask', position: 0, attempt: 1 }]);
    expect(chain).toMatchObject({ status: 'CANCELLED', error: null });
    expectCounted(next);
  });

  it('ends a chain of finished tasks with the error of its failure', () => {
    const { chain, effects } = repaired(stored([failed, { status: 'SUCCESS' }], { status: 'RUNNING' }));
    expect(chain).toMatchObject({ status: 'FAILURE', error: { code: 'TASK_ERROR', details: { task_id: 'a' } } });
    expect(effects).toEqual([{ kind: 'ChainFinished' }]);
  });

  it('stops a chain on a failure that it does not know of, where it stops on errors', () => {
    const state = stored([failed, running, { after: [1] }], { status: 'RUNNING', stopOnError: true, failedTasks: 0 });
    const { tasks, chain, effects } = repaired(state);
    expect(tasks).toBe('a FAILURE, b CANCELLED, c SKIPPED');
    expect(chain).toMatchObject({ status: 'FAILURE', failedTasks: 1, error: { code: 'TASK_ERROR' } });
    expect(effects).toEqual([{ kind: 'AbortTask', position: 1, attempt: 1 }, { kind: 'ChainFinished' }]);
  });

  it('lets a chain go on that does not stop on errors, and remembers its failure', () => {
    const { tasks, chain } = repaired(stored([failed, running], { status: 'RUNNING', failedTasks: 0 }));
    expect(tasks).toBe('a FAILURE, b RUNNING');
    expect(chain).toMatchObject({ status: 'RUNNING', failedTasks: 1, error: { code: 'TASK_ERROR' } });
  });

  it('lets a rerun beside a failure go on, since its chain knows of that failure', () => {
    const chain = { status: 'RUNNING', stopOnError: true, error, admittedTasks: 0 } as const;
    expect(repaired(stored([failed, running], chain)).tasks).toBe('a FAILURE, b RUNNING');
  });

  it('makes a success of unfinished tasks a failure', () => {
    const { tasks, chain, effects } = repaired(stored([running, { after: [0] }], { status: 'SUCCESS' }));
    expect(tasks).toBe('a CANCELLED, b SKIPPED');
    const message = 'the chain was stored as ended although 2 tasks were not: they were stopped; retry the chain';
    expect(chain).toMatchObject({ status: 'FAILURE', error: { code: 'CHAIN_INCONSISTENT', message } });
    expect(effects).toContainEqual({ kind: 'ChainFinished' });
  });

  it('tries a task again whose next attempt has no time', () => {
    const { tasks, chain } = repaired(stored([{ status: 'RETRYING', attempt: 1 }], { status: 'RUNNING' }));
    expect(tasks).toBe('a READY');
    expect(chain).toMatchObject({ status: 'RUNNING', admittedTasks: 1 });
  });

  it('admits only what max_parallel allows', () => {
    const done = { ...NONE, succeeded: 1 };
    const children: SampleTask[] = [
      { after: [0], parents: done },
      { after: [0], parents: { ...NONE, pending: 1 } },
    ];
    const { tasks, next } = repaired(
      stored([{ status: 'SUCCESS' }, ...children], { status: 'RUNNING', maxParallel: 1 }),
    );
    expect(tasks).toBe('a SUCCESS, b READY, c READY (MAX_PARALLEL)');
    expectCounted(next);
  });

  it('counts tolerated failures', () => {
    const tolerated = { ...failed, tolerable: true };
    const { chain } = repaired(stored([tolerated], { status: 'RUNNING', toleratedTasks: 0, failedTasks: 0 }));
    expect(chain).toMatchObject({ status: 'SUCCESS', failedTasks: 1, toleratedTasks: 1, error: null });
  });

  it('counts parents anew, and passes on what a skip means', () => {
    const tasks: SampleTask[] = [failed, { after: [0] }, { after: [1], parents: NONE }, running];
    const { tasks: after } = repaired(stored(tasks, { status: 'RUNNING' }));
    expect(after).toBe('a FAILURE, b SKIPPED, c SKIPPED, d RUNNING');
  });

  it('starts nothing in a chain that has not started, and holds what a paused one readies', () => {
    expect(repaired(stored([{ parents: { ...NONE, pending: 2 } }], { status: 'PENDING' })).tasks).toBe('a PENDING');
    const paused = stored([{ status: 'SUCCESS' }, { after: [0] }], { status: 'PAUSED', timeLeftMs: 5 });
    expect(repaired(paused).tasks).toBe('a SUCCESS, b READY (CHAIN_PAUSED)');
  });
});

describe('a chain that no repair can mend', () => {
  const broken = (chain: Partial<Chain>): ChainState => {
    const state = stored([running, { after: [0] }, { after: [1] }], { ...chain, deadlineAt: T0 + 500 });
    return { ...state, tasks: new Map([...state.tasks].filter(([position]) => position !== 1)) };
  };

  it('is paused for an operator, who may cancel it', () => {
    const { chain, effects, next } = repaired(broken({ status: 'RUNNING' }));
    expect(chain).toMatchObject({ status: 'PAUSED', timeLeftMs: 500 });
    expect(effects).toEqual([{ kind: 'HoldForOperator', faults: [{ kind: 'missing-task', position: 1 }] }]);
    const cancelled = decide(next, { kind: 'CancelChain' }, T0) as Decision;
    expect(cancelled.chain.status).toBe('CANCELLED');
    expect([...cancelled.changed.keys()]).toEqual([0, 2]);
  });

  it('is held again as it is, and takes the end of what still runs', () => {
    const state = broken({ status: 'PAUSED', deadlineAt: null });
    expect(repaired(state)).toMatchObject({ changed: new Map(), effects: [{ kind: 'HoldForOperator' }] });
    const report = { kind: 'TaskSucceeded', position: 0, attempt: 1, runId: 'r1' } as const;
    expect(decide(state, report, T0)).toMatchObject({ disposition: 'ACCEPTED', chain: { completedTasks: 1 } });
  });

  it('lacks a dependency where a parent does not name its child', () => {
    const state = stored([{ status: 'SUCCESS' }, { predecessors: [0] }], { status: 'RUNNING' });
    expect(repaired(state).effects).toEqual([
      { kind: 'HoldForOperator', faults: [{ kind: 'missing-dependency', position: 1 }] },
    ]);
  });

  it('lacks it where one of several parents does not', () => {
    const rows = [{ status: 'SUCCESS' } as const, { status: 'SUCCESS' } as const, { after: [0], predecessors: [0, 1] }];
    expect(repaired(stored(rows, { status: 'RUNNING' })).effects).toEqual([
      { kind: 'HoldForOperator', faults: [{ kind: 'missing-dependency', position: 2 }] },
    ]);
  });

  it.each(['PENDING', 'SUCCESS', 'FAILURE', 'CANCELLED'] as const)('stays as it is where it is %s', (status) => {
    const { chain, effects } = repaired(broken({ status }));
    expect([chain.status, effects.map(({ kind }) => kind)]).toEqual([status, ['HoldForOperator']]);
  });

  it('needs the whole chain to be seen', () => {
    const { chain, tasks } = broken({ status: 'RUNNING' });
    expect(() => decide({ chain, tasks }, { kind: 'RepairChain' }, T0)).toThrow('position 1 is not loaded');
  });
});
