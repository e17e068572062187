import { describe, expect, it } from '@jest/globals';
import { Play } from './sample-chain-for-tests.js';

const retry = (from?: readonly number[], includeDownstream = true) =>
  ({ kind: 'RetryChain', includeDownstream, ...(from === undefined ? {} : { from }) }) as const;

describe('retry', () => {
  it('from the breakpoint runs again what failed, was cancelled or skipped, and nothing else', () => {
    const play = Play.of([{}, {}, { after: [0] }, { after: [1] }])
      .succeed(0, 2)
      .fail(1);
    expect(play.chain.status).toBe('FAILURE');
    expect(play.tasks).toBe('a SUCCESS, b FAILURE, c SUCCESS, d SKIPPED');
    play.give(retry());
    expect(play.tasks).toBe('a SUCCESS, b READY, c SUCCESS, d PENDING');
    expect(play.chain).toMatchObject({ status: 'RUNNING', epoch: 2, error: null, deadlineAt: play.now + 60_000 });
    play.succeed(1, 3);
    expect(play.chain.status).toBe('SUCCESS');
  });

  it('of chosen tasks takes what follows along, or leaves it as it is', () => {
    const chain = () => Play.of([{}, { after: [0] }, { after: [1] }, {}]).succeed(0, 1, 2, 3);
    const withDownstream = chain();
    withDownstream.give(retry([1]));
    expect(withDownstream.tasks).toBe('a SUCCESS, b READY, c PENDING, d SUCCESS');
    const alone = chain();
    const decision = alone.give(retry([1], false));
    expect('changed' in decision && [...decision.changed.keys()]).toEqual([1]);
    expect(alone.tasks).toBe('a SUCCESS, b READY, c SUCCESS, d SUCCESS');
    alone.succeed(1);
    expect(alone.chain.status).toBe('SUCCESS');
  });

  it('of a running chain stops what it sets back, and the late report of that is stale', () => {
    const play = Play.of([{}, { after: [0] }])
      .succeed(0)
      .run(1);
    const decision = play.give(retry([0]));
    expect(decision).toMatchObject({ effects: [{ kind: 'AbortTask', position: 1, attempt: 1 }] });
    expect(play.tasks).toBe('a READY, b PENDING');
    expect(play.give({ kind: 'TaskSucceeded', position: 1, attempt: 1, runId: 'b.1' })).toMatchObject({
      disposition: 'STALE',
    });
    play.succeed(0).send(1);
    expect(play.task(1).attempt).toBe(2);
  });

  it('gives the place of a task that it sets back to a held one (I5)', () => {
    const play = Play.of([{}, { after: [0] }, {}], { maxParallel: 1 }).succeed(0);
    play.give({ kind: 'SkipTask', position: 2 });
    play.run(1).give(retry([0], false));
    expect(play.tasks).toBe('a READY (MAX_PARALLEL), b RUNNING, c SKIPPED');
    play.give(retry([1], false));
    expect(play.tasks).toBe('a READY, b PENDING, c SKIPPED');
  });

  it('changes no task that it does not choose (I6)', () => {
    const play = Play.of([{}, { after: [0] }, {}, { after: [2] }]).fail(0);
    const decision = play.give(retry([0]));
    expect('changed' in decision && [...decision.changed.keys()].sort()).toEqual([0, 1]);
  });

  it('leaves the chain with the error of a failure that still stands', () => {
    const play = Play.of([{}, {}]).fail(0, 'FIRST').fail(1, 'SECOND');
    expect(play.chain.error?.code).toBe('FIRST');
    play.give(retry([0]));
    play.succeed(0);
    expect(play.chain).toMatchObject({ status: 'FAILURE', error: { code: 'SECOND', details: { task_id: 'b' } } });
  });

  it('of a running chain forgets the error of what it runs again', () => {
    const play = Play.of([{}, {}, {}]).fail(0, 'FIRST');
    play.give(retry([0]));
    expect(play.chain.error).toBeNull();
    play.succeed(0).fail(1, 'SECOND').succeed(2);
    expect(play.chain.error?.code).toBe('SECOND');
  });

  it('keeps a paused chain paused', () => {
    const play = Play.of([{}, {}]).fail(0);
    play.give({ kind: 'PauseChain' });
    play.give(retry());
    expect(play.chain.status).toBe('PAUSED');
    expect(play.tasks).toBe('a READY (CHAIN_PAUSED), b READY (CHAIN_PAUSED)');
  });

  it('is refused where there is nothing to run again, and of a chain that never began', () => {
    expect(Play.of([{}]).give(retry())).toEqual({ refused: 'NOTHING_TO_RETRY', status: 'RUNNING' });
  });
});

describe('skip and resolve', () => {
  it.each([
    ['SkipTask', 'SKIPPED'],
    ['ResolveTask', 'SUCCESS'],
  ] as const)('%s leaves no failure and no time of the next attempt behind', (kind, status) => {
    const play = Play.of([{ retry: { maxRetries: 1 } }, {}]).fail(0);
    expect(play.task(0)).toMatchObject({ status: 'RETRYING', error: { code: 'TASK_ERROR' } });
    expect(play.task(0).nextAttemptAt).not.toBeNull();
    play.give({ kind, position: 0 });
    expect(play.task(0)).toMatchObject({ status, error: null, nextAttemptAt: null });
  });

  it('give no answer in place of those whom a question names, nor of a list of questions', () => {
    const play = Play.of([
      { taskType: 'sign_off' },
      {},
      { taskType: 'for_each', after: [0] },
      { taskType: 'for_each', after: [1] },
    ]);
    const resolve = (position: number) => play.give({ kind: 'ResolveTask', position });
    for (const position of [0, 2]) expect(resolve(position)).toMatchObject({ refused: 'SIGN_OFF_REQUIRED' });
    resolve(3);
    play.give({ kind: 'SkipTask', position: 0 });
    expect([play.task(3).status, play.task(0).status]).toEqual(['SUCCESS', 'SKIPPED']);
  });
});
