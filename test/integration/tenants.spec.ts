import { expect } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import { ApiClient, chain, child, describeSystem, eventually, task, type ProblemAnswer } from './system/index.js';

const TENANTS = ['default', 'acme', 'beta'] as const;
type Tenant = (typeof TENANTS)[number];
type QuotaAnswer = ProblemAnswer & { quota: object };

/** What a tenant has, by the names that the paths of the API give them. */
type Ids = Readonly<
  Record<
    'schedule_id' | 'template_id' | 'chain_id' | 'task_id' | 'webhook_id' | 'delivery_id' | 'key_id' | 'path',
    string
  >
>;

interface OpenApi {
  paths: Record<string, Record<string, { operationId?: string; requestBody?: unknown; security?: unknown[] }>>;
}

describeSystem('tenants', 'postgres', { env: { RATE_LIMIT: '0', WEBHOOK_ALLOW_PRIVATE: 'on' } }, (check, system) => {
  const clients = {} as Record<Tenant, ApiClient>;
  const ids = {} as Record<Tenant, Ids>;

  /** Rows of a tenant in every table, but for when a key was last used and a delivery tried again. */
  const rowsOf = (tenant: Tenant): Promise<string> =>
    withConnection(system.databaseUrl, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        `SELECT relname AS name FROM pg_class WHERE relrowsecurity AND relname <> 'outbox' ORDER BY 1`,
      );
      const all: string[] = [];
      for (const { name } of rows) {
        const of = await client.query<{ row: string }>(
          `SELECT (to_jsonb(t) - ARRAY['last_used_at', 'tries', 'next_attempt_at'])::text AS row FROM ${name} t WHERE tenant_id = $1 ORDER BY 1`,
          [tenant],
        );
        all.push(`${name}: ${of.rows.map(({ row }) => row).join('\n')}`);
      }
      return all.join('\n\n');
    });

  check('are made by the platform, each with its own key', async ({ api }) => {
    for (const tenant of TENANTS) {
      if (tenant !== 'default') {
        await api.expect(201, '/tenants', { method: 'POST', body: { tenant_id: tenant, name: `Tenant ${tenant}` } });
      }
      const headers = { 'x-tenant': tenant };
      const made = await api.expect<{ key: string; key_id: string }>(201, '/keys', {
        method: 'POST',
        headers,
        body: { name: `key of ${tenant}`, role: 'admin' },
      });
      const client = (clients[tenant] = new ApiClient(api.url, made.key));
      const { webhook_id } = await client.expect<{ webhook_id: string }>(201, '/webhooks', {
        method: 'POST',
        body: { url: `http://127.0.0.1:1/${tenant}` },
      });
      const body = { ...chain([task('a', { result: { mark: `result of ${tenant}` } })]) };
      const chain_id = await client.create(
        { ...body, chain_name: `chain of ${tenant}`, execute: true },
        { 'Idempotency-Key': 'the same for all' },
      );
      await client.ended(chain_id);
      const deliveries = await eventually('the webhook was tried', async () => {
        const path = `/webhooks/${webhook_id}/deliveries`;
        const { items } = await client.expect<{ items: { id: number; payload: { data: { chain_id: string } } }[] }>(
          200,
          path,
        );
        return items.length > 0 ? items : undefined;
      });
      expect(deliveries.map(({ payload }) => payload.data.chain_id)).toEqual([chain_id]);
      const delivery_id = String(deliveries[0]!.id);
      const { template_id } = await client.expect<{ template_id: string }>(201, '/templates', {
        method: 'POST',
        body: { title: `template of ${tenant}`, chain: body },
      });
      const { schedule_id } = await client.expect<{ schedule_id: string }>(201, '/schedules', {
        method: 'POST',
        body: { title: `schedule of ${tenant}`, interval: 3_600, chain: body },
      });
      // The audit log is written a moment later, in the order of the changes.
      await eventually('the schedule is in the audit log', async () => {
        const { items } = await client.expect<{ items: object[] }>(200, `/audit?target=${schedule_id}`);
        return items.length > 0 ? true : undefined;
      });
      ids[tenant] = {
        schedule_id,
        template_id,
        chain_id,
        task_id: 'a',
        webhook_id,
        delivery_id,
        key_id: made.key_id,
        path: 'none',
      };
    }
    expect(new Set(TENANTS.map((tenant) => ids[tenant].chain_id)).size).toBe(3);
    const again = await api.call('/tenants', { method: 'POST', body: { tenant_id: 'acme', name: 'again' } });
    expect([again.status, again.body.code]).toEqual([409, 'TENANT_EXISTS']);
    const upper = await api.call('/tenants', { method: 'POST', body: { tenant_id: 'Acme.2', name: 'upper' } });
    expect(upper.body.errors![0]!.message).toContain('may hold a-z, 0-9 and _ - only');
  });

  check('find nothing of each other on any route, by any id, and change nothing', async ({ api }) => {
    const document = await api.expect<OpenApi>(200, '//docs-json');
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, operation]) => operation.operationId !== undefined && operation.security?.length !== 0)
        .map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
    );
    const before = Object.fromEntries(await Promise.all(TENANTS.map(async (t) => [t, await rowsOf(t)] as const)));
    let cells = 0;
    const leaks: string[] = [];
    for (const asking of TENANTS) {
      for (const other of TENANTS) {
        if (asking === other) continue;
        const marks = [`of ${other}`, `/${other}`, ...Object.entries(ids[other]).map(([, id]) => id)].filter(
          (mark) => !Object.values(ids[asking]).includes(mark) && !/^\d+$/.test(mark),
        );
        for (const { path, method, operationId, requestBody } of operations) {
          const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as keyof Ids);
          if (path.includes('/tenants')) continue; // the platform's alone: the route walk of the sign-in
          const url = path.replaceAll(/\{(\w+)\}/g, (_, name: keyof Ids) => ids[other][name] ?? 'none');
          if (named.length === 0 && method !== 'GET' && !path.includes('/bulk/')) continue; // adds to one's own
          if (operationId === 'putSecret') continue; // the name is the caller's own choice: it adds to one's own
          const body = path.includes('/bulk/')
            ? { ids: [ids[other].chain_id] }
            : requestBody === undefined
              ? undefined
              : (BODIES[operationId!] ?? {});
          cells++;
          const answer = await clients[asking].call(`/${url}`, { method, body });
          const said = answer.text.replaceAll(url.split('?')[0]!, '');
          const echoed = new Set([
            ...named.map((name) => ids[other][name]),
            ...(path.includes('/bulk/') ? [ids[other].chain_id] : []),
          ]);
          const found = marks.filter((mark) => said.includes(mark) && !echoed.has(mark));
          const opened = named.length > 0 && answer.status < 400;
          const bulk = path.includes('/bulk/') && (answer.body as unknown as { not_found: number }).not_found !== 1;
          if (found.length > 0 || opened || bulk || answer.status >= 500) {
            leaks.push(
              `${asking} ${method} ${url} of ${other}: ${answer.status} ${found.join()} ${answer.text.slice(0, 200)}`,
            );
          }
          // With what only its own tenant may name, it is as if it were not there.
          if (named.length > 0 && answer.status !== 404) {
            leaks.push(
              `${asking} ${method} ${url} of ${other} answered ${answer.status}: ${answer.text.slice(0, 200)}`,
            );
          }
        }
      }
    }
    process.stdout.write(
      `tenants x routes x ids: ${cells} requests of ${operations.length} operations, ${leaks.length} leaks\n`,
    );
    expect(leaks).toEqual([]);
    expect(cells).toBeGreaterThan(200);
    for (const tenant of TENANTS) expect(await rowsOf(tenant)).toBe(before[tenant]);
    // It can find: each sees its own by the same paths.
    for (const tenant of TENANTS) {
      expect((await clients[tenant].chain(ids[tenant].chain_id)).chain_name).toBe(`chain of ${tenant}`);
      const list = await clients[tenant].expect<{ total: number }>(200, '/chains');
      expect(list.total).toBe(1);
    }
  });

  check('hear of their own events alone', async () => {
    for (const tenant of TENANTS) {
      const { items } = await clients[tenant].expect<{ items: { chain_id: string }[] }>(200, '/events?limit=1000');
      expect(new Set(items.map(({ chain_id: id }) => id))).toEqual(new Set([ids[tenant].chain_id]));
    }
  });

  check('may not be chosen but by the platform, and may be closed', async ({ api }) => {
    const foreign = await clients.acme.call('/chains', { headers: { 'x-tenant': 'beta' } });
    expect([foreign.status, foreign.body.code]).toEqual([403, 'FORBIDDEN']);
    expect((await clients.acme.call('/chains', { headers: { 'x-tenant': 'acme' } })).status).toBe(200);
    expect((await api.call(`/chains/${ids.beta.chain_id}`, { headers: { 'x-tenant': 'beta' } })).status).toBe(200);
    for (const none of ['gamma', '*', '', "x' OR true --"]) {
      expect((await api.call('/chains', { headers: { 'x-tenant': none } })).status).toBe(404);
    }
    await api.expect(200, '/tenants/beta', { method: 'PATCH', body: { enabled: false } });
    const closed = await api.call('/chains', { headers: { 'x-tenant': 'beta' } });
    expect([closed.status, closed.body.code]).toEqual([404, 'NOT_FOUND']);
    await eventually('the key of a closed tenant opens nothing', async () =>
      (await clients.beta.call('/chains')).status === 401 ? true : undefined,
    );
    await api.expect(200, '/tenants/beta', { method: 'PATCH', body: { enabled: true } });
  });

  check('are held to their quota, and learn of it', async ({ api }) => {
    const set = async (quota: object): Promise<void> => {
      await api.expect(200, '/tenants/acme', { method: 'PATCH', body: quota });
    };
    const refused = async (path: string, body: object, headers = {}, comesBack = true): Promise<QuotaAnswer> => {
      const answer = await clients.acme.call<QuotaAnswer>(path, {
        method: 'POST',
        body,
        headers,
      });
      expect([answer.status, answer.body.code]).toEqual([429, 'QUOTA_EXCEEDED']);
      expect(Number(answer.headers.get('retry-after') ?? 0) > 0).toBe(comesBack);
      return answer.body;
    };
    const slow = { ...chain([task('a', { delay_ms: 60_000 }), task('b', {}, { depends_on: ['a'] })]), execute: true };

    await set({ max_running_chains: 1 });
    const running = await clients.acme.create(slow, { 'Idempotency-Key': 'first' });
    await clients.acme.until(running, 'its task runs', ({ tasks }) => tasks[0]!.status === 'RUNNING');
    const chains = async (): Promise<number> => (await clients.acme.expect<{ total: number }>(200, '/chains')).total;
    const before = await chains();
    expect((await refused('/chains', slow)).quota).toEqual({
      limit: 'max_running_chains',
      max: 1,
      used: 1,
      requested: 1,
    });
    await refused('/chains', slow, { 'Idempotency-Key': 'second' });
    expect(await chains()).toBe(before);
    // What was answered before is answered again.
    expect(await clients.acme.create(slow, { 'Idempotency-Key': 'first' })).toBe(running);
    const { execute: _execute, ...waiting } = slow;
    const second = await clients.acme.create(waiting);
    await refused(`/chains/${second}/execute`, {});
    await clients.acme.expect(202, `/chains/${second}/execute?dry_run=true`, { method: 'POST' });
    const bulk = await clients.acme.expect<{ refused: number; results: { detail: string }[] }>(
      200,
      '/chains/bulk/retry',
      {
        method: 'POST',
        body: { ids: [ids.acme.chain_id] },
      },
    );
    expect(bulk.refused).toBe(1);
    await clients.acme.expect(200, `/chains/${running}/cancel`, { method: 'POST' });
    await clients.acme.expect(202, `/chains/${second}/execute`, { method: 'POST' });

    await set({ max_running_chains: null, max_waiting_tasks: 3 });
    expect((await refused('/chains', slow)).quota).toEqual({
      limit: 'max_waiting_tasks',
      max: 3,
      used: 2,
      requested: 2,
    });
    await set({ max_waiting_tasks: 1 });
    const large = await refused('/chains', slow, {}, false);
    expect(large.quota).toMatchObject({ max: 1, requested: 2 });
    expect(large.detail).toContain('this request alone exceeds the limit: split it, or ask for a higher limit');
    await clients.acme.expect(200, `/chains/${second}/cancel`, { method: 'POST' });

    // What children may have at once counts from the creation on, and a turn as one.
    const useNow = () =>
      clients.acme
        .expect<{ use: { waiting_tasks: number; running_chains: number } }>(200, '/tenant')
        .then(({ use }) => use);
    const idle = await useNow();
    const tree = chain([
      child('sub', { chain: { tasks: [task('x'), task('y')] } }, { repeat: { until: 'false', max: 9 } }),
      task('e', {}, { for_each: { items: '${tasks.sub.result}', max_items: 3 }, depends_on: ['sub'] }),
    ]);
    await set({ max_waiting_tasks: idle.waiting_tasks + 7 });
    expect((await refused('/chains', tree, {}, false)).quota).toMatchObject({ used: idle.waiting_tasks, requested: 8 });
    await set({ max_waiting_tasks: idle.waiting_tasks + 8 });
    const whole = await clients.acme.create(tree);
    expect((await useNow()).waiting_tasks).toBe(idle.waiting_tasks + 8);
    await clients.acme.expect(200, `/chains/${whole}/cancel`, { method: 'POST' });
    expect((await useNow()).waiting_tasks).toBe(idle.waiting_tasks);
    await set({ max_waiting_tasks: null });
    const held = await clients.acme.start(
      chain([child('sub', { chain: { tasks: [task('x', { delay_ms: 60_000 })] } })]),
    );
    await clients.acme.until(held, 'its child is there', ({ tasks }) => tasks[0]!.hold === 'CHILD');
    expect(await useNow()).toMatchObject({
      ...{ waiting_tasks: idle.waiting_tasks + 2, running_chains: idle.running_chains + 1 },
    });
    await clients.acme.expect(200, `/chains/${held}/cancel`, { method: 'POST' });

    await set({ max_waiting_tasks: null, max_creates_per_minute: 10 });
    const { creates_last_minute: made } = (
      await clients.acme.expect<{ use: { creates_last_minute: number } }>(200, '/tenant')
    ).use;
    // As many at once as come: no more than the quota lets through.
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => clients.acme.call('/chains', { method: 'POST', body: waiting })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(10 - made);
    expect(statuses.filter((status) => status === 429)).toHaveLength(20 + made);
    const last = (await refused('/chains', waiting)).quota;
    expect(last).toEqual({ limit: 'max_creates_per_minute', max: 10, used: 10, requested: 1 });
    // Others are not touched by it.
    await clients.beta.create(waiting);
    await set({ max_creates_per_minute: null, max_artifact_bytes: 0 });
    const full = await refused('/chains', waiting, {}, false);
    expect(full.quota).toEqual({ limit: 'max_artifact_bytes', max: 0, used: 0 });
    expect(full.detail).toContain('retention frees them, or ask for a higher limit');
    await set({ max_artifact_bytes: null });
  });

  check('have the changes to themselves in the log of the platform, which is for nobody else', async ({ api }) => {
    const rows = await eventually('the changes are in the log', async () => {
      const path = '/audit?platform=true&target=beta&limit=200';
      const { items } = await api.expect<{ items: { action: string; details: object }[] }>(200, path);
      return items.some(({ details }) => 'enabled' in details) ? items : undefined;
    });
    expect(rows.at(-1)).toMatchObject({ action: 'createTenant', actor: 'admin key', target: 'beta' });
    expect((await api.expect<{ items: object[] }>(200, '/audit?target=beta')).items).toEqual([]);
    const refused = await clients.acme.call('/audit?platform=true');
    expect([refused.status, refused.body.code]).toEqual([403, 'FORBIDDEN']);
    expect((await api.call('/audit?platform=yes')).status).toBe(400);
  });

  check('run their tasks on the engines that they are allowed', async ({ api }) => {
    const set = (body: object) => api.call('/tenants/acme', { method: 'PATCH', body });
    const create = async () => {
      const { status, body } = await clients.acme.call('/chains', { method: 'POST', body: chain([task('a')]) });
      return [status, body.errors?.map(({ pointer, message }) => `${pointer} ${message}`)];
    };
    const enginesOfPsi = async () => {
      const { items } = await clients.acme.expect<{ items: { task_type: string; engines: string[] }[] }>(
        200,
        '/task-types',
      );
      return items.find(({ task_type: type }) => type === 'psi')!.engines;
    };
    expect(await enginesOfPsi()).toEqual(['native']);
    expect((await set({ allowed_engines: ['secretflow'] })).status).toBe(200);
    expect(await create()).toEqual([
      400,
      [expect.stringMatching(/engine is "native", and this tenant allows secretflow/)],
    ]);
    expect(await enginesOfPsi()).toEqual([]);
    const wrong = { default_engine: 'native' };
    expect(await set(wrong)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/default_engine' }] } });
    for (const allowed_engines of [[], ['other'], ['native', 'native'], 'native'])
      expect((await set({ allowed_engines })).status).toBe(400);
    const both = { default_engine: 'native', allowed_engines: ['native'] };
    expect((await set(both)).body).toMatchObject(both);
    expect((await create())[0]).toBe(201);
    expect(await clients.acme.expect(200, '/tenant')).toMatchObject(both);
    await set({ default_engine: null, allowed_engines: null });
  });

  check('see their limits and use', async () => {
    const own = await clients.acme.expect<Record<string, unknown>>(200, '/tenant');
    expect(own).toMatchObject({ tenant_id: 'acme', max_creates_per_minute: null, use: { running_chains: 0 } });
    expect((await clients.acme.call('/tenants')).status).toBe(403);
  });
});

/** Bodies that the operation takes, so that only the foreign id stands in its way. */
const BODIES: Readonly<Record<string, object>> = {
  setChainPriority: { priority: 9 },
  setTaskPriority: { priority: 9 },
  resolveTask: { result: 1, note: 'mine' },
  skipTask: { note: 'mine' },
  answerSignOff: { decision: 'approve' },
  putTemplate: { title: 'mine', chain: { chain_name: 'mine', tasks: [task('a')] } },
  putTemplateLabel: { version: 1 },
  putSchedule: { title: 'mine', interval: 60, chain: { chain_name: 'mine', tasks: [task('a')] } },
  backfillSchedule: { from: '2026-01-01T00:00:00Z' },
};
