import { expect } from '@jest/globals';
import { chain, describeSystem, line, task, taskOf, type ApiClient, type ProblemAnswer } from './system/index.js';

interface ControlAnswer {
  chain_id: string;
  dry_run: boolean;
  status: string;
  epoch: number;
  tasks: { task_id: string; from: string; to: string; hold: string | null; priority: number }[];
}
interface BulkAnswer {
  done: number;
  refused: number;
  not_found: number;
  results: { chain_id: string; outcome: string; status: string | null; tasks_changed: number; detail: string | null }[];
  next_cursor: string | null;
}
type Headers = Record<string, string>;

const post = (api: ApiClient, path: string, body?: object, headers?: Headers) =>
  api.call<ControlAnswer & ProblemAnswer & BulkAnswer>(path, { method: 'POST', body, headers });
const control = async (api: ApiClient, path: string, body?: object) => {
  const answer = await post(api, path, body);
  if (answer.status >= 300) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
  return answer.body;
};
const moves = (answer: ControlAnswer) => answer.tasks.map((each) => `${each.task_id}: ${each.from} -> ${each.to}`);
const statuses = async (api: ApiClient, id: string) =>
  (await api.chain(id)).tasks.map(({ task_id, status }) => `${task_id}: ${status}`);
/** Says what would be done, does it, and checks that it was the same. Returns it. */
const asForetold = async (api: ApiClient, path: string, body: object = {}) => {
  const foretold = await control(api, path, { ...body, dry_run: true });
  const done = await control(api, path, body);
  expect({ ...foretold, dry_run: false }).toEqual({ ...done, dry_run: false });
  return done;
};
const events = async (api: ApiClient, id: string, kind: string) =>
  (
    await api.expect<{ items: { kind: string; task_id: string | null; data: object }[] }>(
      200,
      `/chains/${id}/events?limit=1000`,
    )
  ).items.filter((event) => event.kind === kind);

describeSystem('controls', 'postgres', {}, (check) => {
  check('pause lets what runs end and starts nothing new; resume goes on', async ({ api }) => {
    // `b` runs until both answers to `resume` are there.
    const [a, b] = [task('a', { delay_ms: 3_000 }), task('b', { delay_ms: 3_000 }, { depends_on: ['a'] })];
    const id = await api.start(chain([a, b]));
    await api.untilTask(id, 'a', 'RUNNING');
    const paused = await asForetold(api, `/chains/${id}/pause`, { note: 'a look at the data' });
    expect(paused).toMatchObject({ status: 'PAUSED', epoch: 1, tasks: [] });
    const held = await api.untilTask(id, 'b', 'READY');
    expect(taskOf(held, 'a').status).toBe('SUCCESS');
    expect(taskOf(held, 'b')).toMatchObject({ attempt: 0, waiting: { code: 'CHAIN_PAUSED' } });
    // Asked twice is done once.
    expect(await control(api, `/chains/${id}/pause`)).toMatchObject({ status: 'PAUSED', tasks: [] });
    expect(taskOf(await api.chain(id), 'b').attempt).toBe(0);
    const resumed = await asForetold(api, `/chains/${id}/resume`);
    expect(resumed).toMatchObject({
      status: 'RUNNING',
      tasks: [{ task_id: 'b', from: 'READY', to: 'READY', hold: null }],
    });
    expect(await control(api, `/chains/${id}/resume`)).toMatchObject({ status: 'RUNNING' });
    expect((await api.ended(id)).status).toBe('SUCCESS');
    const [audit] = await events(api, id, 'PauseChain');
    expect(audit).toMatchObject({ data: { by: 'admin key', note: 'a look at the data' } });
  });

  check('execute, cancel and delete tell what they do, or would', async ({ api }) => {
    const id = await api.create(chain([task('a', { delay_ms: 60_000 }), task('b', {}, { depends_on: ['a'] })]));
    const started = await post(api, `/chains/${id}/execute?dry_run=true`);
    expect(started).toMatchObject({ status: 202, body: { dry_run: true, status: 'RUNNING', execution_id: null } });
    expect((await api.chain(id)).status).toBe('PENDING');
    const done = (await post(api, `/chains/${id}/execute`)).body;
    expect(done).toMatchObject({ execution_id: expect.any(String), started_at: expect.any(String), dry_run: false });
    expect(moves(done)).toEqual(moves(started.body));
    expect(await post(api, `/chains/${id}/execute`)).toMatchObject({
      status: 409,
      body: {
        code: 'CHAIN_STATE_CONFLICT',
        detail: expect.stringContaining('RUNNING'),
        state: { chain_status: 'RUNNING' },
      },
    });
    await api.untilTask(id, 'a', 'RUNNING');
    const cancelled = await asForetold(api, `/chains/${id}/cancel`).catch((error: Error) => error);
    // Only the time differs from what was foretold.
    expect(String(cancelled)).toContain('cancelled_at');
    expect(await statuses(api, id)).toEqual(['a: CANCELLED', 'b: SKIPPED']);
    const gone = await api.call(`/chains/${id}`, { method: 'DELETE' });
    expect(gone).toMatchObject({ status: 409, body: { code: 'CHAIN_STATE_CONFLICT' } });
  });

  check('who polls a chain that is not under way gets it again when it has changed', async ({ api }) => {
    const id = await api.create(chain([task('a', { delay_ms: 60_000 })]));
    const path = `/chains/${id}`;
    const poll = async (tag: string) => {
      const { status, text, headers } = await api.call(path, { headers: { 'if-none-match': tag } });
      return { status, text, tag: headers.get('etag')! };
    };
    const { tag } = await poll('"0"');
    for (const same of [tag, `W/${tag}`, `"0", ${tag}`, '*']) {
      expect(await poll(same)).toEqual({ status: 304, text: '', tag });
    }
    await post(api, `${path}/priority`, { priority: 8 });
    expect((await poll(tag)).status).toBe(200);
    await post(api, `${path}/execute`, {});
    await api.untilTask(id, 'a', 'RUNNING');
    // Its progress has no version.
    expect((await poll((await poll('"0"')).tag)).status).toBe(200);
    await post(api, `${path}/cancel`, {});
    const ended = await api.ended(id);
    expect(await poll(`"${ended.version}"`)).toMatchObject({ status: 304, text: '' });
    expect((await api.call('/chains/none', { headers: { 'if-none-match': '*' } })).status).toBe(404);
  });

  check('of two operators who have read the same, the second learns that it has changed', async ({ api }) => {
    const id = await api.create(chain([task('a'), task('b')]));
    const tagOf = async (path: string) => (await api.call(path)).headers.get('etag')!;
    const [chainPath, a, b] = [`/chains/${id}`, `/chains/${id}/tasks/a`, `/chains/${id}/tasks/b`];
    const read = await tagOf(chainPath);
    const edit = (path: string, tag: string, priority: number, more: Headers = {}) =>
      post(api, `${path}/priority`, { priority }, { 'if-match': tag, ...more });
    const both = await Promise.all(Array.from({ length: 8 }, (_, n) => edit(chainPath, read, n > 3 ? 8 : 9)));
    expect(both.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(412)]);
    const now = await tagOf(chainPath);
    expect(now).not.toBe(read);
    const late = await edit(chainPath, read, 3);
    expect(late).toMatchObject({
      status: 412,
      body: { code: 'PRECONDITION_FAILED', detail: expect.stringContaining(now), state: { chain_status: 'PENDING' } },
    });
    expect(late.headers.get('etag')).toBe(now);
    expect((await post(api, `${chainPath}/execute?dry_run=true`, {}, { 'if-match': read })).status).toBe(412);
    expect((await api.call(chainPath, { method: 'DELETE', headers: { 'if-match': read } })).status).toBe(412);

    // A task has its own tag, which what is done to others leaves as it is.
    const [tagA, tagB] = [await tagOf(a), await tagOf(b)];
    expect((await edit(a, tagA, 1)).status).toBe(200);
    expect((await edit(a, tagA, 2)).status).toBe(412);
    expect((await edit(b, tagB, 2)).status).toBe(200);
    expect((await edit(a, now, 2)).status).toBe(412);
    expect((await post(api, `${a}/retry`, { dry_run: true }, { 'if-match': tagA })).status).toBe(412);

    // The answer that was lost is given again, whatever has changed since.
    const key = { 'idempotency-key': 'edit-1' };
    const tag = await tagOf(a);
    const first = await edit(a, tag, 7, key);
    expect(first.status).toBe(200);
    expect(await edit(a, tag, 7, key)).toMatchObject({ status: 200, body: first.body });

    const last = await tagOf(chainPath);
    const expected: [string, number][] = [
      ['*', 200],
      [`"0", ${last.replace('"', '"0')}`, 412],
      [`W/${last}`, 412],
      [last.replaceAll('"', ''), 400],
      ['"', 400],
      ['', 400],
    ];
    for (const [header, status] of expected) {
      const answer = await post(api, `${chainPath}/pause?dry_run=true`, {}, { 'if-match': header });
      // A chain that was not started cannot be paused: what was let through is refused by its status.
      expect({ header, status: answer.status }).toEqual({ header, status: status === 200 ? 409 : status });
    }
    const several = await edit(chainPath, `"0", ${await tagOf(chainPath)}`, 4);
    expect(several.status).toBe(200);
    expect((await edit('/chains/chain-none', '"1"', 4)).body.code).toBe('CHAIN_NOT_FOUND');
    expect((await edit(`/chains/${id}/tasks/none`, '"t1"', 4)).body.code).toBe('TASK_NOT_FOUND');
  });

  check('retry goes on from the breakpoint and keeps successes', async ({ api }) => {
    const id = await api.start(
      chain([
        task('a', { result: 1 }),
        task('b', { fail_attempts: 1 }, { depends_on: ['a'] }),
        task('c', {}, { depends_on: ['b'] }),
      ]),
    );
    expect((await api.ended(id)).status).toBe('FAILURE');
    const retried = await asForetold(api, `/chains/${id}/retry`, { note: 'again' });
    expect(retried).toMatchObject({ status: 'RUNNING', epoch: 2 });
    expect(moves(retried)).toEqual(['b: FAILURE -> READY', 'c: SKIPPED -> PENDING']);
    const done = await api.ended(id);
    expect(done).toMatchObject({ status: 'SUCCESS', completed_tasks: 3, failed_tasks: 0, skipped_tasks: 0 });
    expect(done.tasks.map(({ attempt }) => attempt)).toEqual([1, 2, 1]);
    expect(await post(api, `/chains/${id}/retry`)).toMatchObject({
      status: 409,
      body: { code: 'CHAIN_STATE_CONFLICT' },
    });
  });

  check('retry runs chosen tasks again, with or without what follows', async ({ api }) => {
    const id = (await api.run(chain(line(4)))).chain_id;
    const alone = await asForetold(api, `/chains/${id}/retry`, { from: ['task-1'], include_downstream: false });
    expect(moves(alone)).toEqual(['task-1: SUCCESS -> READY']);
    expect((await api.ended(id)).tasks.map(({ attempt }) => attempt)).toEqual([1, 2, 1, 1]);
    const all = await asForetold(api, `/chains/${id}/tasks/task-2/retry`);
    expect(moves(all)).toEqual(['task-2: SUCCESS -> READY', 'task-3: SUCCESS -> PENDING']);
    const done = await api.ended(id);
    expect(done).toMatchObject({ status: 'SUCCESS', completed_tasks: 4 });
    expect(done.tasks.map(({ attempt }) => attempt)).toEqual([1, 2, 2, 2]);
    const [, second] = await events(api, id, 'RetryChain');
    expect(second).toMatchObject({ data: { from: ['task-2'], include_downstream: true, note: null } });
  });

  check('retry works while the chain runs', async ({ api }) => {
    const id = await api.start(
      chain(
        [
          task('fails', { fail_attempts: 1 }),
          task('after', {}, { depends_on: ['fails'] }),
          task('long', { delay_ms: 4_000 }),
        ],
        { stop_on_error: false },
      ),
    );
    await api.untilTask(id, 'after', 'SKIPPED');
    await api.untilTask(id, 'long', 'RUNNING');
    expect(moves(await asForetold(api, `/chains/${id}/retry`))).toEqual([
      'fails: FAILURE -> READY',
      'after: SKIPPED -> PENDING',
    ]);
    const done = await api.ended(id);
    expect(done).toMatchObject({ status: 'SUCCESS', error: null });
    expect(done.tasks.map(({ attempt }) => attempt)).toEqual([2, 1, 1]);
  });

  check('skip and resolve end a task for its successors', async ({ api }) => {
    const id = await api.start(
      chain([
        task('skipped', { delay_ms: 60_000 }),
        task('resolved', { delay_ms: 60_000 }),
        task('after-skipped', {}, { depends_on: ['skipped'], trigger_rule: 'none_failed' }),
        task('after-resolved', { result: '${tasks.resolved.result.n}' }, { depends_on: ['resolved'] }),
      ]),
    );
    await api.untilTask(id, 'skipped', 'RUNNING');
    await api.untilTask(id, 'resolved', 'RUNNING');
    const skipped = await asForetold(api, `/chains/${id}/tasks/skipped/skip`, { note: 'not needed' });
    expect(moves(skipped)).toEqual(['skipped: RUNNING -> SKIPPED', 'after-skipped: PENDING -> READY']);
    await asForetold(api, `/chains/${id}/tasks/resolved/resolve`, { note: 'by hand', result: { n: 42 } });
    const done = await api.ended(id);
    expect(done.status).toBe('SUCCESS');
    expect(taskOf(done, 'skipped')).toMatchObject({ status: 'SKIPPED', skip_reason: 'OPERATOR' });
    expect(taskOf(done, 'resolved')).toMatchObject({ status: 'SUCCESS', result: { n: 42 } });
    expect(taskOf(done, 'after-resolved').result).toMatchObject({ result: 42, inputs: { resolved: { n: 42 } } });
    expect(await events(api, id, 'ResolveTask')).toMatchObject([{ task_id: 'resolved', data: { note: 'by hand' } }]);
    // The workers got a stop signal.
    const [attempt] = await api.attempts(id, 'skipped');
    expect(attempt).toMatchObject({ outcome: 'CANCELLED' });
  });

  check('a task that has ended is neither skipped nor resolved', async ({ api }) => {
    const id = await api.start(chain([task('a'), task('b', { delay_ms: 60_000 }, { depends_on: ['a'] })]));
    await api.untilTask(id, 'a', 'SUCCESS');
    for (const [name, body] of [
      ['skip', { note: 'x' }],
      ['resolve', { note: 'x', result: 1 }],
    ] as const) {
      expect(await post(api, `/chains/${id}/tasks/a/${name}`, body)).toMatchObject({
        status: 409,
        body: {
          code: 'TASK_STATE_CONFLICT',
          detail: expect.stringContaining('SUCCESS'),
          state: { chain_status: 'RUNNING', task_id: 'a', task_status: 'SUCCESS' },
        },
      });
    }
    await control(api, `/chains/${id}/cancel`);
    expect(await post(api, `/chains/${id}/tasks/b/skip`, { note: 'x' })).toMatchObject({
      status: 409,
      body: { code: 'CHAIN_STATE_CONFLICT', state: { chain_status: 'CANCELLED' } },
    });
    for (const name of ['pause', 'resume', 'cancel']) {
      expect(await post(api, `/chains/${id}/${name}`)).toMatchObject({
        status: 409,
        body: { state: { chain_status: 'CANCELLED' } },
      });
    }
  });

  check('wrong requests are refused', async ({ api }) => {
    const id = await api.create(chain([task('a')]));
    const deep = JSON.parse(`${'['.repeat(33)}1${']'.repeat(33)}`) as unknown;
    for (const [path, body, status, code] of [
      ['/tasks/a/skip', undefined, 400, 'BAD_REQUEST'],
      ['/tasks/a/resolve', { note: 'x' }, 400, 'BAD_REQUEST'],
      ['/tasks/a/resolve', { note: 'x', result: deep }, 400, 'BAD_REQUEST'],
      ['/tasks/a/resolve', { note: 'x', result: 'x'.repeat(65_536) }, 400, 'BAD_REQUEST'],
      ['/tasks/a/priority', { priority: 11 }, 400, 'BAD_REQUEST'],
      ['/priority', {}, 400, 'BAD_REQUEST'],
      ['/retry', { from: [] }, 400, 'BAD_REQUEST'],
      ['/pause', { note: 1, why: 'x' }, 400, 'BAD_REQUEST'],
      ['/pause?dry_run=maybe', {}, 400, 'INVALID_QUERY'],
      ['/tasks/z/skip', { note: 'x' }, 404, 'TASK_NOT_FOUND'],
      ['/retry', undefined, 409, 'CHAIN_STATE_CONFLICT'],
      ['/tasks/a/skip', { note: 'x' }, 409, 'CHAIN_STATE_CONFLICT'],
    ] as const) {
      const answer = await post(api, `/chains/${id}${path}`, body);
      expect([path, answer.status, answer.body.code]).toEqual([path, status, code]);
    }
    const none = await post(api, '/chains/chain-none/pause');
    expect(none).toMatchObject({ status: 404, body: { code: 'CHAIN_NOT_FOUND' } });
    expect((await post(api, `/chains/${id}/pause`, { note: 1, why: 'x' })).body.errors).toHaveLength(2);
  });

  check('the same key is answered the same, and done once', async ({ api }) => {
    const id = (await api.run(chain(line(2)))).chain_id;
    const key = { 'idempotency-key': 'again-1' };
    const body = { from: ['task-1'], note: 'x' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(api, `/chains/${id}/retry`, body, key)));
    expect(new Set(answers.map(({ status, body: { epoch } }) => `${status} ${epoch}`))).toEqual(new Set(['200 2']));
    const fresh = answers.filter(({ headers }) => headers.get('idempotency-replayed') !== 'true');
    expect(fresh).toHaveLength(1);
    for (const answer of answers) expect(answer.body).toEqual(fresh[0]!.body);
    expect(await api.ended(id)).toMatchObject({ status: 'SUCCESS', tasks: [{ attempt: 1 }, { attempt: 2 }] });
    expect(await post(api, `/chains/${id}/retry`, { from: ['task-0'] }, key)).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    // Another chain, or another operation, has its own keys; one that is refused is not used up.
    expect((await post(api, `/chains/${id}/pause`, {}, key)).status).toBe(409);
    expect((await post(api, `/chains/${id}/pause`, { note: 'other' }, key)).status).toBe(409);
    const other = (await api.run(chain(line(2)))).chain_id;
    expect((await post(api, `/chains/${other}/retry`, { from: ['task-0'] }, key)).status).toBe(200);
    await api.ended(other);
  });

  check('many chains are controlled at once, each by itself', async ({ api }) => {
    const slow = chain([task('a', { delay_ms: 60_000 })]);
    const ids = await Promise.all(Array.from({ length: 5 }, () => api.start({ ...slow, chain_name: 'bulk test' })));
    const ended = (await api.run({ ...chain([task('a')]), chain_name: 'bulk test' })).chain_id;
    const filter = { q: 'bulk test' };
    const foretold = await control(api, '/chains/bulk/pause', { filter, dry_run: true } as object);
    expect(foretold).toMatchObject({ done: 5, refused: 0, next_cursor: null });
    expect((await api.chain(ids[0]!)).status).toBe('RUNNING');

    const some = await control(api, '/chains/bulk/pause', {
      ids: [...ids.slice(0, 2), ended, 'chain-none'],
      note: 'x',
    });
    const bulk = some as unknown as BulkAnswer;
    expect(bulk).toMatchObject({ done: 2, refused: 1, not_found: 1 });
    expect(bulk.results[2]).toMatchObject({ chain_id: ended, outcome: 'refused', status: 'SUCCESS' });
    expect(bulk.results[3]).toMatchObject({ chain_id: 'chain-none', outcome: 'not_found', status: null });

    const begun = performance.now();
    const resumed = await control(api, '/chains/bulk/resume', { filter, max_per_second: 2 });
    expect(resumed).toMatchObject({ done: 2 });
    expect(performance.now() - begun).toBeGreaterThan(400);

    const first = (await control(api, '/chains/bulk/cancel', { filter, limit: 3 })) as unknown as BulkAnswer;
    expect(first).toMatchObject({ done: 3, next_cursor: expect.any(String) });
    const rest = { filter, limit: 3, cursor: first.next_cursor };
    expect(await control(api, '/chains/bulk/cancel', rest)).toMatchObject({ done: 2, next_cursor: null });
    const key = { 'idempotency-key': 'bulk-1' };
    const retried = await post(api, '/chains/bulk/retry', { ids: ids.slice(0, 2) }, key);
    expect(retried).toMatchObject({
      status: 200,
      body: { done: 2, results: [{ status: 'RUNNING', tasks_changed: 1 }, {}] },
    });
    const replayed = await post(api, '/chains/bulk/retry', { ids: ids.slice(0, 2) }, key);
    expect(replayed.body).toEqual(retried.body);
    expect((await post(api, '/chains/bulk/retry', { ids: ids.slice(0, 1) }, key)).status).toBe(422);
    await control(api, '/chains/bulk/cancel', { ids: ids.slice(0, 2) });
    for (const wrong of [{}, { filter: {} }, { ids, filter }, { filter: { status: 'NO' } }, { ids, cursor: 'x' }]) {
      expect((await post(api, '/chains/bulk/cancel', wrong)).status).toBe(400);
    }
    expect((await post(api, '/chains/bulk/remove', { ids })).status).toBe(404);
  });
});

describeSystem('priority', 'postgres', { env: { WORKER_CONCURRENCY_DIAGNOSTIC: '1' } }, (check) => {
  check('changed while it runs, reorders what waits', async ({ api }) => {
    const ids = Array.from({ length: 8 }, (_, i) => `t${i}`);
    // It holds the only slot until it is skipped.
    const first = task('t0', { delay_ms: 600_000 });
    const id = await api.start(chain([first, ...ids.slice(1).map((taskId) => task(taskId))]));
    await api.untilTask(id, 't0', 'RUNNING');
    const raised = await asForetold(api, `/chains/${id}/tasks/t7/priority`, { priority: 'critical' });
    expect(raised.tasks).toMatchObject([{ task_id: 't7', priority: 9 }]);
    const behind = (await api.chain(id)).tasks.filter(({ status, task_id }) => status === 'READY' && task_id !== 't7');
    await control(api, `/chains/${id}/tasks/t0/skip`, { note: 'free the slot' });
    const done = await api.ended(id);
    // Two listeners may send at once, so that a worker gets the later one of two jobs first: what is kept is the queue's order.
    for (const { task_id } of behind) {
      expect(taskOf(done, task_id).queued_at! >= taskOf(done, 't7').queued_at!).toBe(true);
    }
    expect((await post(api, `/chains/${id}/priority`, { priority: 1 })).status).toBe(409);
    const waiting = await api.create(chain([task('a', {}, { priority: 2 }), task('b')]));
    const all = await asForetold(api, `/chains/${waiting}/priority`, { priority: 'normal' });
    expect(all.tasks).toMatchObject([{ task_id: 'a', from: 'PENDING', to: 'PENDING', priority: 5 }]);
  });
});
