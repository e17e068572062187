import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, expect } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { withConnection } from '#libs/local-postgres';
import { sealSecret } from '#libs/platform';
import { engineQueries, openDatabase, SecretRepository } from '#libs/repositories';
import { symmetricSecret } from '#libs/testing';
import {
  chain,
  describeOnBackends,
  eventually,
  task,
  taskOf,
  type ProblemAnswer,
  type SystemUnderTest,
} from './system/index.js';

/** Takes webhooks and traces, and keeps all that it received; `/echo` answers with the secret that it was sent. */
let received = '';
const echoed: (string | undefined)[] = [];
const sink = createServer((request, response) => {
  request.setEncoding('utf8').on('data', (part: string) => (received += part));
  request.on('end', () => {
    if (request.url !== '/echo') return response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    echoed.push(request.headers.authorization);
    return response.end(`got ${request.headers.authorization}`);
  });
});
await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
afterAll(() => void sink.close());
const url = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;

const secrets = new SecretRepository();
const privateKey = await generateX25519Identity();
/** Of releases before there were pairs. */
const key = randomBytes(32);
const env = {
  SECRETS_PUBLIC_KEY: await identityToRecipient(privateKey),
  SECRETS_PRIVATE_KEY: privateKey,
  SECRETS_KEY: key.toString('base64'),
  LOG_LEVEL: 'debug',
  WEBHOOK_ALLOW_PRIVATE: 'on',
  HTTP_TASK_ALLOW_PRIVATE: 'on',
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_BSP_SCHEDULE_DELAY: '50',
  WORKER_CONCURRENCY: '1',
};
/** With what JSON and files write in another way. */
const CANARY = `canary "${randomBytes(12).toString('hex')}" \\ ü`;
/** As a secret, but given as it is: what shows that the search would find one. */
const PLANT = CANARY.replace('canary', 'plants');

describeOnBackends('secrets', { env }, (check, system) => {
  const put = (name: string, value: string, status = 200) =>
    system.api.expect<object>(status, `/secrets/${name}`, { method: 'PUT', body: { value } });

  check(
    'reach the task that names them, and nothing else: no database, queue, log, trace, webhook, answer or file',
    async () => {
      const { api } = system;
      let answers = JSON.stringify(await put('canary', CANARY));
      await api.expect(201, '/webhooks', { method: 'POST', body: { url } });
      const escaped = '$${secrets.canary}';
      const id = await api.start(
        chain(
          [
            task('before', { delay_ms: 4_000 }, { priority: 10 }),
            task('echo', { secret: '${secrets.canary}', result: PLANT }),
            task('literal', { result: escaped }),
            // What another task's result only looks like is no secret.
            task('copied', { result: '${tasks.literal.result.result}' }, { depends_on: ['literal'] }),
            // Says the secret in its stage, its log and its failure.
            task('fails', { secret: '${secrets.canary}', fail_attempts: 9 }),
          ],
          { stop_on_error: false },
        ),
      );
      const queued = await eventually('a job waits in the queue', async () => {
        const found = await queueOf(system);
        return /taskId: ?echo/.test(bare(found)) ? found : undefined;
      });
      expect(hits(queued, CANARY)).toBe(0);
      expect(hits(queued, PLANT)).toBeGreaterThan(0);
      const ended = await api.ended(id);
      expect(taskOf(ended, 'echo').result).toMatchObject({ secret: '[secret canary]', result: PLANT });
      expect(taskOf(ended, 'copied').result!.result).toBe('${secrets.canary}');
      expect(taskOf(ended, 'fails').error).toMatchObject({ message: expect.stringContaining('[secret canary]') });

      answers += JSON.stringify(ended);
      const reads = [
        '/secrets',
        '/audit',
        '/events',
        '/webhooks',
        `/chains/${id}/events`,
        `/chains/${id}/graph`,
        '//metrics',
      ];
      for (const taskId of ['echo', 'fails']) {
        for (const of of ['', '/attempts', '/logs', '/artifacts']) reads.push(`/chains/${id}/tasks/${taskId}${of}`);
      }
      for (const path of reads) {
        const answer = await api.call(path);
        expect([path, answer.status]).toEqual([path, 200]);
        answers += answer.text;
      }
      await eventually(
        'the webhook was called',
        () => (received.includes('chain.failure') && received.includes(id)) || undefined,
      );
      await eventually('spans came', () => received.includes('resourceSpans') || undefined);
      const all = {
        answers,
        received,
        database: await databaseOf(system),
        queue: await queueOf(system),
        logs: system.apps.map(({ lines }) => lines.join('\n')).join('\n'),
        files: filesOf(dirname(system.artifactRoot)),
      };
      const found = Object.fromEntries(Object.entries(all).map(([where, text]) => [where, hits(text, CANARY)]));
      expect(found).toEqual({ answers: 0, received: 0, database: 0, queue: 0, logs: 0, files: 0 });
      expect(hits(all.answers, PLANT)).toBeGreaterThan(0);
      expect(hits(all.database, PLANT)).toBeGreaterThan(0);
    },
  );

  check('reach a service as headers of an http task, and are hidden in its answer', async ({ api }) => {
    const token = `Bearer ${randomBytes(12).toString('hex')}`;
    await put('partner', token);
    const config = { url: `${url}/echo`, headers: { authorization: '${secrets.partner}' } };
    const ended = await api.ended(
      await api.start(chain([{ ...task('call'), task_type: 'http', task_params: { task_config: config } }])),
    );
    expect(taskOf(ended, 'call').result).toMatchObject({ status: 200, body: 'got [secret partner]' });
    expect(echoed).toContain(token);
  });

  check('that are not there, or were sealed under another key, fail their task', async ({ api }) => {
    await put('other', 'a value of another');
    await withConnection(system.databaseUrl, async (client) => {
      const another = await identityToRecipient(await generateX25519Identity());
      const { key_id, sealed } = await sealSecret(another, 'default', 'other', 'a value of another');
      await client.query('UPDATE secrets SET key_id = $1, sealed = $2 WHERE name = $3', [key_id, sealed, 'other']);
    });
    const ended = await api.run(
      chain([task('none', { secret: '${secrets.nobody}' }), task('foreign', { secret: '${secrets.other}' })], {
        stop_on_error: false,
      }),
    );
    for (const name of ['none', 'foreign']) expect(taskOf(ended, name).error!.code).toBe('SECRET_UNAVAILABLE');
  });

  check('are named, replaced, removed and restored, and never shown', async ({ api }) => {
    await put('one', 'the first value');
    await put('one', 'the second value');
    const { items } = await api.expect<{ items: { name: string }[] }>(200, '/secrets');
    expect(items.find(({ name }) => name === 'one')).toEqual({
      name: 'one',
      task_types: ['*'],
      keys: [],
      created_at: expect.any(String),
      updated_at: expect.any(String),
      updated_by: 'admin key',
    });
    expect(taskOf(await api.run(chain([task('a', { secret: '${secrets.one}' })])), 'a').status).toBe('SUCCESS');
    for (const value of ['short', 'a'.repeat(65_537)]) await put('two', value, 400);
    expect(await put('.hidden', 'some value', 400)).toMatchObject({
      detail: expect.stringContaining('and . _ - only'),
    });
    const entries = await eventually('both are in the log', async () => {
      const path = '/audit?action=putSecret&target=one';
      const { items: rows } = await api.expect<{ items: { details: object }[] }>(200, path);
      return rows.length === 2 ? rows : undefined;
    });
    const uses = { task_types: ['*'], keys: [] };
    expect(entries.map(({ details }) => details)).toEqual([
      { replaced: true, ...uses },
      { replaced: false, ...uses },
    ]);
    for (const wrong of [{ task_types: ['diagnostics'] }, { keys: ['*', 'key-none'] }]) {
      const body = { value: 'some value', ...wrong };
      const refused = await api.call<ProblemAnswer>('/secrets/one', { method: 'PUT', body });
      const at = 'keys' in wrong ? '/keys/1' : '/task_types/0';
      expect([refused.status, refused.body.errors]).toMatchObject([400, [{ pointer: at }]]);
    }
    const gone = await api.call('/secrets/one', { method: 'DELETE' });
    expect(gone.body.code).toBe('CONFIRMATION_REQUIRED');
    await api.expect(200, '/secrets/one?confirm=one', { method: 'DELETE' });
    await api.expect(404, '/secrets/one?confirm=one', { method: 'DELETE' });
    const without = await api.run(chain([task('a', { secret: '${secrets.one}' })]));
    expect(taskOf(without, 'a').error!.code).toBe('SECRET_UNAVAILABLE');
    await api.expect(200, '/secrets/one/restore', { method: 'POST' });
    await api.expect(404, '/secrets/one/restore', { method: 'POST' });
    expect(taskOf(await api.run(chain([task('a', { secret: '${secrets.one}' })])), 'a').status).toBe('SUCCESS');
    await api.expect(200, '/secrets/one?confirm=one', { method: 'DELETE' });
    await withConnection(system.databaseUrl, (client) =>
      client.query(`UPDATE secrets SET deleted_at = now() - interval '25 h' WHERE name = 'one'`),
    );
    await api.expect(404, '/secrets/one/restore', { method: 'POST' });
    const engine = await openDatabase(system.databaseUrl, { role: 'task_chain_engine', max: 1 });
    await engineQueries.forgetSecrets(engine);
    const left = await engine.query({ name: '', text: `SELECT FROM secrets WHERE deleted_at IS NOT NULL` });
    await engine.close();
    expect(left).toEqual([]);
    const embedded = await api.call('/chains', {
      method: 'POST',
      body: chain([task('a', { secret: 'Bearer ${secrets.one}' })]),
    });
    expect(embedded.body.errors).toMatchObject([{ code: 'MALFORMED_REFERENCE' }]);
  });

  check(
    'are given to the worker for tasks in flight that name them, and to no other role but sealed',
    async ({ api }) => {
      await put('held', 'the held value');
      const body = chain([task('a', { secret: '${secrets.held}' }), task('b', { result: 1 })]);
      const id = await api.create(body);
      const { tasks } = await api.chain(id);
      const worker = await openDatabase(system.databaseUrl, { role: 'task_chain_worker', max: 1 });
      const asked = async (taskId: string) =>
        (
          await secrets.ofTask(worker, tasks.find((each) => each.task_id === taskId)!.task_request_id, 'diagnostic', [
            'held',
            'canary',
          ])
        ).length;
      try {
        expect(await asked('a')).toBe(0);
        await withConnection(system.databaseUrl, (client) =>
          client.query(
            `UPDATE chain_tasks SET status = 'RUNNING', lease_until = now() + interval '1 h' WHERE chain_id = $1`,
            [id],
          ),
        );
        expect([await asked('a'), await asked('b')]).toEqual([1, 0]);
        for (const table of ['secrets', 'task_chains', 'api_keys', 'task_requests']) {
          await expect(worker.query({ name: '', text: `SELECT * FROM ${table}` })).rejects.toThrow(/permission denied/);
        }
      } finally {
        await worker.close();
        // Else it would take a slot of the worker.
        await withConnection(system.databaseUrl, (client) =>
          client.query(`UPDATE chain_tasks SET status = 'PENDING', lease_until = NULL WHERE chain_id = $1`, [id]),
        );
      }
    },
  );

  check(
    'go under a new key by a command, which tells what it leaves; without a key no worker starts',
    async ({ api }) => {
      await api.expect(200, '/secrets/other?confirm=other', { method: 'DELETE' });
      await put('turned', 'what the tasks are given');
      await put('older', 'replaced by a row of an earlier release');
      await withConnection(system.databaseUrl, async (client) => {
        const { key_id, wrapped_key, sealed } = symmetricSecret(key, 'default', 'older', 'what they were given');
        const text = 'UPDATE secrets SET key_id = $1, wrapped_key = $2, sealed = $3 WHERE name = $4';
        await client.query(text, [key_id, wrapped_key, sealed, 'older']);
      });
      const naming = chain([task('a', { secret: '${secrets.turned}' }), task('b', { secret: '${secrets.older}' })]);
      expect((await api.run(naming)).status).toBe('SUCCESS');

      const next = await generateX25519Identity();
      const rotate = (...privateKeys: string[]): { status: number | null; stdout: string } =>
        spawnSync(process.execPath, [fileURLToPath(new URL('../../launcher/rotate-secrets.js', import.meta.url))], {
          env: {
            ...process.env,
            DATABASE_URL: system.databaseUrl,
            SECRETS_PRIVATE_KEY: privateKeys.join('\n'),
            SECRETS_KEY: env.SECRETS_KEY,
          },
          encoding: 'utf8',
        });
      const wrong = rotate(next);
      expect([wrong.status, wrong.stdout]).toEqual([
        1,
        expect.stringMatching(/default\/turned: .*\n1 secrets .*, [1-9]\d* are left/s),
      ]);
      expect(rotate(next, privateKey)).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/^[1-9]\d* secrets .*, 1 were under it already, 0 are left/),
      });
      expect(rotate(next, privateKey).stdout).toMatch(/^0 secrets .*, [1-9]\d* were under it already, 0 are left/);

      await system.app('compute-worker').stop();
      await system.startApp('compute-worker', { SECRETS_PRIVATE_KEY: next, SECRETS_KEY: '' });
      expect((await api.run(naming)).status).toBe('SUCCESS');

      const none = { SECRETS_PRIVATE_KEY: '', SECRETS_KEY: '', NODE_ENV: 'production' };
      await expect(system.startApp('compute-worker', none)).rejects.toThrow(
        /ended with 1 as it started:.*SECRETS_PRIVATE_KEY is not set/s,
      );
      await system.startApp('api', { SECRETS_PUBLIC_KEY: '' });
      expect(await put('more', 'a value without a key', 409)).toMatchObject({
        code: 'SECRETS_NOT_CONFIGURED',
        detail: expect.stringContaining('task-chain secrets keygen'),
      });
    },
  );
});

/** Without what JSON in JSON in a row doubles, however often. */
const bare = (text: string): string => text.replaceAll(/[\\"]/g, '');

/** How often a value stands in a text: as it is, in JSON of any depth, and in hex as PostgreSQL shows bytes, or base64. */
function hits(text: string, value: string): number {
  const forms = [Buffer.from(value).toString('hex'), Buffer.from(value).toString('base64').slice(0, -3)];
  const count = (where: string, what: string): number => where.split(what).length - 1;
  return count(bare(text), bare(value)) + forms.reduce((sum, form) => sum + count(text, form), 0);
}

/** Every row of every table, the schemas of the queue among them. */
async function databaseOf(system: SystemUnderTest): Promise<string> {
  return withConnection(system.databaseUrl, async (client) => {
    const tables = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    let text = '';
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
      text += rows.map(({ row }) => row).join('\n');
    }
    return text;
  });
}

/** All that the queue holds, wherever it is. */
async function queueOf(system: SystemUnderTest): Promise<string> {
  if (system.redisUrl === undefined) return databaseOf(system);
  const redis = new Redis(system.redisUrl);
  try {
    let text = '';
    for (const name of await redis.keys('*')) {
      const type = await redis.type(name);
      if (type === 'hash') text += JSON.stringify(await redis.hgetall(name));
      else if (type === 'list') text += (await redis.lrange(name, 0, -1)).join('\n');
      else if (type === 'zset') text += (await redis.zrange(name, 0, -1)).join('\n');
      else if (type === 'stream') text += JSON.stringify(await redis.xrange(name, '-', '+'));
      else if (type === 'string') text += await redis.get(name);
    }
    return text;
  } finally {
    redis.disconnect();
  }
}

function filesOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => `${name}\n${readFileSync(join(parentPath, name), 'utf8')}`).join('\n');
}
