import { expect } from '@jest/globals';
import { ApiClient, chain, describeSystem, eventually, line, task, taskOf, type ChainAnswer } from './system/index.js';

/** Tasks that the greedy tenant has waiting; the long form: TURNS_WAITING=100000. */
const WAITING = Number(process.env.TURNS_WAITING ?? 5_000);
const OF_A_CHAIN = Math.min(WAITING, 5_000);
/** How long another tenant's first task may wait for a worker beside them, ms. */
const PATIENCE = 2_000;

interface Span {
  readonly from: number;
  readonly to: number;
}

/** How many of these were under way at once, at most. */
const most = (spans: readonly Span[]): number =>
  Math.max(...spans.map(({ from }) => spans.filter((each) => each.from <= from && each.to > from).length));
const spanOf = (done: ChainAnswer): Span => ({
  from: Math.min(...done.tasks.flatMap(({ started_at: at }) => (at === null ? [] : [Date.parse(at)]))),
  to: Date.parse(done.completed_at),
});

describeSystem('turns', 'redis', { env: { RATE_LIMIT: '0', WORKER_CONCURRENCY: '4' } }, (check) => {
  check('tasks of one concurrency key, over chains: no more at once than may', async ({ api }) => {
    const body = chain([
      task('a', { delay_ms: 100 }, { concurrency_key: 'party-alice', concurrency_limit: 2 }),
      task('b', { delay_ms: 100 }, { concurrency_key: 'party-alice', concurrency_limit: 2 }),
      task('free', {}),
    ]);
    const ids = await Promise.all(Array.from({ length: 6 }, () => api.start(body)));
    const waiting = await eventually('a task waits for its key', async () => {
      const tasks = (await Promise.all(ids.map((id) => api.chain(id)))).flatMap((each) => each.tasks);
      return tasks.find((each) => each.waiting?.code === 'CONCURRENCY_KEY');
    });
    expect(waiting.waiting).toMatchObject({ limit: 2, message: expect.stringContaining('"party-alice"') });
    const done = await Promise.all(ids.map((id) => api.ended(id)));
    expect(done.map(({ status }) => status)).toEqual(ids.map(() => 'SUCCESS'));
    const spans = done.flatMap((each) =>
      ['a', 'b'].map((id) => {
        const { started_at: from, completed_at: to } = taskOf(each, id);
        return { from: Date.parse(from!) + 1, to: Date.parse(to!) };
      }),
    );
    expect(most(spans)).toBe(2);
  });

  check('chains of one concurrency key: one after the other, also where one fails or is cancelled', async ({ api }) => {
    const options = { concurrency_key: 'model', concurrency_limit: 1, stop_on_error: true };
    const bodies = [
      chain(line(3, { delay_ms: 50 }), options),
      chain([task('a', { delay_ms: 50, fail_attempts: 9 }), task('b', {}, { depends_on: ['a'] })], options),
      chain([task('a', { delay_ms: 60_000 })], options),
      chain(line(3, { delay_ms: 50 }), options),
    ];
    const ids: string[] = [];
    for (const body of bodies) ids.push(await api.start(body));
    await api.until(ids[2]!, 'the third has its turn', ({ tasks }) => tasks[0]!.status === 'RUNNING');
    expect((await api.chain(ids[3]!)).tasks[0]!.waiting).toMatchObject({ code: 'CONCURRENCY_KEY', limit: 1 });
    await api.expect(200, `/chains/${ids[2]}/cancel`, { method: 'POST' });
    const done = await Promise.all(ids.map((id) => api.ended(id)));
    expect(done.map(({ status }) => status)).toEqual(['SUCCESS', 'FAILURE', 'CANCELLED', 'SUCCESS']);
    const spans = done.map(spanOf);
    for (let i = 1; i < spans.length; i++) expect(spans[i]!.from).toBeGreaterThanOrEqual(spans[i - 1]!.to);
    // One that is run again waits for its turn as any other.
    const holder = await api.start(chain([task('a', { delay_ms: 60_000 })], options));
    await api.until(holder, 'it runs', ({ tasks }) => tasks[0]!.status === 'RUNNING');
    await api.expect(200, `/chains/${ids[1]}/retry`, { method: 'POST' });
    const again = await api.until(ids[1]!, 'it waits', ({ tasks }) => tasks[0]!.waiting?.code === 'CONCURRENCY_KEY');
    expect(again.status).toBe('RUNNING');
    await api.expect(200, `/chains/${holder}/cancel`, { method: 'POST' });
    await api.ended(ids[1]!);
  });

  check('a key of a task beside one of its chain is refused, and a limit without a key', async ({ api }) => {
    const twice = chain([task('a', {}, { concurrency_key: 'k' })], { concurrency_key: 'k' });
    const answer = await api.call('/chains', { method: 'POST', body: twice });
    expect([answer.status, answer.body.errors?.map(({ code, pointer }) => [code, pointer])]).toEqual([
      400,
      [['CONCURRENCY_TWICE', '/tasks/0/concurrency_key']],
    ]);
    for (const wrong of [
      { concurrency_limit: 2 },
      { concurrency_key: '' },
      { concurrency_key: 'k', concurrency_limit: 0 },
    ]) {
      expect((await api.call('/chains', { method: 'POST', body: chain([task('a', {}, wrong)]) })).status).toBe(400);
    }
  });

  check(`a tenant with ${WAITING} tasks waiting does not keep another's first task`, async ({ api }) => {
    await api.expect(201, '/tenants', { method: 'POST', body: { tenant_id: 'small', name: 'Small' } });
    const headers = { 'x-tenant': 'small' };
    const { key } = await api.expect<{ key: string }>(201, '/keys', {
      method: 'POST',
      headers,
      body: { name: 'k', role: 'author' },
    });
    const small = new ApiClient(api.url, key);
    const many = chain(Array.from({ length: OF_A_CHAIN }, (_, i) => task(`t${i}`, { delay_ms: 50 }, { priority: 10 })));
    const greedy: string[] = [];
    for (let left = WAITING; left > 0; left -= OF_A_CHAIN) greedy.push(await api.start(many));
    await eventually('the greedy one has begun', async () =>
      (await api.expect<{ use: { waiting_tasks: number } }>(200, '/tenant')).use.waiting_tasks < WAITING
        ? true
        : undefined,
    );
    const waits: number[] = [];
    const began = performance.now();
    for (let i = 0; i < 5; i++) {
      const done = await small.run(chain([task('a'), task('b', {}, { depends_on: ['a'] })]));
      const { created_at: asked, tasks } = done as ChainAnswer & { created_at: string };
      waits.push(Date.parse(tasks[0]!.started_at!) - Date.parse(asked));
    }
    const { use } = await api.expect<{ use: { waiting_tasks: number } }>(200, '/tenant');
    process.stdout.write(
      `first tasks of a tenant beside ${use.waiting_tasks} waiting ones of another: ${waits.join(', ')} ms, five chains in ${Math.round(performance.now() - began)} ms\n`,
    );
    expect(use.waiting_tasks).toBeGreaterThan(0);
    for (const wait of waits) expect(wait).toBeLessThan(PATIENCE);
    // Some may have ended.
    for (const id of greedy) await api.call(`/chains/${id}/cancel`, { method: 'POST' });
  });
});
