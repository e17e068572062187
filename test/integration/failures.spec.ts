import { expect } from '@jest/globals';
import {
  chain,
  child,
  describeOnBackends,
  line,
  task,
  taskOf,
  type AttemptAnswer,
  type ChainAnswer,
} from './system/index.js';

// Two slots: a test knows what runs beside what, and when both are taken.
describeOnBackends('failures, time-outs and cancelling', { env: { WORKER_CONCURRENCY_DIAGNOSTIC: '2' } }, (check) => {
  check('failed tasks are tried again after a fixed or a growing delay', async ({ api }) => {
    const done = await api.run(
      chain(
        [
          task('fixed', { fail_attempts: 2, error_code: 'FLAKY' }),
          task(
            'growing',
            { fail_attempts: 3 },
            { retry_policy: { max_retries: 3, backoff: 'exponential', delay_ms: 400, max_delay_ms: 800 } },
          ),
          task('after', {}, { depends_on: ['fixed', 'growing'] }),
        ],
        { retry_policy: { max_retries: 2, delay_ms: 800 } },
      ),
    );
    expect({ status: done.status, error: done.error }).toEqual({ status: 'SUCCESS', error: null });
    expect(taskOf(done, 'fixed')).toMatchObject({ attempt: 3, failures: 2, losses: 0, error: null });
    expect(taskOf(done, 'growing')).toMatchObject({ attempt: 4, failures: 3, error: null });
    expect(taskOf(done, 'after').result!.inputs).toMatchObject({ fixed: { attempt: 3 }, growing: { attempt: 4 } });

    const fixed = await api.attempts(done.chain_id, 'fixed');
    expect(fixed.map(({ attempt, outcome, error }) => [attempt, outcome, error?.code])).toEqual([
      [1, 'FAILURE', 'FLAKY'],
      [2, 'FAILURE', 'FLAKY'],
      [3, 'SUCCESS', undefined],
    ]);
    expectPauses(fixed, [800, 800]);
    expectPauses(await api.attempts(done.chain_id, 'growing'), [400, 800, 800]);
  });

  check('failed tasks say when the next try is due', async ({ api }) => {
    const id = await api.start(
      chain([task('slow', { fail_attempts: 1 }, { retry_policy: { max_retries: 1, delay_ms: 60_000 } })]),
    );
    const waiting = taskOf(await api.untilTask(id, 'slow', 'RETRYING'), 'slow');
    expect(waiting.waiting).toMatchObject({ code: 'BACKOFF', message: expect.stringContaining('failed 1 times') });
    expect(waiting.error).toMatchObject({ code: 'TASK_ERROR' });
    await api.expect(200, `/chains/${id}/cancel`, { method: 'POST' });
    const cancelled = await api.chain(id);
    expect(taskOf(cancelled, 'slow')).toMatchObject({ status: 'SKIPPED', skip_reason: 'CHAIN_STOPPED' });
  });

  check('failed tasks stop the chain when their tries are used up', async ({ api }) => {
    const done = await api.run(
      chain(
        [
          task('fails', { delay_ms: 300, fail_attempts: 9, error_code: 'NO_LUCK' }),
          task('other', { delay_ms: 60_000 }, { execution_mode: 'parallel' }),
          task('after-fails', {}, { depends_on: ['fails'] }),
          task('after-other', {}, { depends_on: ['other'] }),
        ],
        { retry_policy: { max_retries: 1, delay_ms: 0 } },
      ),
    );
    expect(done).toMatchObject({
      status: 'FAILURE',
      failed_tasks: 1,
      cancelled_tasks: 1,
      skipped_tasks: 2,
      completed_tasks: 0,
      progress: 100,
      error: { code: 'NO_LUCK', details: { task_id: 'fails' } },
    });
    expect(taskOf(done, 'fails')).toMatchObject({ status: 'FAILURE', attempt: 2, failures: 2 });
    expect(taskOf(done, 'other')).toMatchObject({ status: 'CANCELLED' });
    for (const id of ['after-fails', 'after-other']) {
      expect(taskOf(done, id)).toMatchObject({ status: 'SKIPPED', skip_reason: 'CHAIN_STOPPED', attempt: 0 });
    }
  });

  check('what was done is undone, the last task first, and waits for an operator where that fails', async ({ api }) => {
    const undo = (task_config: object) => ({ task_type: 'diagnostic', task_params: { task_config } });
    const failed = await api.run(
      chain([
        task('book', { delay_ms: 1 }, { compensate_with: undo({ result: { of: '${tasks.book.result.attempt}' } }) }),
        task(
          'pay',
          {},
          {
            depends_on: ['book'],
            compensate_with: undo({ fail_attempts: 1, error_code: 'AGAIN' }),
          },
        ),
        task('fails', { fail_attempts: 9 }, { depends_on: ['pay'], compensate_with: undo({}) }),
      ]),
    );
    expect(failed).toMatchObject({ status: 'FAILURE', compensates: null, compensated_by: expect.any(String) });
    const id = failed.compensated_by!;
    const held = await api.untilTask(id, 'undo.pay', 'RETRYING');
    expect(held).toMatchObject({ status: 'PAUSED', compensates: failed.chain_id, total_tasks: 2 });
    expect(taskOf(held, 'undo.pay')).toMatchObject({ hold: 'RETRIES_EXHAUSTED', error: { code: 'AGAIN' } });
    await api.expect(200, `/chains/${id}/resume`, { method: 'POST' });
    const done = await api.ended(id);
    expect(done).toMatchObject({ status: 'SUCCESS', completed_tasks: 2 });
    expect(taskOf(done, 'undo.book').result).toMatchObject({ result: { of: 1 } });
    await api.expect(409, `/chains/${failed.chain_id}/retry`, { method: 'POST' });
  });

  check('what was done is undone where the chain is cancelled, or ended as failed', async ({ api }) => {
    const compensate_with = { task_type: 'diagnostic', task_params: { task_config: {} } };
    const slow = task('slow', { delay_ms: 60_000 }, { depends_on: ['book'] });
    const id = await api.start(chain([task('book', {}, { compensate_with }), slow]));
    await api.untilTask(id, 'slow', 'RUNNING');
    await api.expect(200, `/chains/${id}/cancel`, { method: 'POST', body: { dry_run: true } });
    expect(await api.chain(id)).toMatchObject({ status: 'RUNNING', compensated_by: null });
    await api.expect(200, `/chains/${id}/cancel`, { method: 'POST' });
    const cancelled = await api.chain(id);
    expect(cancelled).toMatchObject({ status: 'CANCELLED', compensated_by: expect.any(String) });
    expect(await api.ended(cancelled.compensated_by!)).toMatchObject({
      status: 'SUCCESS',
      total_tasks: 1,
      compensates: id,
    });

    const end_chain = { when: 'true', status: 'FAILURE', message: 'no' };
    const ended = await api.run(chain([task('book', {}, { compensate_with, end_chain }), task('never')]));
    expect(ended).toMatchObject({ status: 'FAILURE', compensated_by: expect.any(String) });
    const good = await api.run(chain([task('book', {}, { compensate_with })]));
    expect(good).toMatchObject({ status: 'SUCCESS', compensated_by: null });
  });

  check('a task runs another chain, gets its outputs, and goes on where it failed', async ({ api }) => {
    const params = { type: 'object', properties: { n: { type: 'integer' }, word: { type: 'string', default: 'x' } } };
    const inner = {
      params,
      outputs: { n: '${tasks.second.result.result.n}', word: '${tasks.second.result.result.word}' },
      tasks: [
        task('first'),
        task(
          'second',
          { result: { n: '${params.n}', word: '${params.word}' }, fail_attempts: 1 },
          { depends_on: ['first'] },
        ),
      ],
    };
    const body = chain([
      task('give', { result: { n: 7 } }),
      child('run', { chain: inner, args: { n: '${tasks.give.result.result.n}' } }, { depends_on: ['give'] }),
      task('take', { result: '${tasks.run.result}' }, { depends_on: ['run'] }),
    ]);
    const failed = await api.run(body);
    expect(failed).toMatchObject({ status: 'FAILURE', error: { code: 'CHILD_FAILED' }, parent_chain_id: null });
    const id = taskOf(failed, 'run').child_chain_id!;
    const inside = await api.chain(id);
    expect(inside).toMatchObject({ status: 'FAILURE', chain_name: 'test chain: run', parent_task_id: 'run' });
    expect(inside.parent_chain_id).toBe(failed.chain_id);
    await api.expect(409, `/chains/${id}/retry`, { method: 'POST' });

    await api.expect(200, `/chains/${failed.chain_id}/retry`, { method: 'POST' });
    const done = await api.ended(failed.chain_id);
    expect(done).toMatchObject({ status: 'SUCCESS', completed_tasks: 3 });
    expect(taskOf(done, 'take').result).toMatchObject({ result: { n: 7, word: 'x' } });
    expect(taskOf(done, 'run').child_chain_id).toBe(id);
    // The breakpoint: what had succeeded did not run again.
    const [first, second] = (await api.chain(id)).tasks;
    expect([first!.attempt, second!.attempt]).toEqual([1, 2]);
  });

  check('a chain runs in turns until its condition holds, and goes on in the turn that failed', async ({ api }) => {
    const properties = { n: { type: 'array', default: [] } };
    const turn = {
      params: { type: 'object', properties },
      outputs: { n: '${tasks.grow.result.result}', tries: '${tasks.grow.result.attempt}' },
      tasks: [task('grow', { result: ['${params.n}'] })],
    };
    // The list that a turn gets lies in the one that it gives: its depth counts the turns.
    const until = 'tasks.loop.result.n == [[[[]]]]';
    const repeat = { until, max: 3, carry: { n: 'n' } };
    const done = await api.run(chain([child('loop', { chain: turn }, { repeat })]));
    expect(done).toMatchObject({ status: 'SUCCESS' });
    expect(taskOf(done, 'loop')).toMatchObject({ attempt: 3, failures: 0, result: { n: [[[[]]]] } });
    const turns = await api.expect<{ items: ChainAnswer[] }>(
      200,
      `/chains?parent_chain_id=${done.chain_id}&sort=created_at`,
    );
    expect(turns.items.map(({ parent_turn, status }) => [parent_turn, status])).toEqual([
      [1, 'SUCCESS'],
      [2, 'SUCCESS'],
      [3, 'SUCCESS'],
    ]);

    const short = { ...repeat, max: 2, delay: 0.2 };
    const exhausted = await api.run(chain([child('loop', { chain: turn }, { repeat: short })]));
    expect(taskOf(exhausted, 'loop')).toMatchObject({ status: 'FAILURE', error: { code: 'TURNS_EXHAUSTED' } });

    const flaky = { ...turn, tasks: [task('grow', { result: ['${params.n}'], fail_attempts: 1 })] };
    const failed = await api.run(chain([child('loop', { chain: flaky }, { repeat })]));
    for (const n of [1, 2, 3]) {
      const last = n === 1 ? failed : await api.ended(failed.chain_id);
      expect(last).toMatchObject({ status: 'FAILURE', error: { code: 'CHILD_FAILED' } });
      const own = await api.chain(taskOf(last, 'loop').child_chain_id!);
      expect(own.parent_turn).toBe(n);
      await api.expect(200, `/chains/${failed.chain_id}/retry`, { method: 'POST' });
    }
    expect(taskOf(await api.ended(failed.chain_id), 'loop').result).toMatchObject({ n: [[[[]]]], tries: 2 });
  });

  check('what becomes of a chain becomes of its child', async ({ api }) => {
    const slow = child('run', {
      chain: { tasks: [task('slow', { delay_ms: 60_000 }), task('next', {}, { depends_on: ['slow'] })] },
    });
    const id = await api.start(chain([slow]));
    const childId = await api.untilChild(id, 'run');
    await api.untilTask(childId, 'slow', 'RUNNING');
    const until = (status: string) => api.until(childId, status, (found) => found.status === status);
    await api.expect(200, `/chains/${id}/pause`, { method: 'POST' });
    await until('PAUSED');
    await api.expect(200, `/chains/${id}/resume`, { method: 'POST' });
    await until('RUNNING');
    await api.expect(200, `/chains/${id}/priority`, { method: 'POST', body: { priority: 9 } });
    await api.until(childId, 'its priority is 9', ({ tasks }) => tasks.every(({ priority }) => priority === 9));
    await api.expect(200, `/chains/${id}/cancel`, { method: 'POST' });
    await until('CANCELLED');

    const other = await api.start(
      chain([slow, task('after', {}, { depends_on: ['run'], trigger_rule: 'all_done' })], { stop_on_error: false }),
    );
    const stopped = await api.untilChild(other, 'run');
    await api.expect(200, `/chains/${stopped}/cancel`, { method: 'POST' });
    const ended = await api.ended(other);
    expect(taskOf(ended, 'run')).toMatchObject({ status: 'FAILURE', error: { code: 'CHILD_CANCELLED' } });
    expect(taskOf(ended, 'after').status).toBe('SUCCESS');
  });

  check('failed tasks leave other branches running where stop_on_error is false', async ({ api }) => {
    const done = await api.run(
      chain(
        [
          task('fails', { fail_attempts: 9 }, { retry_policy: { max_retries: 5, retry_on_failure: false } }),
          task('after-fails', {}, { depends_on: ['fails'] }),
          task('far', {}, { depends_on: ['after-fails', 'works'] }),
          task('cleanup', {}, { depends_on: ['fails', 'works'], trigger_rule: 'all_done' }),
          task('works', { delay_ms: 500 }),
          task('after-works', {}, { depends_on: ['works'] }),
        ],
        { stop_on_error: false },
      ),
    );
    expect(done).toMatchObject({ status: 'FAILURE', failed_tasks: 1, skipped_tasks: 2, completed_tasks: 3 });
    expect(done.error).toMatchObject({ code: 'TASK_ERROR', details: { task_id: 'fails' } });
    expect(taskOf(done, 'fails')).toMatchObject({ status: 'FAILURE', attempt: 1, failures: 1 });
    for (const id of ['after-fails', 'far'])
      expect(taskOf(done, id)).toMatchObject({ status: 'SKIPPED', skip_reason: 'UPSTREAM_FAILED' });
    for (const id of ['works', 'after-works', 'cleanup']) expect(taskOf(done, id).status).toBe('SUCCESS');
  });

  check('time-outs end a task within 2 s of its time, and give its slot back', async ({ api }) => {
    const id = await api.start(
      chain(
        [
          task('waits', { delay_ms: 120_000 }, { timeout: 1 }),
          task('burns', { cpu_ms: 120_000 }, { timeout: 1 }),
          // Both slots are taken: these wait for them.
          task('next-1', {}, { priority: 'low' }),
          task('next-2', {}, { priority: 'low' }),
        ],
        { stop_on_error: false },
      ),
    );
    const done = await api.ended(id);
    expect(done).toMatchObject({ status: 'FAILURE', failed_tasks: 2, completed_tasks: 2 });
    for (const taskId of ['waits', 'burns']) {
      const ended = taskOf(done, taskId);
      expect(ended).toMatchObject({ status: 'FAILURE', attempt: 1, error: { code: 'TIMEOUT_RUN' } });
      expect(ended.error!.message).toContain('1 s');
      expectTook(ended.started_at!, ended.completed_at!, 1_000, 3_000);
    }
  });

  check('time-outs end a chain within 2 s of its time', async ({ api }) => {
    const done = await api.run(
      chain([task('long', { delay_ms: 120_000 }), task('after', {}, { depends_on: ['long'] })], { timeout: 1 }),
    );
    expect(done).toMatchObject({ status: 'FAILURE', cancelled_tasks: 1, skipped_tasks: 1 });
    expect(done.error).toMatchObject({ code: 'TIMEOUT_CHAIN', message: expect.stringContaining('1 s') });
    expect(taskOf(done, 'long').status).toBe('CANCELLED');
    expect(taskOf(done, 'after')).toMatchObject({ status: 'SKIPPED', skip_reason: 'CHAIN_STOPPED' });
    expectTook(done.started_at, done.completed_at, 1_000, 3_000);
  });

  for (const [how, config] of [
    ['waits', { delay_ms: 120_000 }],
    ['burns CPU', { cpu_ms: 120_000 }],
  ] as const) {
    check(`cancelling frees the slot of a task that ${how} within 2 s`, async ({ api }) => {
      const id = await api.start(
        chain([task('held', config), task('beside', config), task('after', {}, { depends_on: ['held'] })]),
      );
      await api.untilTask(id, 'held', 'RUNNING');
      await api.untilTask(id, 'beside', 'RUNNING');
      const next = await api.start(chain([task('next')]));
      const cancelled = await api.expect(200, `/chains/${id}${how === 'waits' ? '' : '/cancel'}`, {
        method: how === 'waits' ? 'DELETE' : 'POST',
      });
      expect(cancelled).toMatchObject({ chain_id: id, status: 'CANCELLED' });
      const { cancelled_at } = cancelled as { cancelled_at: string };
      const chainNow = await api.chain(id);
      expect(chainNow).toMatchObject({ status: 'CANCELLED', cancelled_tasks: 2, skipped_tasks: 1, error: null });
      expect(taskOf(chainNow, 'held').status).toBe('CANCELLED');
      expect(taskOf(chainNow, 'after')).toMatchObject({ status: 'SKIPPED', skip_reason: 'CHAIN_STOPPED' });
      const [attempt] = await api.attempts(id, 'held');
      expect(attempt).toMatchObject({ attempt: 1, outcome: 'CANCELLED' });
      // Both slots were taken: the next task starts when the worker has let go.
      const done = await api.ended(next);
      expectTook(cancelled_at, taskOf(done, 'next').started_at!, 0, 2_000);
    });
  }

  check('cancelling and starting answer 409 with the present status where it is not theirs', async ({ api }) => {
    const conflict = async (method: string, path: string, status: string) => {
      const answer = await api.call(path, { method });
      expect(answer.status).toBe(409);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.body).toMatchObject({ status: 409, code: 'CHAIN_STATE_CONFLICT' });
      expect(answer.body.detail).toContain(status);
    };
    const id = await api.create(chain(line(2, { delay_ms: 500 })));
    const created = await api.chain(id);
    expect(created).toMatchObject({ status: 'PENDING', started_at: null });
    expect(taskOf(created, 'task-0').waiting).toMatchObject({ code: 'CHAIN_NOT_STARTED' });
    const started = await api.expect(202, `/chains/${id}/execute`, { method: 'POST' });
    expect(started).toMatchObject({
      chain_id: id,
      status: 'RUNNING',
      execution_id: expect.stringContaining('execution-'),
    });
    await conflict('POST', `/chains/${id}/execute`, 'RUNNING');
    expect((await api.ended(id)).status).toBe('SUCCESS');
    await conflict('POST', `/chains/${id}/execute`, 'SUCCESS');
    await conflict('POST', `/chains/${id}/cancel`, 'SUCCESS');
    await conflict('DELETE', `/chains/${id}`, 'SUCCESS');

    const unstarted = await api.create(chain([task('a')]));
    await api.expect(200, `/chains/${unstarted}`, { method: 'DELETE' });
    expect(await api.chain(unstarted)).toMatchObject({ status: 'CANCELLED', skipped_tasks: 1 });
    await conflict('DELETE', `/chains/${unstarted}`, 'CANCELLED');
    await conflict('POST', `/chains/${unstarted}/execute`, 'CANCELLED');
  });

  check('starting at once: one of 20 starts wins, and the chain runs once', async ({ api }) => {
    for (let round = 1; round <= 5; round++) {
      const id = await api.create(chain(line(2)));
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => api.call(`/chains/${id}/execute`, { method: 'POST' })),
      );
      expect(answers.map((answer) => answer.status).sort()).toEqual([202, ...Array<number>(19).fill(409)]);
      const done = await api.ended(id);
      expect(done.tasks.map((each) => [each.status, each.attempt])).toEqual([
        ['SUCCESS', 1],
        ['SUCCESS', 1],
      ]);
    }
  });
});

/**
 * Pauses between attempts, ms: as long as asked for, and not absurdly longer. They are counted from the moment of the
 * decision, which is stored a little later: half of them leaves a slow machine its time.
 */
function expectPauses(attempts: readonly AttemptAnswer[], pauses: readonly number[]): void {
  expect(attempts).toHaveLength(pauses.length + 1);
  pauses.forEach((pause, i) =>
    expectTook(attempts[i]!.finished_at, attempts[i + 1]!.started_at, pause / 2, pause + 10_000),
  );
}

/** Times are of PostgreSQL's clock, rounded to the millisecond. */
function expectTook(from: string, to: string, least: number, most: number): void {
  const took = Date.parse(to) - Date.parse(from);
  expect(took).toBeGreaterThanOrEqual(least - 5);
  expect(took).toBeLessThanOrEqual(most);
}
