import { describe, expect, it } from '@jest/globals';
import { decide } from './decide.js';
import { Play, sampleChain } from './sample-chain-for-tests.js';

describe('fencing', () => {
  const running = () => Play.of([{}, { after: [0] }]).run(0);
  const of = (attempt: number, runId: string) => ({ kind: 'TaskSucceeded', position: 0, attempt, runId }) as const;

  it('takes the first run of the own attempt and no other', () => {
    expect(running().give(of(1, 'a.1'))).toMatchObject({ disposition: 'ACCEPTED' });
    expect(running().give(of(1, 'another'))).toMatchObject({ disposition: 'STALE' });
    expect(running().give(of(0, 'a.0'))).toMatchObject({ disposition: 'STALE' });
    expect(running().give(of(2, 'a.2'))).toMatchObject({ disposition: 'QUARANTINED' });
  });

  it('takes an end that comes before its start, and then not the start', () => {
    const play = Play.of([{}, { after: [0] }]).succeed(0);
    expect(play.give({ kind: 'TaskStarted', position: 0, attempt: 1, runId: 'a.1' })).toMatchObject({
      disposition: 'DUPLICATE',
    });
    expect(play.tasks).toBe('a SUCCESS, b READY');
  });

  it('changes nothing by what it does not take, the clock of the chain included', () => {
    // As no event leaves it: the clock goes on although an approval alone can move the chain.
    const held = { status: 'RETRYING', hold: 'APPROVAL', attempt: 1, nextAttemptAt: 9_000 } as const;
    const state = sampleChain([held], { status: 'RUNNING', deadlineAt: 8_000 });
    const late = decide(state, of(1, 'a.1'), 5_000);
    expect(late).toEqual({ disposition: 'STALE', chain: state.chain, changed: new Map(), effects: [] });
  });

  it('tries a task again that no worker took in time, as its policy says', () => {
    const error = { code: 'TIMEOUT_QUEUE', message: 'nobody took it' };
    const play = Play.of([{ retry: { maxRetries: 1 } }]).send(0);
    play.give({ kind: 'TaskQueueTimedOut', position: 0, attempt: 1, error, random: 0 });
    expect(play.task(0)).toMatchObject({ status: 'RETRYING', failures: 1, error });
  });

  it('takes no queue time-out of a task that has been held since', () => {
    const play = Play.of([{}, {}]);
    play.give({ kind: 'PauseChain' });
    const error = { code: 'TIMEOUT_QUEUE', message: 'nobody took it' };
    const late = play.give({ kind: 'TaskQueueTimedOut', position: 0, attempt: 0, error, random: 0 });
    expect(late).toMatchObject({ disposition: 'STALE' });
    expect(play.tasks).toBe('a READY (CHAIN_PAUSED), b READY (CHAIN_PAUSED)');
  });

  it('lets a run give up only itself', () => {
    const lost = (runId: string | null) => ({ kind: 'TaskLost', position: 0, attempt: 1, runId }) as const;
    expect(running().give(lost('another'))).toMatchObject({ disposition: 'STALE' });
    expect(running().give(lost('a.1'))).toMatchObject({ disposition: 'ACCEPTED' });
    expect(running().give(lost(null))).toMatchObject({ disposition: 'ACCEPTED' });
  });
});
