import { get } from 'node:http';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import { ApiClient, chain, describeSystem, line, liveEvents, SIGNED, task, taskOf } from './system/index.js';

interface EventAnswer {
  id: number;
  kind: string;
  task_id: string | null;
  disposition: string;
  attempt: number | null;
}
interface LogAnswer {
  items: { id: number; attempt: number; level: string; message: string }[];
  next_after: number;
}

describeSystem('what happened', 'postgres', {}, (check) => {
  check('is read from events, all of them and a part', async ({ api }) => {
    const done = await api.run(
      chain([task('flaky', { fail_attempts: 1 })], { retry_policy: { max_retries: 1, delay_ms: 0 } }),
    );
    const path = `/chains/${done.chain_id}/events`;
    const { items } = await api.expect<{ items: EventAnswer[]; next_after: number }>(200, path);
    const kinds = items.filter((event) => event.kind !== 'TaskStarted').map((event) => [event.kind, event.attempt]);
    expect(kinds).toEqual([
      ['ChainCreatedAndStarted', null],
      ['TaskFailed', 1],
      ['TaskSucceeded', 2],
      ['ChainFinished', null],
    ]);
    expect(items.every((event) => event.disposition === 'ACCEPTED')).toBe(true);
    const read: EventAnswer[] = [];
    for (let after = 0; ;) {
      const page = await api.expect<{ items: EventAnswer[]; next_after: number }>(
        200,
        `${path}?limit=1&after=${after}`,
      );
      if (page.items.length === 0) break;
      read.push(...page.items);
      after = page.next_after;
    }
    expect(read).toEqual(items);
    for (const query of ['limit=0', 'limit=1001', 'after=-1', 'after=x', 'limit=1&limit=2']) {
      const answer = await api.call(`${path}?${query}`);
      expect({ query, status: answer.status, code: answer.body.code }).toEqual({
        query,
        status: 400,
        code: 'INVALID_QUERY',
      });
    }
  });

  check('is shown live, and a stream that was cut off goes on without a gap', async ({ api }) => {
    const id = await api.start(chain(line(20, { delay_ms: 60, progress_steps: 2 })));
    const url = `${api.url}/api/v1/chains/${id}/events`;
    const shown = new Map<string, string>();
    let lastId: string | undefined;
    let versions: number[] = [];
    // Cut off after a few events, between tasks too, again and again.
    for (let ended = false, cuts = 0; !ended; cuts++) {
      let left = 6 + cuts;
      for await (const { event, id: eventId, data } of liveEvents(url, lastId ? { 'last-event-id': lastId } : {})) {
        if (event === 'task') shown.set(String(data['task_id']), String(data['status']));
        if (event === 'chain') versions.push(Number(data['version']));
        if (event === 'end') {
          expect(data).toEqual({ chain_id: id, status: 'SUCCESS' });
          ended = true;
        }
        lastId = eventId ?? lastId;
        if (!ended && cuts < 8 && --left === 0) break;
      }
    }
    const done = await api.chain(id);
    expect(done.status).toBe('SUCCESS');
    expect(Object.fromEntries(shown)).toEqual(
      Object.fromEntries(done.tasks.map((each) => [each.task_id, each.status])),
    );
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(versions.at(-1)).toBe(done.version);

    // Of a chain that has ended, a newcomer sees all and one that has seen all only the end.
    versions = [];
    const late: string[] = [];
    for await (const { event } of liveEvents(url)) late.push(event);
    expect(late).toEqual([...Array<string>(20).fill('task'), 'chain', 'end']);
    const again: string[] = [];
    for await (const { event } of liveEvents(url, { 'last-event-id': lastId! })) again.push(event);
    expect(again).toEqual(['end']);
    const missing = await api.call('/chains/chain-none/events', { headers: { accept: 'text/event-stream' } });
    expect(missing.status).toBe(404);
  });

  check('of all chains comes in one order, and live without a gap', async ({ api }) => {
    type Page = { items: (EventAnswer & { chain_id: string })[]; next_after: number };
    const read = async (after: number, query = ''): Promise<Page['items']> => {
      const items: Page['items'] = [];
      for (let at = after; ;) {
        const page = await api.expect<Page>(200, `/events?after=${at}&limit=7${query}`);
        if (page.next_after === at) return items;
        items.push(...page.items);
        at = page.next_after;
      }
    };
    const start = (await read(0)).at(-1)?.id ?? 0;
    const url = `${api.url}/api/v1/events`;
    const seen: number[] = [];
    let lastId: string | undefined;
    const running = Promise.all(Array.from({ length: 6 }, () => api.run(chain(line(5, { delay_ms: 20 })))));
    // Cut off again and again.
    for (let ends = 0, cuts = 0; ends < 6; cuts++) {
      let left = 5 + cuts;
      const headers: Record<string, string> = lastId === undefined ? {} : { 'last-event-id': lastId };
      for await (const { event, id, data } of liveEvents(`${url}?after=${start}`, headers)) {
        expect({ event, id }).toEqual({ event: 'event', id: String(data['id']) });
        lastId = id;
        seen.push(Number(id));
        if (data['kind'] === 'ChainFinished') ends++;
        if (--left === 0 || ends === 6) break;
      }
    }
    const chains = await running;
    const all = await read(start);
    expect(seen).toEqual(all.map(({ id }) => id).slice(0, seen.length));
    expect(all.filter(({ kind }) => kind === 'ChainFinished')).toHaveLength(6);
    for (const { chain_id: id } of chains) {
      const { items } = await api.expect<Page>(200, `/chains/${id}/events`);
      expect(all.filter((event) => event.chain_id === id)).toEqual(items);
    }

    const ofKinds = await read(start, '&kind=ChainFinished,TaskFailed');
    expect(ofKinds).toEqual(all.filter(({ kind }) => kind === 'ChainFinished'));
    // Without a place: from now on.
    const created: string[] = [];
    const stream = liveEvents(`${url}?kind=ChainCreated`);
    let first: string | undefined;
    const firstEvent = stream.next().then(({ value }) => (first = String(value!.data['chain_id'])));
    while (first === undefined) created.push(await api.create(chain([task('b')])));
    await firstEvent;
    await stream.return(undefined);
    expect(created).toContain(first);
    for (const query of ['limit=0', 'limit=1001', 'after=-1', 'kind=', 'kind=a,', 'kind=a&kind=b', "kind='"]) {
      const answer = await api.call(`/events?${query}`);
      expect({ query, status: answer.status, code: answer.body.code }).toEqual({
        query,
        status: 400,
        code: 'INVALID_QUERY',
      });
    }
  });

  check('is shown live to many at once, and none of them is forgotten', async ({ api }) => {
    const id = await api.create(chain(line(5, { delay_ms: 30 })));
    const watch = async () => {
      const seen = new Set<string>();
      for await (const { event, data } of liveEvents(`${api.url}/api/v1/chains/${id}/events`)) {
        if (event === 'task' && data['status'] === 'SUCCESS') seen.add(String(data['task_id']));
        if (event === 'end') seen.add('end');
      }
      return [...seen];
    };
    const watchers = Array.from({ length: 20 }, watch);
    await api.expect(202, `/chains/${id}/execute`, { method: 'POST' });
    const all = [...line(5).map((each) => each['task_id'] as string), 'end'];
    for (const seen of await Promise.all(watchers)) expect(seen).toEqual(all);
  });

  check('to a task: parameters, attempts, progress and log', async ({ api }) => {
    const ran = await api.run(
      chain([task('a', { fail_attempts: 1, delay_ms: 100, progress_steps: 4 })], {
        retry_policy: { max_retries: 1, delay_ms: 0 },
      }),
    );
    const path = `/chains/${ran.chain_id}/tasks/a`;
    const detail = await api.expect<{ params: unknown; status: string; progress: number }>(200, path);
    expect(detail).toMatchObject({ status: 'SUCCESS', progress: 1, task_id: 'a', waiting: null });
    expect(detail.params).toEqual({ task_config: { fail_attempts: 1, delay_ms: 100, progress_steps: 4 } });
    const attempts = await api.attempts(ran.chain_id, 'a');
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['FAILURE', 'SUCCESS']);
    expect(attempts[1]!.worker_id).toBe(taskOf(ran, 'a').worker_id);

    const lines = async (query = '') => api.expect<LogAnswer>(200, `${path}/logs${query}`);
    let log = await lines();
    for (const until = performance.now() + 20_000; log.items.length === 0 && performance.now() < until;)
      log = await lines();
    expect(log.items).toContainEqual(
      expect.objectContaining({ attempt: 1, level: 'error', message: expect.stringContaining('TASK_ERROR') }),
    );
    expect((await lines(`?after=${log.next_after}`)).items).toEqual([]);
    expect((await lines('?attempt=1')).items.every((each) => each.attempt === 1)).toBe(true);
    expect((await lines('?tail=1')).items).toEqual(log.items.slice(-1));
    for (const wrong of ['attempt=0', 'tail=0', 'tail=1001'])
      expect((await api.call(`${path}/logs?${wrong}`)).status).toBe(400);

    // As a stream it says the same, and ends by itself as the task has ended.
    const live = async (query = '', headers = {}) => {
      const seen: unknown[] = [];
      for await (const { event, data } of liveEvents(`${api.url}/api/v1${path}/logs${query}`, headers))
        seen.push(event === 'line' ? data : { [event]: data['status'] });
      return seen;
    };
    const all = [...(await lines()).items, { end: 'SUCCESS' }];
    const last = { 'last-event-id': String(log.next_after) };
    expect(await Promise.all([live(), live('?tail=1'), live('?attempt=1'), live('', last)])).toEqual([
      ...[all, all.slice(-2)],
      all.filter((each) => !('attempt' in each) || each.attempt === 1),
      all.slice(log.items.length),
    ]);
  });
});

describeSystem('what is there and what is not', 'postgres', { apps: ['api'] }, (check) => {
  check('chains, tasks and addresses that are not there are 404 problems', async ({ api }) => {
    const id = await api.create(chain([task('a')]));
    const expected: Record<string, string> = {
      '/chains/chain-none': 'CHAIN_NOT_FOUND',
      '/chains/%00': 'CHAIN_NOT_FOUND',
      [`/chains/${'x'.repeat(300)}`]: 'CHAIN_NOT_FOUND',
      [`/chains/${id}%20`]: 'CHAIN_NOT_FOUND',
      "/chains/'%20OR%201=1": 'CHAIN_NOT_FOUND',
      '/chains/chain-none/graph': 'CHAIN_NOT_FOUND',
      '/chains/chain-none/events': 'CHAIN_NOT_FOUND',
      '/chains/chain-none/tasks/a': 'CHAIN_NOT_FOUND',
      [`/chains/${id}/tasks/b`]: 'TASK_NOT_FOUND',
      [`/chains/${id}/tasks/b/attempts`]: 'TASK_NOT_FOUND',
      [`/chains/${id}/tasks/b/logs`]: 'TASK_NOT_FOUND',
      [`/chains/${id}/tasks/b/artifacts`]: 'TASK_NOT_FOUND',
      [`/chains/${id}/tasks/a/artifacts/x`]: 'ARTIFACT_NOT_FOUND',
      '/nothing': 'NOT_FOUND',
      '//api/v2/chains': 'NOT_FOUND',
      [`/chains/${id}/nothing`]: 'NOT_FOUND',
    };
    for (const [path, code] of Object.entries(expected)) {
      const answer = await api.call(path);
      expect({ path, status: answer.status, code: answer.body?.code }).toEqual({ path, status: 404, code });
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
    const headers = { 'idempotency-key': 'of-none' };
    for (const none of ['chain-none', 'x'.repeat(64), 'x'.repeat(65), '%00']) {
      for (const command of ['execute', 'cancel', 'tasks/a/skip']) {
        const call = { method: 'POST', headers, body: { note: 'none' } };
        expect((await api.call(`/chains/${none}/${command}`, call)).body.code).toBe('CHAIN_NOT_FOUND');
      }
    }
    for (const none of ['webhook-none', 'x'.repeat(300), '%00', '%F0%9F%8E%89']) {
      const path = `/webhooks/${none}`;
      const calls = { [path]: 'DELETE', [`${path}/deliveries`]: 'GET', [`${path}/deliveries/1/replay`]: 'POST' };
      for (const [each, method] of Object.entries(calls)) {
        const { status, body } = await api.call(each, { method, headers });
        expect({ each, status, code: body.code }).toEqual({ each, status: 404, code: 'NOT_FOUND' });
      }
    }
    expect((await api.call('/chains/chain-none', { method: 'DELETE' })).body.code).toBe('CHAIN_NOT_FOUND');
    const broken = await api.call('/chains/%zz');
    expect(broken.status).toBe(400);
    expect(broken.headers.get('content-type')).toContain('application/problem+json');
  });

  check('other methods do no harm', async ({ api }) => {
    const id = await api.create(chain([task('a')]));
    for (const path of [
      '/chains',
      `/chains/${id}`,
      `/chains/${id}/graph`,
      `/chains/${id}/events`,
      '/events',
      '/task-types',
      '//metrics',
    ]) {
      const head = await api.call(path, { method: 'HEAD' });
      expect({ path, status: head.status, text: head.text }).toEqual({ path, status: 200, text: '' });
    }
    const stream = await api.call(`/chains/${id}/events`, { method: 'HEAD', headers: { accept: 'text/event-stream' } });
    expect(stream.status).toBe(200);
    for (const path of [`/chains/${id}/execute`, `/chains/${id}/cancel`]) {
      for (const method of ['HEAD', 'GET', 'OPTIONS', 'PUT', 'PATCH', 'DELETE']) {
        const { status } = await api.call(path, { method });
        expect({ method, path, refused: status === 404 || status === 405 }).toEqual({ method, path, refused: true });
      }
    }
    for (const method of ['OPTIONS', 'PUT', 'PATCH', 'POST'])
      expect((await api.call(`/chains/${id}`, { method })).status).toBeLessThan(500);
    expect((await api.chain(id)).status).toBe('PENDING');
  });

  check('artifacts: listed, downloaded, and nothing else on the disk', async (system) => {
    const { api } = system;
    const id = await api.create(chain([task('a'), task('b')]));
    const folder = join(system.artifactRoot, id, 'a');
    mkdirSync(join(folder, 'alice'), { recursive: true });
    writeFileSync(join(system.artifactRoot, 'outside.txt'), 'SECRET');
    writeFileSync(join(folder, 'report.html'), '<script>alert(1)</script>报告');
    writeFileSync(join(folder, 'unlisted.txt'), 'unlisted');
    writeFileSync(join(folder, 'alice', 'rows.csv'), 'id\n1\n');
    symlinkSync(join(system.artifactRoot, 'outside.txt'), join(folder, 'link.txt'));
    const size = Buffer.byteLength('<script>alert(1)</script>报告');
    await withConnection(system.databaseUrl, (client) =>
      client.query(
        `INSERT INTO artifacts (tenant_id, chain_id, task_id, name, media_type, size_bytes, sha256)
         SELECT 'default', $1, 'a', name, 'text/html', $2, repeat('0', 64)
           FROM unnest(ARRAY['report.html', 'alice/rows.csv', 'link.txt', 'gone.txt', '../../outside.txt']) AS name`,
        [id, size],
      ),
    );
    const path = `/chains/${id}/tasks/a/artifacts`;
    const { items } = await api.expect<{ items: { name: string; party: string | null; reference: string }[] }>(
      200,
      path,
    );
    expect(items).toHaveLength(5);
    expect(items).toContainEqual(
      expect.objectContaining({ name: 'alice/rows.csv', party: 'alice', reference: `artifact:${id}/a/alice/rows.csv` }),
    );
    const report = await api.call(`${path}/report.html`);
    expect(report).toMatchObject({ status: 200, text: '<script>alert(1)</script>报告' });
    expect(report.headers.get('content-type')).toContain('text/html');
    expect(report.headers.get('content-length')).toBe(String(size));
    expect(report.headers.get('content-disposition')).toBe('attachment; filename="report.html"');
    expect(report.headers.get('content-security-policy')).toContain('sandbox');
    expect(report.headers.get('cache-control')).toBe('no-store');
    for (const [dest, site, shown] of [
      ['iframe', 'same-origin', 'inline'],
      ['iframe', 'cross-site', 'attachment'],
      ['document', 'same-origin', 'attachment'],
    ] as const) {
      const headers = { 'Sec-Fetch-Dest': dest, 'Sec-Fetch-Site': site };
      const framed = await api.call(`${path}/report.html`, { headers });
      expect(framed.headers.get('content-disposition')).toBe(`${shown}; filename="report.html"`);
      expect(framed.headers.get('content-security-policy')).toMatch(/^sandbox; .*frame-ancestors 'self'$/);
    }
    expect(report.headers.get('etag')).toBe(`"${'0'.repeat(64)}"`);
    const head = await api.call(`${path}/report.html`, { method: 'HEAD' });
    expect({ status: head.status, text: head.text }).toEqual({ status: 200, text: '' });

    const expected: Record<string, [number, string]> = {
      'alice/rows.csv': [403, 'FORBIDDEN'],
      'alice%2Frows.csv': [403, 'FORBIDDEN'],
      'unlisted.txt': [404, 'ARTIFACT_NOT_FOUND'],
      'gone.txt': [404, 'ARTIFACT_NOT_FOUND'],
      'link.txt': [404, 'ARTIFACT_NOT_FOUND'],
      '%2fetc%2fpasswd': [404, 'ARTIFACT_NOT_FOUND'],
      '..%5c..%5coutside.txt': [404, 'ARTIFACT_NOT_FOUND'],
      'report.html%00': [404, 'ARTIFACT_NOT_FOUND'],
      [`${'x'.repeat(900)}`]: [404, 'ARTIFACT_NOT_FOUND'],
    };
    const made = { method: 'POST', body: { name: 'reads', role: 'author' } };
    const { key } = await api.expect<{ key: string }>(201, '/keys', made);
    const author = new ApiClient(api.url, key);
    for (const [name, [status, code]] of Object.entries(expected)) {
      const answer = await author.call(`${path}/${name}`);
      expect({ name, status: answer.status, code: answer.body.code }).toEqual({ name, status, code });
    }
    // A slash at the end is the list.
    expect((await author.call(`${path}/`)).body).toMatchObject({ items: expect.any(Array) });
    // One is listed under a name that leads out by force. fetch would tidy these paths up: they are sent as they are.
    for (const trick of [
      '../../outside.txt',
      '%2e%2e/%2e%2e/outside.txt',
      '%2e%2e%2f%2e%2e%2foutside.txt',
      '..%2F..%2Foutside.txt',
    ]) {
      const answer = await untouched(`${api.url}/api/v1${path}/`, trick);
      expect([403, 404]).toContain(answer.status);
      expect(answer.text).not.toContain('SECRET');
    }
    expect((await api.call(`/chains/${id}/tasks/b/artifacts/report.html`)).status).toBe(404);
  });

  check('task types, health and metrics', async ({ api }) => {
    const { items } = await api.expect<{ items: { task_type: string; config_schema: { type?: string } }[] }>(
      200,
      '/task-types',
    );
    for (const type of [
      'diagnostic',
      'psi',
      'preprocessing',
      'table_statistics',
      'ss_lr',
      'biclassification_eval',
      'report',
    ])
      expect(items.map((item) => item.task_type)).toContain(type);
    expect(items.every((item) => item.config_schema.type === 'object')).toBe(true);
    expect(await api.expect(200, '//health/live')).toMatchObject({ status: 'ok' });
    expect(await api.expect(200, '//health/ready')).toMatchObject({
      status: 'ok',
      checks: { database: { status: 'ok' } },
    });
    const metrics = await api.call('//metrics');
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    expect(metrics.text).toMatch(/^process_cpu_seconds_total\S* [\d.e-]+$/m);
    await expectDocs(api);
  });
});

/** GET of a path that no client has normalised. */
function untouched(base: string, rest: string): Promise<{ status: number; text: string }> {
  const { hostname, port, pathname } = new URL(base);
  return new Promise((resolve, reject) => {
    get({ hostname, port, path: pathname + rest, headers: SIGNED }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, text }));
    }).on('error', reject);
  });
}

async function expectDocs(api: ApiClient): Promise<void> {
  const document = await api.expect<{ openapi: string; paths: object }>(200, '//docs-json');
  expect(document.openapi).toBe('3.1.0');
  const ui = await api.call('//docs');
  expect(ui.status).toBe(200);
  expect(ui.text).toContain('swagger-ui');
}
