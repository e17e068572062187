import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_RETRY_POLICY, MAX_LOSSES, nextTryAt, retryDelay, type RetryPolicy } from './retry.js';
import { Play, T0 } from './sample-chain-for-tests.js';

const policy = (more: Partial<RetryPolicy> = {}): RetryPolicy => ({ ...DEFAULT_RETRY_POLICY, maxRetries: 3, ...more });
const due = (more: Partial<RetryPolicy>, failure: Partial<Parameters<typeof nextTryAt>[1]> = {}) =>
  nextTryAt(policy(more), { code: 'X', retryable: true, failures: 1, firstQueuedAt: 0, random: 0, ...failure }, 1_000);

describe('retryDelay', () => {
  it('is always the same, or doubles up to its cap', () => {
    const delays = (more: Partial<RetryPolicy>) => [1, 2, 3, 4, 5].map((n) => retryDelay(policy(more), n, 0));
    expect(delays({ delayMs: 100 })).toEqual([100, 100, 100, 100, 100]);
    const cap = { backoff: 'exponential', delayMs: 100, maxDelayMs: 1_000 } as const;
    expect(delays(cap)).toEqual([100, 200, 400, 800, 1_000]);
    expect(retryDelay(policy({ ...cap, maxDelayMs: 1e6 }), 1_000, 0)).toBe(1e6);
  });

  it('with jitter lies between the half and the whole', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (failures, random) => {
          const plain = retryDelay(policy({ backoff: 'exponential' }), failures, random);
          const spread = retryDelay(policy({ backoff: 'exponential', jitter: true }), failures, random);
          expect(spread).toBeGreaterThanOrEqual(plain / 2);
          expect(spread).toBeLessThanOrEqual(plain);
        },
      ),
    );
  });
});

describe('nextTryAt', () => {
  it('leaves no try where another cannot mend it, where none is left, and where none is wanted', () => {
    expect(due({})).toBe(2_000);
    expect(due({}, { retryable: false })).toBeNull();
    expect(due({}, { failures: 3 })).toBe(2_000);
    expect(due({}, { failures: 4 })).toBeNull();
    expect(due({ retryOnFailure: false })).toBeNull();
  });

  it('goes by the failure code', () => {
    expect(due({ retryOn: ['X', 'Y'] })).toBe(2_000);
    expect(due({ retryOn: ['Y'] })).toBeNull();
    expect(due({ retryOn: [] })).toBe(2_000);
    expect(due({ neverRetryOn: ['X'] })).toBeNull();
    expect(due({ retryOn: ['X'], neverRetryOn: ['X'] })).toBeNull();
  });

  it('begins no try after the budget', () => {
    expect(due({ budgetMs: 2_000 })).toBe(2_000);
    expect(due({ budgetMs: 1_999 })).toBeNull();
    expect(due({ budgetMs: 1_000 }, { firstQueuedAt: null })).toBe(2_000);
  });
});

describe('a failing task', () => {
  it('is tried as often as its policy says, and then fails', () => {
    const play = Play.of([{ retry: { maxRetries: 2 } }]).fail(0);
    expect(play.task(0)).toMatchObject({
      status: 'RETRYING',
      failures: 1,
      nextAttemptAt: T0 + 1_000,
      error: { code: 'TASK_ERROR' },
    });
    play.promote(0).fail(0).promote(0).fail(0);
    expect(play.task(0)).toMatchObject({ status: 'FAILURE', failures: 3, attempt: 3 });
    expect(play.chain).toMatchObject({ status: 'FAILURE', error: { code: 'TASK_ERROR', details: { task_id: 'a' } } });
  });

  it('that ends well at last keeps its run and no error', () => {
    const play = Play.of([{ retry: { maxRetries: 1 } }]).fail(0);
    expect(play.task(0)).toMatchObject({ runId: 'a.1', error: { code: 'TASK_ERROR' } });
    play.promote(0).succeed(0);
    expect(play.task(0)).toMatchObject({ status: 'SUCCESS', runId: 'a.2', error: null });
  });

  it('without a try left pauses the chain where that is wanted, until it is resumed', () => {
    const play = Play.of([{ retry: { onExhausted: 'pause' } }, {}]).fail(0);
    expect(play.chain.status).toBe('PAUSED');
    expect(play.tasks).toBe('a RETRYING (RETRIES_EXHAUSTED), b READY (CHAIN_PAUSED)');
    play.give({ kind: 'ResumeChain' });
    expect(play.tasks).toBe('a READY, b READY');
    expect(play.task(0)).toMatchObject({ failures: 0, firstQueuedAt: null });
  });

  it('that is tolerable never pauses the chain, and its successors take it for a success', () => {
    const play = Play.of([{ retry: { onExhausted: 'pause' }, tolerable: true }, { after: [0] }]).fail(0);
    expect(play.tasks).toBe('a FAILURE, b READY');
    play.succeed(1);
    expect(play.chain).toMatchObject({ status: 'SUCCESS', failedTasks: 1, toleratedTasks: 1, error: null });
  });

  it('that is tolerable does not stop the chain', () => {
    const play = Play.of([{ tolerable: true }, {}], { stopOnError: true }).fail(0);
    expect(play.tasks).toBe('a FAILURE, b READY');
  });
});

describe('a task that finds the disk full', () => {
  const full = (retry: Partial<RetryPolicy> = {}) => Play.of([{ retry }]).fail(0, 'DISK_FULL');

  it('waits and is tried again whatever its policy says, without a failure', () => {
    for (const retry of [{}, { maxRetries: 3 }, { retryOnFailure: false }, { onExhausted: 'pause' } as const]) {
      const play = full(retry);
      expect(play.task(0)).toMatchObject({
        status: 'RETRYING',
        runId: 'a.1',
        failures: 0,
        hold: null,
        nextAttemptAt: T0 + 5_000,
        error: { code: 'DISK_FULL' },
      });
      play.promote(0).succeed(0);
      expect(play.chain.status).toBe('SUCCESS');
    }
  });

  it('waits longer, the longer there is no room, and fails after a day', () => {
    const play = full();
    const pauses = [60_000, 3_600_000, 24 * 3_600_000 - 1].map((waited) => {
      play.promote(0).send(0);
      play.now = T0 + waited;
      return play.fail(0, 'DISK_FULL').task(0).nextAttemptAt! - play.now;
    });
    expect(pauses).toEqual([15_000, 300_000, 300_000]);
    play.promote(0).send(0);
    play.now = T0 + 24 * 3_600_000;
    expect(play.fail(0, 'DISK_FULL').chain).toMatchObject({ status: 'FAILURE', error: { code: 'DISK_FULL' } });
  });

  it('fails at once where its policy names the code', () => {
    expect(full({ maxRetries: 3, neverRetryOn: ['DISK_FULL'] }).task(0).status).toBe('FAILURE');
  });

  it('leaves its place to another while it waits', () => {
    const play = Play.of([{}, {}], { maxParallel: 1 }).fail(0, 'DISK_FULL');
    expect(play.tasks).toBe('a RETRYING, b READY');
  });
});

describe('a lost task', () => {
  it('is tried again without a failure, until too many workers were lost with it', () => {
    const play = Play.of([{}]);
    for (let losses = 1; losses <= MAX_LOSSES; losses++) {
      play.run(0).lose(0);
      expect(play.task(0)).toMatchObject({ status: 'READY', losses, failures: 0, attempt: losses });
    }
    play.run(0).lose(0);
    const message =
      '6 workers were lost while they ran this task: look at their logs and memory before running it again';
    expect(play.task(0).error).toEqual({ code: 'WORKER_LOST', message });
    expect(play.chain).toMatchObject({ status: 'FAILURE', error: { code: 'WORKER_LOST' } });
  });
});
