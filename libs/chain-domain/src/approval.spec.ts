import { describe, expect, it } from '@jest/globals';
import type { ApprovalDecision, ChainEvent } from './events.js';
import { Play } from './sample-chain-for-tests.js';

const decide = (play: Play, position: number, decision: ApprovalDecision, words = 'ask the board') =>
  play.give({ kind: 'DecideApproval', position, decision, words });
const ask = (play: Play, position: number) => play.fail(position, 'APPROVAL_REQUIRED', { retryable: false });

describe('a task that needs an approval', () => {
  it('waits, keeps why, and counts no failure, whatever its retry policy', () => {
    for (const retry of [{}, { maxRetries: 3 }, { onExhausted: 'pause' as const }]) {
      const play = ask(Play.of([{ retry }, { after: [0] }], { stopOnError: true }), 0);
      expect(play.tasks).toBe('a RETRYING (APPROVAL), b PENDING');
      const error = { code: 'APPROVAL_REQUIRED', message: 'APPROVAL_REQUIRED of a' };
      expect(play.task(0)).toMatchObject({ runId: 'a.1', failures: 0, error, nextAttemptAt: play.now + 600_000 });
      expect(play.chain.status).toBe('RUNNING');
    }
  });

  it('leaves its place to another', () => {
    const play = ask(Play.of([{}, {}], { maxParallel: 1 }), 0);
    expect(play.tasks).toBe('a RETRYING (APPROVAL), b READY');
    decide(play, 0, 'approve');
    expect(play.tasks).toBe('a READY (MAX_PARALLEL), b READY');
  });

  it('runs again once it is approved, and may need another approval', () => {
    const play = ask(Play.of([{}]), 0);
    decide(play, 0, 'approve');
    expect(play.task(0)).toMatchObject({ status: 'READY', hold: null, nextAttemptAt: null, error: null });
    ask(play, 0);
    expect(play.task(0)).toMatchObject({ status: 'RETRYING', hold: 'APPROVAL', attempt: 2 });
  });

  it('is tried again if the approval came while it ran, once', () => {
    const play = Play.of([{}]).run(0);
    decide(play, 0, 'approve');
    expect(play.tasks).toBe('a RUNNING');
    ask(play, 0);
    expect(play.tasks).toBe('a READY');
    ask(play, 0);
    expect(play.tasks).toBe('a RETRYING (APPROVAL)');
  });

  it.each(['refuse', 'withdraw'] as const)('fails with the words of the owner on %s', (decision) => {
    const play = ask(Play.of([{}, { after: [0] }, { after: [0], triggerRule: 'all_failed' }]), 0);
    decide(play, 0, decision);
    expect(play.tasks).toBe('a FAILURE, b SKIPPED, c READY');
    expect(play.task(0).error).toMatchObject({ code: 'POLICY_REFUSED', message: 'ask the board' });
  });

  it('fails with words that say who decided where the owner gave none, and keeps what it asked for', () => {
    for (const [decision, message] of [
      ['refuse', 'the owner of the data decided: refuse'],
      ['withdraw', 'the owner of the data decided: withdraw'],
    ] as const) {
      const play = ask(Play.of([{}]), 0);
      const details = { datasets: ['c'] };
      const asked = { ...play.task(0), error: { code: 'APPROVAL_REQUIRED', message: 'an owner must decide', details } };
      play.state = { ...play.state, tasks: new Map([[0, asked]]) };
      decide(play, 0, decision, '');
      expect(play.task(0).error).toEqual({ code: 'POLICY_REFUSED', message, details });
    }
    const running = Play.of([{ error: { code: 'OLD', message: 'before', details: { old: true } } }]).run(0);
    decide(running, 0, 'refuse', '');
    expect(running.task(0).error).not.toHaveProperty('details');
  });

  it('is stopped while it runs if the owner withdraws, and ends the chain by stop_on_error', () => {
    const play = Play.of([{}, { after: [0] }], { stopOnError: true }).run(0);
    expect(decide(play, 0, 'withdraw')).toMatchObject({ effects: [{ kind: 'AbortTask' }, { kind: 'ChainFinished' }] });
    expect(play.tasks).toBe('a FAILURE, b SKIPPED');
    expect(play.chain.error).toMatchObject({ code: 'POLICY_REFUSED' });
  });

  it('is not touched by a decision once it has ended, or before it was sent', () => {
    const play = Play.of([{}, {}, { after: [1] }]).succeed(0);
    for (const decision of ['approve', 'refuse', 'withdraw'] as const) {
      for (const position of [0, 1, 2]) decide(play, position, decision);
    }
    expect(play.tasks).toBe('a SUCCESS, b READY, c PENDING');
  });

  it('fails when nobody decides in time, and not before', () => {
    const play = ask(Play.of([{}]), 0);
    play.now += 599_999;
    expect(play.give({ kind: 'ApprovalTimedOut', position: 0 })).toMatchObject({ disposition: 'STALE' });
    play.now += 1;
    play.give({ kind: 'ApprovalTimedOut', position: 0 });
    const message =
      'nobody approved the task within its 600 s: ask the owner, then retry the chain, or raise options.approval_timeout';
    expect(play.task(0)).toMatchObject({ status: 'FAILURE', nextAttemptAt: null });
    expect(play.task(0).error).toEqual({ code: 'APPROVAL_EXPIRED', message });
    expect(play.chain.status).toBe('FAILURE');
  });

  it('keeps what it asked for when nobody decides in time', () => {
    const error = { code: 'APPROVAL_REQUIRED', message: 'an owner must decide', details: { datasets: ['c'] } };
    const play = Play.of([{}]).run(0);
    const report = { kind: 'TaskFailed', position: 0, attempt: 1, runId: 'a.1', error, retryable: false, random: 0 };
    play.give(report as ChainEvent);
    play.now += 600_000;
    play.give({ kind: 'ApprovalTimedOut', position: 0 });
    expect(play.task(0).error).toMatchObject({ code: 'APPROVAL_EXPIRED', details: { datasets: ['c'] } });
  });

  it('is another than one that waits for its backoff, which no approval times out', () => {
    const play = Play.of([{ retry: { maxRetries: 1 } }]).fail(0);
    play.now += 600_000;
    expect(play.give({ kind: 'ApprovalTimedOut', position: 0 })).toMatchObject({ disposition: 'STALE' });
    expect(play.tasks).toBe('a RETRYING');
  });

  it('keeps its hold through a pause', () => {
    const play = ask(Play.of([{}]), 0);
    play.give({ kind: 'PauseChain' });
    play.give({ kind: 'ResumeChain' });
    expect(play.tasks).toBe('a RETRYING (APPROVAL)');
    play.give({ kind: 'PauseChain' });
    decide(play, 0, 'approve');
    expect([play.tasks, play.chain.status]).toEqual(['a READY (CHAIN_PAUSED)', 'PAUSED']);
  });

  it('can be skipped, resolved, retried and stopped', () => {
    for (const [command, tasks] of [
      [{ kind: 'SkipTask', position: 0 }, 'a SKIPPED'],
      [{ kind: 'ResolveTask', position: 0 }, 'a SUCCESS'],
      [{ kind: 'RetryChain', from: [0], includeDownstream: false }, 'a READY'],
      [{ kind: 'CancelChain' }, 'a SKIPPED'],
      [{ kind: 'RepairChain' }, 'a RETRYING (APPROVAL)'],
    ] as const) {
      const play = ask(Play.of([{}]), 0);
      play.give(command);
      expect([command.kind, play.tasks]).toEqual([command.kind, tasks]);
    }
  });

  it('is announced as the first of its chain alone', () => {
    const announced = (play: Play, position: number) => {
      play.run(position);
      const { attempt, runId } = play.task(position);
      const error = { code: 'APPROVAL_REQUIRED', message: 'decide' };
      const failed = { kind: 'TaskFailed', position, attempt, runId, error, retryable: false, random: 0 } as const;
      return play.give(failed);
    };
    const play = Play.of([{}, {}]);
    expect(announced(play, 0)).toMatchObject({ effects: [{ kind: 'ApprovalAwaited', position: 0 }] });
    expect(announced(play, 1)).toMatchObject({ effects: [] });
  });
});

describe('the clock of a chain', () => {
  it('stands while approvals alone can move the chain', () => {
    const play = Play.of([{}, {}], { timeoutMs: 10_000 }).run(0, 1);
    play.now += 1_000;
    ask(play, 0);
    expect(play.chain).toMatchObject({ deadlineAt: play.now + 9_000, timeLeftMs: null });
    play.now += 1_000;
    play.succeed(1);
    expect(play.chain).toMatchObject({ deadlineAt: null, timeLeftMs: 8_000 });
    play.now += 100_000;
    expect(play.give({ kind: 'ChainTimedOut' })).toMatchObject({ disposition: 'STALE' });
    decide(play, 0, 'approve');
    expect(play.chain).toMatchObject({ deadlineAt: play.now + 8_000, timeLeftMs: null });
  });

  it('runs while a task waits for its backoff', () => {
    const play = Play.of([{}, { retry: { maxRetries: 1 } }], { timeoutMs: 10_000 }).run(0, 1);
    play.fail(1);
    ask(play, 0);
    expect(play.chain).toMatchObject({ deadlineAt: play.now + 10_000 });
  });

  it('keeps its time through a pause', () => {
    const play = ask(Play.of([{}], { timeoutMs: 10_000 }), 0);
    play.give({ kind: 'PauseChain' });
    expect(play.chain).toMatchObject({ deadlineAt: null, timeLeftMs: 10_000 });
    play.give({ kind: 'ResumeChain' });
    expect(play.chain).toMatchObject({ status: 'RUNNING', deadlineAt: null, timeLeftMs: 10_000 });
  });
});
