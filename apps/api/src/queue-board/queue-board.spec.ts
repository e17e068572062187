import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Page, Request } from 'playwright-core';
import { createLogger, readAppConfig } from '#libs/platform';
import type { TaskJob } from '#libs/queues';
import {
  createTestDatabase,
  describeUnless,
  itUnless,
  noRedis,
  openTestBrowser,
  openTestQueues,
  startTestRedis,
  type TestDatabase,
  type TestRedis,
} from '#libs/testing';
import { createApp } from '../create-app.js';
import { routesOf } from '../auth/routes-for-tests.js';

const ADMIN_KEY = 'the-admin-key-of-this-test-and-of-nothing-else';
const basic = (password: string, name = 'somebody') => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

const skipped = await noRedis();
const chromium = await openTestBrowser();
afterAll(() => chromium.close());

for (const kind of ['postgres', 'redis'] as const) {
  describeUnless(kind === 'redis' && skipped, `the queue board (${kind})`, () => {
    let database: TestDatabase;
    let redis: TestRedis | undefined;
    let app: NestFastifyApplication;
    let url: string;
    let tenantAdmin: string;

    beforeAll(async () => {
      database = await createTestDatabase();
      if (kind === 'redis') redis = await startTestRedis();
      const env = { DATABASE_URL: database.url, ADMIN_API_KEY: ADMIN_KEY };
      const config = readAppConfig(redis ? { ...env, REDIS_URL: redis.url } : env);
      app = await createApp(config, createLogger('api', 'silent'));
      await app.listen(0, '127.0.0.1');
      url = await app.getUrl();
      const made = await fetch(`${url}/api/v1/keys`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: "a tenant's admin", role: 'admin' }),
      });
      tenantAdmin = ((await made.json()) as { key: string }).key;

      const { queues, close } = await openTestQueues(config);
      await queues.send([JOB]);
      await close();
    });
    afterAll(async () => {
      await app.close();
      await redis?.stop();
      await database.drop();
    });
    const ask = (path: string, authorization?: string, method = 'GET') =>
      fetch(`${url}${path}`, { method, headers: authorization === undefined ? {} : { authorization } });

    test('takes the platform, no admin of a tenant, and asks a browser for a key', async () => {
      for (const path of [
        '/admin/queues',
        '/admin/queues/',
        '/admin/queues/api/queues',
        '/%61dmin/queues/api/queues',
      ]) {
        const nobody = await ask(path);
        expect([path, nobody.status, nobody.headers.get('content-type')]).toEqual([
          path,
          401,
          expect.stringContaining('problem+json'),
        ]);
        expect(nobody.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
        for (const wrong of [basic('guess'), basic(''), 'Basic !', `Bearer ${ADMIN_KEY}x`]) {
          expect([path, wrong, (await ask(path, wrong)).status]).toEqual([path, wrong, 401]);
        }
        for (const low of [basic(tenantAdmin), `Bearer ${tenantAdmin}`])
          expect((await ask(path, low)).status).toBe(403);
        for (const good of [basic(ADMIN_KEY), basic(ADMIN_KEY, ''), `Bearer ${ADMIN_KEY}`]) {
          expect([path, good, (await ask(path, good)).status]).toEqual([path, good, 200]);
        }
      }
      expect((await ask('/admin/queues/none', basic(tenantAdmin))).status).toBe(403);
      // Nowhere else does a password do: a browser would send it by itself to whoever makes it ask.
      expect((await ask('/api/v1/chains', basic(ADMIN_KEY))).status).toBe(401);
    });

    test('shows jobs without what they carry', async () => {
      const answer = await ask('/admin/queues/api/queues?activeQueue=task-psi&status=prioritized', basic(ADMIN_KEY));
      const text = await answer.text();
      expect(text).not.toContain('hush');
      const { queues } = JSON.parse(text) as {
        queues: { name: string; readOnlyMode: boolean; counts: object; jobs: { id: string; data: object }[] }[];
      };
      expect(queues.every(({ readOnlyMode }) => readOnlyMode)).toBe(true);
      const psi = queues.find(({ name }) => name === 'task-psi')!;
      expect(psi.counts).toMatchObject({ prioritized: 1, active: 0 });
      expect(psi.jobs).toMatchObject([{ id: 'r1.1', data: { chainId: 'c1', taskId: 't1', attempt: 1 } }]);
      const one = await ask('/admin/queues/api/queues/task-psi/r1.1', basic(ADMIN_KEY));
      expect([one.status, await one.text()]).toEqual([200, expect.not.stringContaining('hush')]);
    });

    test('changes nothing', async () => {
      const drawn = app.getHttpAdapter().getInstance().printRoutes();
      const writes = routesOf(drawn).filter((route) => /^(POST|PUT|PATCH|DELETE) \/admin\/queues/.test(route));
      expect(writes.length).toBeGreaterThan(10);
      for (const route of writes) {
        const [method, path] = route.split(' ') as [string, string];
        const filled = path
          .replaceAll(':queueName', 'task-psi')
          .replaceAll(':jobId', 'r1.1')
          .replaceAll(/:\w+/g, 'prioritized');
        const answer = await ask(filled, basic(ADMIN_KEY), method);
        expect([route, answer.status]).toEqual([route, 405]);
      }
      const { queues } = (await (await ask('/admin/queues/api/queues', basic(ADMIN_KEY))).json()) as {
        queues: { name: string; counts: object }[];
      };
      expect(queues.find(({ name }) => name === 'task-psi')!.counts).toMatchObject({ prioritized: 1 });
    });

    itUnless(chromium.skip, 'opens in a browser that signs in by a password', async () => {
      const context = await chromium.browser.newContext({ httpCredentials: { username: 'me', password: ADMIN_KEY } });
      try {
        const page: Page = await context.newPage();
        const elsewhere: Request[] = [];
        page.on('request', (request) => void (request.url().startsWith(url) || elsewhere.push(request)));
        await page.goto(`${url}/admin/queues/queue/task-psi?status=prioritized`);
        await page.getByText('r1.1').first().waitFor();
        expect(await page.title()).toContain('Task Chain');
        expect(await page.getByText('hush').count()).toBe(0);
        // Fonts of another host are refused by the policy before anybody is asked.
        expect(elsewhere.map((request) => request.failure()?.errorText)).toEqual(elsewhere.map(() => 'csp'));
      } finally {
        await context.close();
      }
    });
  });
}

const JOB: TaskJob = {
  chainId: 'c1',
  taskId: 't1',
  taskRequestId: 'r1',
  taskType: 'psi',
  attempt: 1,
  params: { task_config: { key: 'hush' } },
  inputs: { t0: 'hush' },
  timeoutMs: null,
  priority: 5,
};
