import { describe, expect, it } from '@jest/globals';
import { Play } from './sample-chain-for-tests.js';

const ERROR = { code: 'CHILD_FAILED', message: 'failed' };

describe('max_parallel', () => {
  it('lets in the most urgent, and another as soon as one has ended', () => {
    const play = Play.of([{}, { priority: 1 }, { priority: 9 }], { maxParallel: 1 });
    expect(play.tasks).toBe('a READY, b READY (MAX_PARALLEL), c READY (MAX_PARALLEL)');
    play.succeed(0);
    expect(play.tasks).toBe('a SUCCESS, b READY (MAX_PARALLEL), c READY');
    play.fail(2);
    expect(play.tasks).toBe('a SUCCESS, b READY, c FAILURE');
  });

  it('gives the place of a task that waits for its backoff to another', () => {
    const play = Play.of([{ retry: { maxRetries: 1 } }, {}], { maxParallel: 1 }).fail(0);
    expect(play.tasks).toBe('a RETRYING, b READY');
    play.promote(0);
    expect(play.tasks).toBe('a READY (MAX_PARALLEL), b READY');
    play.succeed(1);
    expect(play.tasks).toBe('a READY, b SUCCESS');
  });

  it('keeps a lost task in its place', () => {
    const play = Play.of([{}, {}], { maxParallel: 1 }).run(0).lose(0);
    expect(play.tasks).toBe('a READY, b READY (MAX_PARALLEL)');
  });

  it('counts a task that is skipped or resolved as ended', () => {
    const play = Play.of([{}, {}, {}], { maxParallel: 1 }).run(0);
    play.give({ kind: 'SkipTask', position: 0 });
    expect(play.tasks).toBe('a SKIPPED, b READY, c READY (MAX_PARALLEL)');
    play.give({ kind: 'ResolveTask', position: 1 });
    expect(play.tasks).toBe('a SKIPPED, b SUCCESS, c READY');
  });

  it('refuses to send a held task', () => {
    expect(() => Play.of([{}, {}], { maxParallel: 1 }).send(1)).toThrow('b is held: MAX_PARALLEL');
  });
});

describe('pause', () => {
  it('lets what runs end and sends nothing new', () => {
    const play = Play.of([{}, {}, { after: [0] }]).run(0);
    play.give({ kind: 'PauseChain' });
    expect(play.tasks).toBe('a RUNNING, b READY (CHAIN_PAUSED), c PENDING');
    play.succeed(0);
    expect(play.tasks).toBe('a SUCCESS, b READY (CHAIN_PAUSED), c READY (CHAIN_PAUSED)');
    play.give({ kind: 'ResumeChain' });
    expect(play.tasks).toBe('a SUCCESS, b READY, c READY');
  });

  it('stops the clock, which goes on where it stood', () => {
    const play = Play.of([{}], { timeoutMs: 10_000 });
    play.now += 4_000;
    play.give({ kind: 'PauseChain' });
    expect(play.chain).toMatchObject({ deadlineAt: null, timeLeftMs: 6_000 });
    expect(play.give({ kind: 'ChainTimedOut' })).toEqual({ refused: 'CHAIN_STATE_CONFLICT', status: 'PAUSED' });
    play.now += 1_000_000;
    play.give({ kind: 'ResumeChain' });
    expect(play.chain).toMatchObject({ deadlineAt: play.now + 6_000, timeLeftMs: null });
    expect(play.give({ kind: 'ChainTimedOut' })).toMatchObject({ disposition: 'STALE' });
    play.now += 6_000;
    play.give({ kind: 'ChainTimedOut' });
    const message = 'the chain did not finish within its 10 s: raise options.timeout or look for the slow task';
    expect(play.chain).toMatchObject({
      status: 'FAILURE',
      error: { code: 'TIMEOUT_CHAIN', message },
      deadlineAt: null,
    });
  });

  it('and resume asked twice are done once', () => {
    const play = Play.of([{}]);
    for (const kind of ['PauseChain', 'PauseChain', 'ResumeChain', 'ResumeChain'] as const) {
      const { chain } = play;
      const decision = play.give({ kind });
      expect(decision).toMatchObject({ disposition: 'ACCEPTED' });
      if (chain.status === play.chain.status) expect(play.chain).toBe(chain);
    }
  });

  it('is over for a task that then waits for a place', () => {
    const play = Play.of([{}, {}], { maxParallel: 1 }).run(0);
    play.give({ kind: 'PauseChain' });
    play.lose(0);
    expect(play.tasks).toBe('a READY (CHAIN_PAUSED), b READY (MAX_PARALLEL)');
    play.give({ kind: 'SetPriority', position: 1, priority: 9 });
    play.give({ kind: 'ResumeChain' });
    expect(play.tasks).toBe('a READY (MAX_PARALLEL), b READY');
  });

  it('does not keep a chain from ending with its last running task', () => {
    const play = Play.of([{}]).run(0);
    play.give({ kind: 'PauseChain' });
    play.succeed(0);
    expect(play.chain).toMatchObject({ status: 'SUCCESS', timeLeftMs: null });
  });
});

describe('a child', () => {
  const opened = (chain = {}) => {
    const play = Play.of([{}, { after: [0] }], { timeoutMs: 10_000, ...chain }).send(0);
    play.give({ kind: 'TaskHeld', position: 0, attempt: 1, hold: 'CHILD', until: null });
    return play;
  };

  it('moves the task that runs it, and uses up the time of its chain', () => {
    const play = opened();
    expect(play.tasks).toBe('a RETRYING (CHILD), b PENDING');
    expect(play.chain).toMatchObject({ deadlineAt: null, timeLeftMs: 10_000 });
    play.now += 60_000;
    expect(play.give({ kind: 'HoldTimedOut', position: 0 })).toMatchObject({ disposition: 'STALE' });
    expect(play.give({ kind: 'RepairChain' })).toMatchObject({ changed: new Map() });
    play.give({ kind: 'TaskSucceeded', position: 0, attempt: 1, runId: null, leftMs: 3_000 });
    expect(play.tasks).toBe('a SUCCESS, b READY');
    expect(play.chain).toMatchObject({ deadlineAt: play.now + 3_000, timeLeftMs: null });
  });

  it('of an earlier attempt says nothing any more', () => {
    const play = opened();
    play.give({ kind: 'RetryChain', from: [0], includeDownstream: false });
    const late = { kind: 'TaskSucceeded', position: 0, attempt: 1, runId: null, leftMs: 1 } as const;
    expect(play.give(late)).toMatchObject({ disposition: 'STALE', chain: { deadlineAt: play.now + 10_000 } });
  });

  it('that has ended runs again by its parent alone, and keeps what it has left', () => {
    const play = opened({ hasParent: true });
    play.give({ kind: 'TaskFailed', position: 0, attempt: 1, runId: null, retryable: false, random: 0, error: ERROR });
    expect(play.chain).toMatchObject({ status: 'FAILURE', timeLeftMs: 10_000 });
    const retry = { kind: 'RetryChain', includeDownstream: true } as const;
    expect(play.give(retry)).toEqual({ refused: 'CHILD_ENDED', status: 'FAILURE' });
    play.give({ ...retry, byParent: true });
    expect(play.chain).toMatchObject({ status: 'RUNNING', timeLeftMs: null });
  });
});

describe('stop_on_error', () => {
  const tasks = [{}, { after: [0] }, {}, { after: [2] }, {}];

  it('ends the chain with the first failure: what runs is cancelled, what waits skipped', () => {
    const play = Play.of(tasks, { stopOnError: true }).run(2);
    play.fail(0);
    expect(play.tasks).toBe('a FAILURE, b SKIPPED, c CANCELLED, d SKIPPED, e SKIPPED');
    expect(play.task(1).skipReason).toBe('CHAIN_STOPPED');
    expect(play.chain).toMatchObject({ status: 'FAILURE', error: { code: 'TASK_ERROR' }, admittedTasks: 0 });
  });

  it('false lets the other branches run on, skips what can never run, and fails at the end', () => {
    const play = Play.of(tasks).fail(0);
    expect(play.tasks).toBe('a FAILURE, b SKIPPED, c READY, d PENDING, e READY');
    expect(play.task(1)).toMatchObject({
      skipReason: 'UPSTREAM_FAILED',
      parents: { pending: 0, succeeded: 0, failed: 1, skipped: 0 },
    });
    play.succeed(2, 3, 4);
    expect(play.chain).toMatchObject({ status: 'FAILURE', completedTasks: 3, error: { code: 'TASK_ERROR' } });
  });
});

describe('a failure', () => {
  it('counts as one below the tasks that it skips, and the skip of an operator as a skip', () => {
    const below = [{ after: [0] }, { after: [1] }, { after: [1], triggerRule: 'one_failed' as const }];
    const failed = Play.of([{}, ...below]).fail(0);
    expect(failed.tasks).toBe('a FAILURE, b SKIPPED, c SKIPPED, d READY');
    expect(failed.task(2).skipReason).toBe('UPSTREAM_FAILED');
    expect(failed.task(3).parents).toEqual({ pending: 0, succeeded: 0, failed: 1, skipped: 0 });
    const skipped = Play.of([{}, ...below]);
    skipped.give({ kind: 'SkipTask', position: 0 });
    expect(skipped.tasks).toBe('a SKIPPED, b SKIPPED, c SKIPPED, d SKIPPED');
    expect(skipped.task(2).skipReason).toBe('UPSTREAM_SKIPPED');
  });
});

describe('another priority', () => {
  it('is no change of the chain itself, nor of a task that has it or has ended', () => {
    const play = Play.of([{}, { priority: 9 }, {}, { after: [2] }]).succeed(0);
    const { chain } = play;
    const decision = play.give({ kind: 'SetPriority', priority: 9 });
    expect('changed' in decision && [...decision.changed.keys()]).toEqual([2, 3]);
    expect(play.chain).toBe(chain);
    expect([play.task(0).priority, play.task(2).priority]).toEqual([5, 9]);
    play.give({ kind: 'SetPriority', priority: 1, position: 3 });
    expect([play.task(2).priority, play.task(3).priority]).toEqual([9, 1]);
  });
});

describe('skip and resolve', () => {
  it('move on what waits for the task, as a skip and as a success', () => {
    const skipped = Play.of([{}, { after: [0] }]);
    skipped.give({ kind: 'SkipTask', position: 0 });
    expect(skipped.task(1)).toMatchObject({ status: 'SKIPPED', skipReason: 'UPSTREAM_SKIPPED' });
    expect(skipped.chain.status).toBe('SUCCESS');
    const resolved = Play.of([{}, { after: [0] }]);
    resolved.give({ kind: 'ResolveTask', position: 0 });
    expect(resolved.tasks).toBe('a SUCCESS, b READY');
  });

  it('stop the run of a task in flight, whose report is then a duplicate or stale', () => {
    for (const [kind, disposition] of [
      ['SkipTask', 'STALE'],
      ['ResolveTask', 'DUPLICATE'],
    ] as const) {
      const play = Play.of([{}, {}]).run(0);
      expect(play.give({ kind, position: 0 })).toMatchObject({
        effects: [{ kind: 'AbortTask', position: 0, attempt: 1 }],
      });
      const late = play.give({ kind: 'TaskSucceeded', position: 0, attempt: 1, runId: 'a.1' });
      expect(late).toMatchObject({ disposition });
    }
  });

  it('are refused of a task that has ended', () => {
    const play = Play.of([{}, {}]).succeed(0);
    expect(play.give({ kind: 'SkipTask', position: 0 })).toEqual({
      refused: 'TASK_STATE_CONFLICT',
      status: 'RUNNING',
      taskId: 'a',
      taskStatus: 'SUCCESS',
    });
  });
});
