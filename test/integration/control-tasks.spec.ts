import { expect } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import { chain, describeSystem, taskOf, ApiClient, type ProblemAnswer } from './system/index.js';

interface SignalAnswer {
  readonly signal_id: string;
  readonly status: string;
}

const post = (api: ApiClient, path: string, body?: object) => api.expect(200, path, { method: 'POST', body });

describeSystem('a control task', 'postgres', { apps: ['api', 'status-listener'] }, (check, system) => {
  const wait = (id: string, config: object, more: object = {}) => ({
    ...{ task_id: id, task_type: 'wait', depends_on: [], task_params: { task_config: config } },
    ...more,
  });

  check('waits for its time without a worker and a place of max_parallel, and its clock stands', async ({ api }) => {
    const ended = '${tasks.short.result.ended_at}';
    const body = chain(
      [
        wait('long', { seconds: 600 }),
        wait('short', { seconds: 0.5 }),
        wait('until', { until: ended }, { depends_on: ['short'] }),
      ],
      {
        ...{ max_parallel: 1, timeout: 5 },
      },
    );
    const id = await api.start(body);
    const waits = await api.until(id, 'waits for long alone', ({ tasks }) => tasks[2]!.status === 'SUCCESS');
    expect(waits).toMatchObject({ status: 'RUNNING' });
    expect(taskOf(waits, 'long')).toMatchObject({ status: 'RETRYING', hold: 'WAIT', waiting: { code: 'WAIT' } });
    const { started_at, completed_at, result } = taskOf(waits, 'short');
    expect(Date.parse(completed_at!) - Date.parse(started_at!)).toBeGreaterThanOrEqual(450);
    expect(Date.parse((result as unknown as { ended_at: string }).ended_at)).toBeGreaterThanOrEqual(
      Date.parse(started_at!) + 450,
    );
    await post(api, `/chains/${id}/pause`);
    await post(api, `/chains/${id}/resume`);
    await post(api, `/chains/${id}/tasks/long/skip`, { note: 'enough' });
    expect(await api.ended(id)).toMatchObject({ status: 'SUCCESS', skipped_tasks: 1 });
  });

  check('that is cancelled is run again in a new attempt; one that cannot be read fails', async ({ api }) => {
    const id = await api.start(
      chain([
        wait('long', { seconds: 600 }),
        wait('bad', { until: '${tasks.long.result.no}' }, { depends_on: ['long'] }),
      ]),
    );
    await api.until(id, 'waits', ({ tasks }) => tasks[0]!.hold === 'WAIT');
    await post(api, `/chains/${id}/cancel`);
    expect(taskOf(await api.ended(id), 'long')).toMatchObject({ status: 'SKIPPED', skip_reason: 'CHAIN_STOPPED' });
    await post(api, `/chains/${id}/retry`);
    const again = await api.until(id, 'waits again', ({ tasks }) => tasks[0]!.hold === 'WAIT');
    expect(taskOf(again, 'long').attempt).toBe(2);
    await post(api, `/chains/${id}/tasks/long/resolve`, { result: { yes: 1 }, note: 'known' });
    expect(taskOf(await api.ended(id), 'bad').error).toMatchObject({ code: 'INVALID_PARAMS' });
  });

  const signal = (id: string, config: object, more: object = {}) => ({
    ...{ task_id: id, task_type: 'signal', depends_on: [], task_params: { task_config: { name: 'go', ...config } } },
    ...more,
  });
  const send = async (api: ApiClient, body: object, headers: Record<string, string> = {}) =>
    api.call<SignalAnswer & ProblemAnswer>('/signals', { method: 'POST', body: { name: 'go', ...body }, headers });

  check('gets a signal by its key, before it waits or after, once each', async ({ api }) => {
    const once = { 'idempotency-key': 'event-1' };
    const early = await send(api, { key: 'k-1', payload: { n: 1 } }, once);
    expect(early).toMatchObject({ status: 201, body: { status: 'STORED', chain_id: null } });
    expect((await send(api, { key: 'k-1', payload: { n: 1 } }, once)).body.signal_id).toBe(early.body.signal_id);
    expect((await send(api, { key: 'k-1', payload: { n: 2 } }, once)).status).toBe(422);
    const second = signal('second', { key: '${tasks.first.result.n}' }, { depends_on: ['first'] });
    const id = await api.start({
      ...chain([signal('first', { key: '${params.key}' }), second], { timeout: 5, max_parallel: 1 }),
      params: { type: 'object', properties: { key: { type: 'string' } } },
      args: { key: 'k-1' },
    });
    const waits = await api.until(id, 'waits for the second', ({ tasks }) => tasks[1]!.hold === 'SIGNAL');
    expect(taskOf(waits, 'first')).toMatchObject({ status: 'SUCCESS', result: { n: 1 } });
    expect(taskOf(waits, 'second').waiting).toMatchObject({ code: 'SIGNAL', signal: { name: 'go', key: '1' } });
    expect((await api.call<SignalAnswer>(`/signals/${early.body.signal_id}`)).body).toMatchObject({
      ...{ status: 'DELIVERED', chain_id: id, task_id: 'first', payload: { n: 1 }, created_by: 'admin key' },
    });
    await send(api, { key: '2', payload: 'another' });
    await send(api, { key: '1', payload: ['given'] });
    const done = await api.ended(id);
    expect(done).toMatchObject({ status: 'SUCCESS' });
    expect(taskOf(done, 'second').result).toEqual(['given']);
    const left = await api.call<{ items: { key: string }[] }>('/signals?status=STORED');
    expect(left.body.items.map(({ key }) => key)).toEqual(['2']);
  });

  check('keeps what its schema refuses from a task, and fails when nothing comes in time', async ({ api }) => {
    const schema = { type: 'object', required: ['n'], properties: { n: { type: 'integer', minimum: 1 } } };
    await send(api, { key: 'strict', payload: { n: 0 } });
    const id = await api.start(
      chain([signal('s', { key: 'strict', schema }), signal('late', { key: 'nobody', timeout: 0.5 })], {
        stop_on_error: false,
      }),
    );
    const late = await api.until(id, 'late has failed', ({ tasks }) => tasks[1]!.status === 'FAILURE');
    expect(taskOf(late, 'late').error).toMatchObject({ code: 'TIMEOUT_SIGNAL' });
    const rejected = await api.call<{ items: SignalAnswer[] }>('/signals?key=strict&status=REJECTED');
    expect(rejected.body.items).toMatchObject([{ reason: expect.stringContaining('/n'), chain_id: null }]);
    expect(taskOf(late, 's')).toMatchObject({ status: 'RETRYING', hold: 'SIGNAL' });
    const refused = await send(api, { key: 'strict', payload: {} });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: '/payload/n' }] } });
    await send(api, { key: 'strict', payload: { n: 3 } });
    expect(taskOf(await api.ended(id), 's')).toMatchObject({ status: 'SUCCESS', result: { n: 3 } });
  });

  check('stores so many signals of a tenant, of which those that have expired do not count', async ({ api }) => {
    const fill = (key: string, expires: string) =>
      withConnection(system.databaseUrl, (client) =>
        client.query(
          `INSERT INTO signals (signal_id, tenant_id, name, key, payload, expires_at)
           SELECT $1 || n, 'default', 'go', $1, '{}', now() + $2::interval FROM generate_series(1, 10000) AS n`,
          [key, expires],
        ),
      );
    await fill('too late', '-1 h');
    expect((await send(api, { key: 'in time' })).status).toBe(201);
    await fill('many', '1 h');
    expect(await send(api, { key: 'one more' })).toMatchObject({ status: 409, body: { code: 'TOO_MANY_SIGNALS' } });
  });

  check('refuses a signal that no task could get, and a schema that could take minutes', async ({ api }) => {
    for (const body of [{ key: '' }, { key: 'a', name: 'no name' }, { key: 'a', payload: 'x'.repeat(70_000) }]) {
      expect((await send(api, body)).status).toBe(400);
    }
    const wrong = chain([
      signal('a', { key: 'a', schema: { type: 'string', pattern: '(a+)+$' } }),
      signal('b', { key: 'b', schema: { const: '${tasks.a.result}' } }, { depends_on: ['a'] }),
    ]);
    const answer = await api.call<ProblemAnswer>('/chains', { method: 'POST', body: wrong });
    expect(answer.body.errors?.map(({ pointer }) => pointer)).toEqual([
      '/tasks/0/task_params/task_config/schema/pattern',
      '/tasks/1/task_params/task_config/schema',
    ]);
  });

  const asks = (id: string, who: string[], more: object = {}, fields: object = {}) => ({
    ...{ task_id: id, task_type: 'sign_off', depends_on: [], ...fields },
    task_params: { task_config: { question: 'May it?', who, ...more } },
  });
  const answer = (api: ApiClient, id: string, body: object, headers: Record<string, string> = {}, taskId = 's') =>
    api.call<ProblemAnswer>(`/chains/${id}/tasks/${taskId}/sign-off`, { method: 'POST', body, headers });
  const asked = (api: ApiClient, id: string, attempt = 1) =>
    api.until(id, 'asks', ({ tasks }) => tasks[0]!.hold === 'SIGN_OFF' && tasks[0]!.attempt === attempt);
  const keyOf = async (api: ApiClient, role: string, tenant = 'default') => {
    const request = { method: 'POST', body: { name: 'of a test', role }, headers: { 'x-tenant': tenant } };
    const made = await api.expect<{ key: string; key_id: string }>(201, '/keys', request);
    return { client: new ApiClient(api.url, made.key), name: `key:${made.key_id}` };
  };

  check('asks those whom it names, checks the form, and takes one answer', async ({ api }) => {
    const form = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } };
    const tasks = [
      asks('s', ['role:author'], { form }),
      // A value that somebody wrote stays a text, whatever it looks like.
      asks('t', ['role:viewer'], { question: '${tasks.s.result.answer.说明}' }, { depends_on: ['s'] }),
    ];
    const id = await api.start(chain(tasks, { timeout: 5 }));
    expect(taskOf(await asked(api, id), 's').waiting).toMatchObject({ code: 'SIGN_OFF', who: ['role:author'] });
    const listed = await api.call<{ items: object[] }>('/sign-offs');
    expect(listed.body.items).toMatchObject([{ chain_id: id, question: 'May it?', form, attempt: 1, yours: true }]);
    const wrong = { decision: 'approve', answer: { n: 'x' } };
    expect((await answer(api, id, wrong)).body).toMatchObject({ errors: [{ pointer: '/answer/n' }] });
    const large = { decision: 'approve', answer: { n: 0, 说明: 'x'.repeat(65_536) } };
    expect((await answer(api, id, large)).body).toMatchObject({ errors: [{ code: 'RESULT_TOO_LARGE' }] });
    expect((await answer(api, id, { decision: 'approve' })).status).toBe(400);
    expect((await answer(api, id, { decision: 'reject', answer: { n: 0 } })).status).toBe(400);
    const gives = { method: 'POST', body: { result: {}, note: 'x' } };
    expect((await api.call<ProblemAnswer>(`/chains/${id}/tasks/s/resolve`, gives)).status).toBe(409);
    const text = '可以 ${secrets.db} ${tasks.s.result.note}';
    const good = { decision: 'approve', answer: { n: 0, 说明: text }, note: '同意' };
    const key = { 'idempotency-key': 'answer-1' };
    const sent = [{ ...good, dry_run: true }, good, good];
    await post(api, `/chains/${id}/pause`);
    for (const body of sent) expect((await answer(api, id, body, key)).status).toBe(200);
    expect((await answer(api, id, good)).status).toBe(409);
    expect(await api.chain(id)).toMatchObject({ status: 'PAUSED', completed_tasks: 1 });
    await post(api, `/chains/${id}/resume`);
    const next = await api.until(id, 'asks again', (now) => taskOf(now, 't').hold === 'SIGN_OFF');
    expect(taskOf(next, 't').waiting!.message).toContain(text);
    expect(taskOf(next, 's').result).toMatchObject({ answer: { n: 0 }, note: '同意', signed_by: 'admin key' });
    // The same key, for another task.
    expect((await answer(api, id, good, key, 't')).status).toBe(400);
    expect((await answer(api, id, { decision: 'approve' }, { 'idempotency-key': 'answer-2' }, 't')).status).toBe(200);
    expect(await api.ended(id)).toMatchObject({ status: 'SUCCESS' });
  });

  check('is answered by those whom it names alone, in their tenant, while it asks', async ({ api }) => {
    await api.expect(201, '/tenants', { method: 'POST', body: { tenant_id: 'beta', name: 'Beta' } });
    const [viewer, other, admin] = await Promise.all([
      keyOf(api, 'viewer'),
      keyOf(api, 'viewer'),
      keyOf(api, 'admin', 'beta'),
    ]);
    const yes = { decision: 'approve' };
    const id = await api.start(chain([asks('s', [viewer.name]), asks('t', [viewer.name])]));
    await api.until(id, 'both ask', ({ tasks }) => tasks.every(({ hold }) => hold === 'SIGN_OFF'));
    const list = async (client: ApiClient, path = '/sign-offs?all=true') =>
      (await client.call<{ items: { yours: boolean }[] }>(path)).body.items;
    expect([await list(admin.client), await list(other.client, '/sign-offs')]).toEqual([[], []]);
    expect((await list(other.client)).map(({ yours }) => yours)).toEqual([false, false]);
    const found = async (query: string) => (await list(other.client, `/sign-offs?all=true&${query}`)).length;
    expect([await found(`chain_id=${id}&task_id=t`), await found(`chain_id=${id}`), await found('chain_id=x')]).toEqual(
      [...[1, 2, 0]],
    );
    expect((await answer(admin.client, id, yes)).status).toBe(404);
    for (const client of [api, other.client]) expect((await answer(client, id, yes)).status).toBe(403);
    const key = { 'idempotency-key': 'viewer-1' };
    expect((await answer(viewer.client, id, yes, key)).status).toBe(200);
    expect((await answer(viewer.client, id, yes, key, 't')).status).toBe(422);
    await post(api, `/chains/${id}/retry`, { from: ['s'] });
    await asked(api, id, 2);
    expect((await answer(viewer.client, id, { ...yes, attempt: 1 })).status).toBe(409);
    expect((await answer(viewer.client, id, { ...yes, attempt: 2 })).status).toBe(200);
    await post(api, `/chains/${id}/cancel`);
    expect((await answer(viewer.client, id, yes, {}, 't')).body.code).toBe('CHAIN_STATE_CONFLICT');
    // The time of its chain stands meanwhile.
    const late = await api.start(chain([asks('s', ['oidc:nobody'], { timeout: 2 })], { timeout: 1 }));
    const refused = await api.start(chain([asks('s', ['admin key'])]));
    await asked(api, refused);
    await answer(api, refused, { decision: 'reject', note: 'not yet' });
    expect(taskOf(await api.ended(refused), 's').error).toMatchObject({
      code: 'SIGN_OFF_REJECTED',
      message: 'not yet',
    });
    expect(await api.ended(late)).toMatchObject({ status: 'FAILURE', error: { code: 'SIGN_OFF_EXPIRED' } });
  });

  check('takes nothing that says how workers run it', async ({ api }) => {
    const fields = { timeout: 5, queue_timeout: 5, retry_policy: {}, concurrency_key: 'a' };
    const answer = await api.call<ProblemAnswer>('/chains', {
      method: 'POST',
      body: chain([wait('w', { seconds: 1 }, fields)]),
    });
    expect(answer.body.errors?.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual(
      Object.keys(fields).map((field) => `NOT_FOR_CONTROL_TASKS /tasks/0/${field}`),
    );
  });
});
