import { expect } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import { sign } from '#libs/platform';
import {
  ApiClient,
  chain,
  describeSystem,
  eventually,
  task,
  type AppProcess,
  type ProblemAnswer,
} from './system/index.js';

interface TickAnswer {
  due_at: string;
  kind: string;
  event_id: string | null;
  outcome: string;
  reason: string | null;
  message: string | null;
  missed: number | null;
  chain_id: string | null;
}
interface ScheduleAnswer {
  schedule_id: string;
  paused: boolean;
  runs_as: string;
  next_due_times: string[];
  last_tick: TickAnswer | null;
}

/** How a delivery is signed, and where it goes. */
interface Delivery {
  readonly secret: string;
  readonly to?: string;
  readonly path?: string;
  readonly at?: number;
  /** In place of the body. */
  readonly signed?: string;
}

const HOUR = 3_600;
/** A chain that ends at once. */
const quick = chain([task('a')]);
/** A chain that waits for somebody to start it: it stays open. */
const slow = chain([task('a', { delay_ms: 600_000 })]);
const schedule = (more: object = {}): object => ({ title: 'Test', interval: HOUR, chain: quick, ...more });
const codes = ({ body }: { body: ProblemAnswer }) => body.errors?.map(({ code, pointer }) => `${code} ${pointer}`);

describeSystem('schedules', 'postgres', { env: { RATE_LIMIT: '0' } }, (check, system) => {
  const post = <T = ScheduleAnswer>(
    path: string,
    body: unknown = {},
    headers: Record<string, string> = {},
    api = system.api,
  ) => api.call<T>(path, { method: 'POST', body, headers });
  const create = async (more: object = {}, api = system.api): Promise<string> => {
    const { status, body, text } = await post('/schedules', schedule(more), {}, api);
    if (status !== 201) throw new Error(text);
    return body.schedule_id;
  };
  const ticks = async (id: string): Promise<TickAnswer[]> =>
    (await system.api.expect<{ items: TickAnswer[] }>(200, `/schedules/${id}/ticks?page_size=200`)).items;
  /** The ticks once as many have come and none waits. */
  const settled = (id: string, count: number): Promise<TickAnswer[]> => {
    let last: TickAnswer[] = [];
    const look = async () => {
      // What waits for another try need not do so here.
      await sql(`UPDATE schedule_ticks SET ready_at = now() - interval '1 min' WHERE schedule_id = $1`, [id]);
      last = await ticks(id);
      return last.length >= count && last.every(({ outcome }) => outcome !== 'WAITING') ? last : undefined;
    };
    return eventually(`${id} has ${count} settled ticks`, look, undefined, () => last);
  };
  const sql = <Row>(text: string, values: unknown[] = []): Promise<Row[]> =>
    withConnection(system.databaseUrl, async (client) => (await client.query(text, values)).rows as Row[]);
  /** As if so many hours had passed since the schedule was due. */
  const overdue = (id: string, hours: number): Promise<unknown> =>
    sql(
      `UPDATE schedules SET next_due_at = date_trunc('second', now()) - $2 * interval '1 h',
              anchor = date_trunc('second', now()) - 1000 * interval '1 h' WHERE schedule_id = $1`,
      [id, hours],
    );
  const chainsOf = async (id: string): Promise<string[]> =>
    (await sql<{ chain_id: string }>(`SELECT chain_id FROM task_chains WHERE schedule_id = $1`, [id])).map(
      ({ chain_id: chainId }) => chainId,
    );
  const outcomes = (found: readonly TickAnswer[]): string[] =>
    found.map(({ outcome, reason }) => (reason === null ? outcome : `${outcome} ${reason}`));

  check('make chains when they are due, of a chain that is written out and of a template', async ({ api }) => {
    const declared = {
      ...chain([task('a', { result: '${params.said}' })]),
      params: { required: ['said'], properties: { said: {} } },
    };
    const { body } = await post<{ template_id: string }>('/templates', { title: 'Echo', chain: declared });
    const params = { said: 'for ${schedule.due_at}, the ${schedule.date}' };
    for (const source of [{ chain: declared }, { template_id: body.template_id, chain: undefined, version: '1' }]) {
      const id = await create({ ...source, params, time_zone: 'Pacific/Kiritimati' });
      await overdue(id, 0);
      const [tick] = await settled(id, 1);
      expect(tick).toMatchObject({ kind: 'DUE', outcome: 'CREATED', reason: null });
      const made = await api.ended(tick!.chain_id!);
      const date = new Date(Date.parse(tick!.due_at) + 14 * HOUR * 1_000).toISOString().slice(0, 10);
      expect(made.tasks[0]!.result!.result).toBe(`for ${tick!.due_at}, the ${date}`);
      expect(made).toMatchObject({
        schedule_id: id,
        scheduled_at: tick!.due_at,
        created_by: 'admin key',
        status: 'SUCCESS',
      });
      expect((await api.expect<ScheduleAnswer>(200, `/schedules/${id}`)).last_tick).toEqual(tick);
    }
  });

  check('are checked whole, by the places of the faults', async () => {
    const faults = async (body: object) => codes(await post<ProblemAnswer>('/schedules', body));
    expect(await faults({ title: 'x' })).toEqual(['REQUIRED ', 'REQUIRED ']);
    expect(await faults(schedule({ cron: '0 2 * * *', version: '1' }))).toEqual([
      'UNKNOWN_FIELD /interval',
      'UNKNOWN_FIELD /version',
    ]);
    expect(await faults(schedule({ interval: undefined, cron: '0 0 30 2 *' }))).toEqual(['INVALID_VALUE /cron']);
    expect(await faults(schedule({ interval: undefined, at: '2020-01-01T00:00:00Z' }))).toEqual(['OUT_OF_RANGE /at']);
    expect(await faults(schedule({ interval: undefined, at: '2030-01-01' }))).toEqual(['INVALID_VALUE /at']);
    expect(
      await faults(schedule({ interval: 9, time_zone: 'Mars/Olympus', overlap: 'no', catch_up: 101, jitter: -1 })),
    ).toEqual([
      ...['INVALID_VALUE /time_zone', 'OUT_OF_RANGE /interval', 'INVALID_VALUE /overlap'],
      ...['OUT_OF_RANGE /catch_up', 'OUT_OF_RANGE /jitter'],
    ]);
    expect(await faults(schedule({ chain: { ...quick, args: {}, execute: true } }))).toEqual([
      ...['UNKNOWN_FIELD /chain/args', 'UNKNOWN_FIELD /chain/execute'],
    ]);
    const needy = {
      ...chain([task('a', { result: '${params.x}' })]),
      params: { required: ['x'], properties: { x: {} } },
    };
    expect(await faults(schedule({ chain: needy }))).toEqual(['REQUIRED /params/x']);
    expect(await faults(schedule({ chain: { ...quick, tasks: [{ ...task('a'), depends_on: ['b'] }] } }))).toEqual([
      'MISSING_DEPENDENCY /chain/tasks/0/depends_on/0',
    ]);
    expect((await post('/schedules', schedule({ chain: undefined, template_id: 'template-none' }))).status).toBe(404);
  });

  check('preview their due times and the chain, and store nothing', async ({ api }) => {
    const before = await api.expect<object>(200, '/schedules?page_size=200');
    const body = schedule({ interval: undefined, cron: '0 2 * * *', time_zone: 'Asia/Shanghai' });
    const { body: shown } = await post<{ next_due_times: string[]; chain: object; errors: object[] }>(
      '/schedules/preview',
      body,
    );
    expect(shown.next_due_times).toHaveLength(10);
    expect(shown.next_due_times.every((time) => time.endsWith('T18:00:00.000Z'))).toBe(true);
    expect([shown.errors, shown.chain]).toEqual([[], { ...quick, execute: true }]);
    expect(await api.expect<object>(200, '/schedules?page_size=200')).toEqual(before);
  });

  check('are changed only as they were read, paused, removed and restored', async ({ api }) => {
    const body = schedule({ title: 'First' });
    const first = await post('/schedules', body, { 'idempotency-key': 'one schedule' });
    const { schedule_id: id } = first.body;
    expect([first.status, first.headers.get('etag'), first.headers.get('location')]).toEqual([
      201,
      '"1"',
      `/api/v1/schedules/${id}`,
    ]);
    expect((await post('/schedules', body, { 'idempotency-key': 'one schedule' })).body).toEqual(first.body);
    const put = (tag: string) =>
      api.call<ScheduleAnswer>(`/schedules/${id}`, {
        method: 'PUT',
        body: { ...body, title: 'Second' },
        headers: { 'if-match': tag },
      });
    const second = await put('"1"');
    expect([second.status, second.headers.get('etag')]).toEqual([200, '"2"']);
    // The interval goes on from where it began.
    expect(second.body.next_due_times).toEqual(first.body.next_due_times);
    expect((await put('"1"')).status).toBe(412);
    const paused = await post(`/schedules/${id}/pause`, undefined, { 'if-match': '"2"' });
    expect([paused.body.paused, paused.body.next_due_times]).toEqual([true, []]);
    expect((await post(`/schedules/${id}/resume`, undefined, { 'if-match': '"2"' })).status).toBe(412);
    expect((await post(`/schedules/${id}/resume`)).body).toMatchObject({ paused: false });
    const remove = (query: string) => api.call<object>(`/schedules/${id}?${query}`, { method: 'DELETE' });
    expect((await remove('')).status).toBe(400);
    expect((await remove('dry_run=true')).body).toMatchObject({ dry_run: true });
    expect((await remove(`confirm=${id}`)).body).toMatchObject({ dry_run: false });
    expect((await api.call(`/schedules/${id}`)).status).toBe(404);
    expect((await post(`/schedules/${id}/run`)).status).toBe(404);
    expect((await post(`/schedules/${id}/restore`)).body).toMatchObject({ schedule_id: id, paused: true });
  });

  check('make up for the newest of what they missed, in order', async () => {
    const id = await create({ catch_up: 2, overlap: 'allow' });
    await overdue(id, 5);
    const found = await settled(id, 4);
    expect(found.map(({ outcome, missed }) => [outcome, missed])).toEqual([
      ...[
        ['CREATED', null],
        ['CREATED', null],
        ['CREATED', null],
        ['MISSED', 3],
      ],
    ]);
    const [now, ...late] = found.map(({ due_at: due }) => Date.parse(due));
    expect(late.map((each) => (now! - each) / (HOUR * 1_000))).toEqual([1, 2, 3]);
    expect(await chainsOf(id)).toHaveLength(3);
  });

  check('skip, queue, cancel or allow what overlaps', async ({ api }) => {
    const run = (id: string) => post<TickAnswer>(`/schedules/${id}/run`);
    const open = async (overlap: string): Promise<[string, string]> => {
      const id = await create({ overlap, chain: slow });
      expect((await run(id)).status).toBe(201);
      const [tick] = await settled(id, 1);
      return [id, tick!.chain_id!];
    };
    const [skip, first] = await open('skip');
    await run(skip);
    const [skipped] = await settled(skip, 2);
    expect(skipped).toMatchObject({
      kind: 'RUN',
      outcome: 'SKIPPED',
      reason: 'OVERLAP',
      message: `${first} has not ended.`,
    });
    const [allow] = await open('allow');
    await run(allow);
    expect(outcomes(await settled(allow, 2))).toEqual(['CREATED', 'CREATED']);
    const [cancel, old] = await open('cancel');
    await run(cancel);
    expect(outcomes(await settled(cancel, 2))).toEqual(['CREATED', 'CREATED']);
    expect((await api.chain(old)).status).toBe('CANCELLED');
    const [queue, before] = await open('queue');
    await run(queue);
    await eventually('the second waits', async () => {
      const [tick] = await ticks(queue);
      return tick?.outcome === 'WAITING' && tick.reason === 'OVERLAP' ? tick : undefined;
    });
    await post(`/chains/${before}/cancel`);
    expect(outcomes(await settled(queue, 2))).toEqual(['CREATED', 'CREATED']);
    for (const id of [skip, allow, cancel, queue]) {
      for (const chainId of await chainsOf(id)) await post(`/chains/${chainId}/cancel`);
    }
  });

  check('show why a tick made no chain: the key, the tenant, the quota, the chain', async ({ api }) => {
    await api.expect(201, '/tenants', { method: 'POST', body: { tenant_id: 'limited', name: 'Limited' } });
    const of = { 'x-tenant': 'limited' };
    const keyOf = async (): Promise<{ key_id: string; key: string }> =>
      (await post<{ key_id: string; key: string }>('/keys', { name: 'of a schedule', role: 'author' }, of)).body;
    const tickOf = async (author: ApiClient, id: string, reason: string | null): Promise<TickAnswer> =>
      eventually(`a tick of ${id} says ${reason}`, async () => {
        const { items } = await author.expect<{ items: TickAnswer[] }>(200, `/schedules/${id}/ticks`);
        return items[0]?.reason === reason && (reason !== null || items[0]?.outcome === 'CREATED')
          ? items[0]
          : undefined;
      });
    const { key } = await keyOf();
    const author = new ApiClient(api.url, key);
    const id = await create({}, author);
    await post(`/schedules/${id}/run`, {}, {}, author);
    const made = await tickOf(author, id, null);
    expect((await api.call(`/schedules/${id}`)).status).toBe(404);
    expect(await author.ended(made.chain_id!)).toMatchObject({ schedule_id: id });
    // What time alone may change is tried again: the tick waits, and says for what.
    const limit = (max_creates_per_minute: number | null) =>
      api.expect(200, '/tenants/limited', { method: 'PATCH', body: { max_creates_per_minute } });
    await limit(1);
    await post(`/schedules/${id}/run`, {}, {}, author);
    expect(await tickOf(author, id, 'QUOTA_EXCEEDED')).toMatchObject({ outcome: 'WAITING', chain_id: null });
    await limit(null);
    await sql(`UPDATE schedule_ticks SET ready_at = now() - interval '1 min' WHERE schedule_id = $1`, [id]);
    expect(await tickOf(author, id, null)).toMatchObject({ outcome: 'CREATED' });
    // A key that was revoked makes nothing any more, and what it says is kept.
    const { key_id: keyId, key: another } = await keyOf();
    const second = await create({}, new ApiClient(api.url, another));
    await api.expect(200, `/keys/${keyId}?confirm=${keyId}`, { method: 'DELETE', headers: of });
    await post(`/schedules/${second}/run`, {}, {}, author);
    const refused = await tickOf(author, second, 'KEY_REFUSED');
    expect(refused).toMatchObject({ outcome: 'REFUSED', chain_id: null });
    expect(refused.message).toContain('revoked');
    // Saved by another key it goes on with the rights of that one.
    const saved = await author.call<ScheduleAnswer>(`/schedules/${second}`, { method: 'PUT', body: schedule() });
    expect(saved.body.runs_as).not.toBe(`key:${keyId}`);
    await post(`/schedules/${second}/run`, {}, {}, author);
    await tickOf(author, second, null);
    // A chain that can no longer be made, and a tenant that was closed.
    const { body: template } = await post<{ template_id: string }>(
      '/templates',
      { title: 'Gone', chain: quick },
      {},
      author,
    );
    const third = await create({ chain: undefined, template_id: template.template_id }, author);
    await author.expect(200, `/templates/${template.template_id}?confirm=${template.template_id}`, {
      method: 'DELETE',
    });
    await post(`/schedules/${third}/run`, {}, {}, author);
    expect(await tickOf(author, third, 'NOT_FOUND')).toMatchObject({ outcome: 'REFUSED' });
    await api.expect(200, '/tenants/limited', { method: 'PATCH', body: { enabled: false } });
    await overdue(third, 0);
    const closed = () =>
      sql<TickAnswer>(`SELECT * FROM schedule_ticks WHERE schedule_id = $1 AND reason = 'TENANT_CLOSED'`, [third]);
    await eventually('the tick of the closed tenant is refused', async () => (await closed())[0]);
  });

  check('backfill what has no chain, and say in a dry run what that is', async ({ api }) => {
    const id = await create({ catch_up: 0 });
    await overdue(id, 3);
    const [now, missed] = await settled(id, 2);
    expect(missed).toMatchObject({ outcome: 'MISSED', missed: 3 });
    const hoursAgo = (hours: number) => new Date(Date.parse(now!.due_at) - hours * HOUR * 1_000).toISOString();
    const backfill = (body: object, query = '') =>
      post<{ due_times: string[]; dry_run: boolean }>(`/schedules/${id}/backfill${query}`, body);
    const range = { from: hoursAgo(2), to: now!.due_at };
    const expected = [hoursAgo(2), hoursAgo(1)];
    expect((await backfill(range, '?dry_run=true')).body).toEqual({ dry_run: true, due_times: expected });
    expect(await ticks(id)).toHaveLength(2);
    expect((await backfill(range)).body).toEqual({ dry_run: false, due_times: expected });
    const found = await settled(id, 3);
    expect(found.map(({ due_at: due, kind, outcome }) => [due, kind, outcome])).toEqual([
      [now!.due_at, 'DUE', 'CREATED'],
      [hoursAgo(1), 'BACKFILL', 'CREATED'],
      [hoursAgo(2), 'BACKFILL', 'CREATED'],
    ]);
    expect((await backfill(range)).body.due_times).toEqual([]);
    expect(
      codes(await post<ProblemAnswer>(`/schedules/${id}/backfill`, { from: hoursAgo(1), to: '2999-01-01T00:00:00Z' })),
    ).toEqual(['OUT_OF_RANGE /to']);
    const wide = { from: '2020-01-01T00:00:00Z' };
    const minutely = await create({ interval: undefined, cron: '* * * * *' });
    expect(codes(await post<ProblemAnswer>(`/schedules/${minutely}/backfill`, wide))).toEqual(['OUT_OF_RANGE /to']);
    await post(`/schedules/${minutely}/pause`);
    for (const chainId of await chainsOf(id)) await api.ended(chainId);
  });

  /** A chain that gives back what its parameters are. */
  const echoed = (n = 0) => ({
    ...chain([task('a', { result: '${params.said}' }), task('n', { result: '${params.n}' })]),
    params: {
      required: ['said'],
      properties: { said: { type: 'string', maxLength: 100 }, n: { type: 'integer', default: n } },
    },
    outputs: { said: '${tasks.a.result.result}' },
  });
  const saidBy = async (tick: TickAnswer | undefined): Promise<unknown> =>
    (await system.api.ended(tick!.chain_id!)).tasks.map(({ result }) => result!.result);

  check('of events take what the event says, in declared parameters alone', async () => {
    const faults = async (more: object) =>
      codes(await post<ProblemAnswer>('/schedules', schedule({ interval: undefined, chain: echoed(), ...more })));
    expect(
      await faults({ on_webhook: true, params: { said: '${event.body.said}', other: '${event.body.x}' } }),
    ).toEqual(['UNKNOWN_FIELD /params/other']);
    expect(await faults({ on_webhook: true, params: { said: '${event.outputs.x}' } })).toEqual([
      'UNKNOWN_REFERENCE /params/said',
    ]);
    expect(await faults({ interval: HOUR, params: { said: '${event.body}' } })).toEqual([
      'UNKNOWN_REFERENCE /params/said',
    ]);
    expect(await faults({ on_webhook: true, params: {} })).toEqual(['REQUIRED /params/said']);
    expect(await faults({ on_webhook: true, catch_up: 1, params: { said: '${event.id}' } })).toEqual([
      'UNKNOWN_FIELD /catch_up',
    ]);
    expect(await faults({ on_webhook: false, params: { said: 'x' } })).toEqual(['INVALID_VALUE /on_webhook']);
    expect(await faults({ on_chain_end: { statuses: ['SUCCESS', 'RUNNING'] }, params: { said: 'x' } })).toEqual([
      'INVALID_FORMAT /on_chain_end/statuses/1',
    ]);
    expect(await faults({ on_chain_end: {}, params: { said: 'x' } })).toEqual(['REQUIRED /on_chain_end']);
    expect(await faults({ on_dataset: 'alice', params: { said: 'x' } })).toEqual(['INVALID_FORMAT /on_dataset']);
    const { body } = await post<{ template_id: string }>('/templates', { title: 'Echo', chain: echoed() });
    const own = { chain: undefined, template_id: body.template_id, params: { said: 'x' } };
    expect(await faults({ ...own, on_chain_end: { template_id: body.template_id } })).toEqual([
      'INVALID_VALUE /on_chain_end/template_id',
    ]);
    const of = { interval: undefined, on_chain_end: { template_id: 'template-none' } };
    expect((await post('/schedules', schedule(of))).status).toBe(404);
    expect((await post('/schedules', schedule({ ...of, on_chain_end: { schedule_id: 'none' } }))).status).toBe(404);
    const shown = await post<{ chain: unknown; errors: unknown; next_due_times: unknown }>(
      '/schedules/preview',
      schedule({ interval: undefined, on_webhook: true, chain: echoed(), params: { said: '${event.body.said}' } }),
    );
    expect(shown.body).toMatchObject({ chain: null, errors: [], next_due_times: [] });
  });

  check('start by each new version of a dataset, once', async ({ api }) => {
    const ofDora = async (headers: Record<string, string> = {}): Promise<ApiClient> => {
      await post('/parties', { party: 'dora', name: 'Dora' }, headers);
      const { body } = await post<{ key: string }>('/keys', { name: 'd', role: 'author', party: 'dora' }, headers);
      return new ApiClient(api.url, body.key);
    };
    const here = await ofDora();
    const state = async (version: number, serial: number, more: object = {}, dora = here) => {
      const statement = {
        ...{ kind: 'dataset', party: 'dora', name: 'customers', version, serial, issued_at: '2026-01-31T12:00:00Z' },
        ...{ file: `${version}.csv`, digest: `hmac-sha256:${'0'.repeat(64)}`, format: 'csv', rows: 30 },
        ...{ columns: [{ name: 'id', type: 'string' }], ...more },
      };
      return dora.call<object>('/parties/dora/statements', { method: 'PUT', body: { statement } });
    };
    const params = { said: '${event.dataset}', n: '${event.version}' };
    const id = await create({ interval: undefined, on_dataset: 'dora/customers', chain: echoed(), params });
    const other = await create({ interval: undefined, on_dataset: 'dora/orders', chain: echoed(), params });
    expect((await state(1, 1)).body).not.toHaveProperty('is_new');
    await state(1, 2, { show_rows: true });
    await state(3, 1, { removed: true });
    await state(2, 1);
    const found = await settled(id, 2);
    expect(found.map(({ kind, outcome, event_id }) => [kind, outcome, event_id])).toEqual([
      ['DATASET', 'CREATED', 'dataset:dora/customers@2'],
      ['DATASET', 'CREATED', 'dataset:dora/customers@1'],
    ]);
    expect(await saidBy(found[0])).toEqual(['dataset:dora/customers@2', 2]);
    expect(await ticks(other)).toEqual([]);
    // What another tenant's party of the same name states is none of it.
    const of = { 'x-tenant': 'elsewhere' };
    await api.expect(201, '/tenants', { method: 'POST', body: { tenant_id: 'elsewhere', name: 'Elsewhere' } });
    await state(9, 1, {}, await ofDora(of));
    expect(await ticks(id)).toHaveLength(2);
  });

  check('start by the end of a chain, and in no circle', async ({ api }) => {
    const labels = { made: 'by hand' };
    const id = await create({
      ...{ interval: undefined, on_chain_end: { labels, statuses: ['SUCCESS', 'CANCELLED'] } },
      chain: { ...echoed(), labels: { made: 'by a schedule' } },
      params: { said: '${event.outputs.said} ${event.status} ${event.outputs.no}', n: '${event.outputs.n}' },
    });
    const after = (of: string, said: string): Promise<string> =>
      create({ interval: undefined, on_chain_end: { schedule_id: of }, chain: echoed(), params: { said } });
    const next = await after(id, '${event.chain_id}');
    // Each starts the other: the circle is found where it closes.
    const back = await after(next, '${event.status}');
    await api.expect(200, `/schedules/${next}`, {
      method: 'PUT',
      body: schedule({
        ...{
          interval: undefined,
          on_chain_end: { labels: { made: 'by a schedule' } },
          chain: { ...echoed(), labels: { made: 'by a schedule' } },
        },
        params: { said: '${event.chain_id}' },
      }),
    });
    const hostile = '${secrets.key} $${params.n} ${event.status}';
    // The child has the labels as well, and ends first: its end is no event.
    const child = {
      ...task('child'),
      task_type: 'chain',
      task_params: { task_config: { chain: { tasks: [task('c')] } } },
    };
    const { tasks } = echoed() as unknown as { tasks: object[] };
    const first = await api.start({ ...echoed(), tasks: [...tasks, child], labels, args: { said: hostile, n: 7 } });
    await api.ended(first);
    // Neither this one nor one of another tenant.
    await api.run({ ...quick, labels: { made: 'otherwise' } });
    await api.expect(201, '/chains', {
      method: 'POST',
      body: { ...quick, labels, execute: true },
      headers: { 'x-tenant': 'elsewhere' },
    });
    const [tick] = await settled(id, 1);
    expect(tick).toMatchObject({ kind: 'CHAIN_END', outcome: 'CREATED' });
    expect(tick!.event_id).toMatch(new RegExp(`^${first}/\\d+$`));
    // What it says stays text, whatever it looks like.
    expect(await saidBy(tick)).toEqual([`${hostile} SUCCESS `, 0]);
    const [refused, made] = await settled(next, 2);
    expect(await saidBy(made)).toEqual([tick!.chain_id, 0]);
    expect([made!.outcome, refused!.outcome, refused!.reason]).toEqual(['CREATED', 'REFUSED', 'EVENT_LOOP']);
    expect(refused!.event_id!.startsWith(made!.chain_id!)).toBe(true);
    const [last] = await settled(back, 1);
    expect(await saidBy(last)).toEqual(['SUCCESS', 0]);
    expect(await ticks(id)).toHaveLength(1);
    await api.expect(200, `/schedules/${id}/pause`, { method: 'POST' });
    const cancelled = await api.start({ ...slow, labels });
    await post(`/chains/${cancelled}/cancel`);
    const [paused] = await settled(id, 2);
    expect(paused).toMatchObject({ outcome: 'SKIPPED', reason: 'PAUSED' });
    expect(paused!.event_id!.startsWith(cancelled)).toBe(true);
    // No more than eight schedules start each other.
    const led = (count: number) => Array.from({ length: count }, (_, n) => `schedule-${n}`);
    const add = `SELECT add_event_tick($1, 'CHAIN_END', $2, '{}', $3, now())`;
    for (const count of [7, 8]) await sql(add, [id, `led by ${count}`, led(count)]);
    expect(outcomes(await settled(id, 4)).slice(0, 2)).toEqual(['REFUSED EVENT_DEPTH', 'SKIPPED PAUSED']);
  });

  check('start by signed deliveries: each makes one chain, while an API is killed', async ({ api }) => {
    const params = { said: '${event.body.said}', n: '${event.body.n}' };
    const id = await create({ interval: undefined, on_webhook: true, overlap: 'allow', chain: echoed(5), params });
    const rotate = () => post<{ secret: string; path: string }>(`/schedules/${id}/webhook-secret`);
    const seconds = () => Math.floor(Date.now() / 1_000);
    const deliver = async (
      delivery: string,
      body: string,
      { secret, to = api.url, path = `/hooks/${id}`, at = seconds(), signed = body }: Delivery,
    ) => {
      const headers = {
        ...{ 'content-type': 'application/json', 'webhook-id': delivery, 'webhook-timestamp': String(at) },
        'webhook-signature': sign(secret, delivery, at, signed),
      };
      const answer = await fetch(`${to}/api/v1${path}`, { method: 'POST', headers, body });
      return { status: answer.status, body: (await answer.json()) as ProblemAnswer & { due_at: string } };
    };
    const none = await deliver('d-0', '{}', { secret: 'whsec_AAAA' });
    const { secret } = (await rotate()).body;
    expect(secret).toMatch(/^whsec_.{44}$/);
    // Whatever is wrong, the answer is the same.
    for (const wrong of [
      deliver('d-0', '{}', { secret: 'whsec_AAAA' }),
      deliver('d-0', '{}', { secret, signed: '{ }' }),
      deliver('d-0', '{}', { secret, at: seconds() - 301 }),
      deliver('d-0', '{}', { secret, path: '/hooks/schedule-none' }),
      deliver('d-0', 'no json', { secret: 'whsec_AAAA' }),
    ]) {
      const { status, body } = await wrong;
      expect([status, body.code, body.detail]).toEqual([401, 'UNAUTHENTICATED', none.body.detail]);
    }
    expect((await deliver('d-0', 'no json', { secret })).body.code).toBe('INVALID_JSON');
    expect((await deliver('d-0', `"${'x'.repeat(65_536)}"`, { secret })).status).toBe(413);
    const first = await deliver('d-1', '{"said":"hello","n":7,"more":{"said":"no"}}', { secret });
    expect(first).toMatchObject({ status: 202, body: { id: 'd-1' } });
    expect(await deliver('d-1', '{"said":"again"}', { secret })).toEqual(first);
    expect(await saidBy((await settled(id, 1))[0])).toEqual(['hello', 7]);
    // Of what it leaves out the default counts; what does not fit, or names a secret, makes no chain.
    await deliver('d-2', '{"said":"${params.n}"}', { secret });
    expect(await saidBy((await settled(id, 2))[0])).toEqual(['${params.n}', 5]);
    for (const body of ['{"said":"${secrets.key}"}', '{"said":"a","n":"b"}', '{"n":1}', '[]']) {
      await deliver(`d-${body}`.replaceAll(/[^a-z-]/g, '-'), body, { secret });
    }
    const refused = (await settled(id, 6)).slice(0, 4);
    expect(outcomes(refused)).toEqual(Array.from({ length: 4 }, () => 'REFUSED INVALID_CHAIN'));
    expect(refused.at(-1)!.message).toContain('An event says which secret said is');
    // An API dies before it stores a delivery, and one when it is stored and not answered: the sender sends it again.
    const others: AppProcess[] = [];
    const urls: string[] = [];
    for (const FAILPOINT of ['api.beforeCommit:exit@5', 'api.afterCommit:exit@5']) {
      others.push(await system.startApp('api', { FAILPOINT }));
      urls.push(system.api.url);
    }
    system.api = api;
    const ids = Array.from({ length: 12 }, (_, i) => `k-${i}`);
    for (const [i, each] of ids.entries()) {
      const send = (to: string) => deliver(each, `{"said":"${each}"}`, { secret, to }).catch(() => undefined);
      const answer = (await send(urls[i % 2]!)) ?? (await send(api.url));
      expect([each, answer?.status]).toEqual([each, 202]);
    }
    for (const other of others) expect(await other.ended).toBe('SIGKILL');
    await sql(`UPDATE schedules SET busy_until = now() - interval '1 min' WHERE schedule_id = $1`, [id]);
    const made = (await settled(id, 18)).filter(({ event_id: event }) => event!.startsWith('k-'));
    expect(made.map(({ event_id: event, outcome }) => `${event} ${outcome}`).reverse()).toEqual(
      ids.map((each) => `${each} CREATED`),
    );
    expect(new Set(await chainsOf(id)).size).toBe(14);
    // Another secret takes the place of this one, and deliveries are counted.
    const { secret: another } = (await rotate()).body;
    expect((await deliver('d-3', '{}', { secret })).status).toBe(401);
    await post(`/schedules/${id}/pause`);
    const statuses: number[] = [];
    for (let i = 0; i < 45; i++) statuses.push((await deliver(`m-${i}`, '{}', { secret: another })).status);
    expect(statuses).toEqual(statuses.map((_, i) => (i < 42 ? 202 : 429)));
    expect((await deliver('m-0', '{}', { secret: another })).status).toBe(202);
    expect((await post(`/schedules/${await create()}/webhook-secret`)).status).toBe(400);
  });

  check('make one chain for each due time of a thousand in the same second, while processes are killed', async () => {
    const id = await create({ overlap: 'allow' });
    const { api } = system;
    // One dies when a chain is stored and its tick does not know it, one just before.
    const points = ['api.afterCommit:exit@50', 'api.beforeCommit:exit@80'];
    const others = await Promise.all(points.map((FAILPOINT) => system.startApp('api', { FAILPOINT })));
    system.api = api;
    await sql(
      `INSERT INTO schedules (schedule_id, tenant_id, title, description, cron, time_zone, interval, anchor, at, chain, params,
                              overlap, catch_up, jitter, runs_as, next_due_at)
       SELECT 'schedule-' || n, tenant_id, title, description, cron, time_zone, interval, anchor, at, chain, params,
              overlap, catch_up, jitter, runs_as, date_trunc('second', now()) + interval '1 s'
         FROM schedules, generate_series(1, 1000) AS n WHERE schedule_id = $1`,
      [id],
    );
    const count = async (text: string): Promise<number> =>
      (await sql<{ n: number }>(`SELECT count(*)::int AS n FROM ${text}`))[0]!.n;
    const made = `task_chains WHERE schedule_id LIKE 'schedule-____' OR schedule_id LIKE 'schedule-___' OR schedule_id LIKE 'schedule-__' OR schedule_id LIKE 'schedule-_'`;
    for (const other of others) expect(await other.ended).toBe('SIGKILL');
    // As if the claims of the dead had run out.
    const settledAll = async () => {
      await sql(`UPDATE schedules SET busy_until = now() - interval '1 min' WHERE busy_by IS NOT NULL`);
      const left = await count(`schedule_ticks WHERE outcome = 'WAITING'`);
      return left === 0 && (await count(made)) >= 1_000 ? true : undefined;
    };
    await eventually('all are made', settledAll, 120_000);
    expect(await count(made)).toBe(1_000);
    expect(await count(`(SELECT DISTINCT schedule_id FROM ${made}) AS each`)).toBe(1_000);
    const wrong = await sql(
      `SELECT t.* FROM schedule_ticks t LEFT JOIN task_chains c ON c.schedule_id = t.schedule_id AND c.scheduled_at = t.due_at
        WHERE length(t.schedule_id) < 14 AND (t.outcome <> 'CREATED' OR t.chain_id IS DISTINCT FROM c.chain_id)`,
    );
    expect(wrong).toEqual([]);
  });
});
