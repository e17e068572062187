import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { expect } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import { SecretOpener, type SealedSecret } from '#libs/platform';
import { jobId, type TaskJob } from '#libs/queues';
import { openDatabase, SecretRepository } from '#libs/repositories';
import { openTestQueues } from '#libs/testing';
import { ApiClient, chain, describeSystem, eventually, task, taskOf } from '../integration/system/index.js';
import type { ProblemAnswer, SystemUnderTest } from '../integration/system/index.js';

const VALUE = 'Tr0ub4dor&3-of-the-hospital';
const privateKey = await generateX25519Identity();
const env = {
  SECRETS_PUBLIC_KEY: await identityToRecipient(privateKey),
  DIAGNOSTIC_TASKS: 'on',
  WORKER_CONCURRENCY: '1',
};

describeSystem("somebody who wants the tenant's secrets", 'postgres', { apps: [], env }, (check, system) => {
  const admin = <T = object>(method: 'PUT' | 'GET' | 'POST', path: string, body?: object): Promise<T> =>
    system.api.expect<T>(method === 'POST' ? 201 : 200, path, { method, ...(body && { body }) });
  const put = (name: string, more: object = {}) => admin('PUT', `/secrets/${name}`, { value: VALUE, ...more });

  check("opens none with the API's environment and the whole database", async () => {
    const opened = { SECRETS_PRIVATE_KEY: privateKey, NODE_ENV: 'production' };
    await expect(system.startApp('api', opened)).rejects.toThrow(/which only workers may/);
    await system.startApp('api');
    await system.startApp('status-listener');
    await system.startApp('compute-worker', { SECRETS_PRIVATE_KEY: privateKey });
    await put('tls-key');
    const environment = await environmentOf(system.app('api').pid);
    const row = await rowOf(system, 'tls-key');
    expect(Buffer.concat([row.sealed, row.wrapped_key ?? Buffer.alloc(0)]).includes(VALUE)).toBe(false);
    const words = environment.flatMap((line) => line.split(/[=\s]/));
    const stolen = await SecretOpener.of({
      privateKeys: words.filter((word) => word.startsWith('AGE-SECRET-KEY-1')),
      symmetricKeys: words.map((word) => Buffer.from(word, 'base64')).filter(({ length }) => length === 32),
    });
    await expect(Promise.resolve(stolen?.open('default', 'tls-key', row))).resolves.toBeUndefined();
    const worker = await SecretOpener.of({ privateKeys: [privateKey], symmetricKeys: [] });
    expect(await worker!.open('default', 'tls-key', row)).toBe(VALUE);
  });

  check("gets none by an author's key that is not listed, also by a job that is written by hand", async () => {
    const { author, id } = await newAuthor(system);
    await put('held', { keys: [] });
    const naming = chain([task('a', { secret: '${secrets.held}' })]);
    const create = (body: object) => author.call<ProblemAnswer>('/chains', { method: 'POST', body });
    const fault = { code: 'SECRET_NOT_ALLOWED', pointer: '/tasks/0/task_params/task_config/secret' };
    const refused = await create(naming);
    expect([refused.status, refused.body.errors]).toEqual([400, [expect.objectContaining(fault)]]);
    // Nor does an author learn which exist.
    const unknown = await create(chain([task('a', { secret: '${secrets.hold}' })]));
    const message = (of: typeof unknown) => of.body.errors![0]!.message.replace(/h.ld/, '');
    expect(message(unknown)).toBe(message(refused));
    const validated = await author.expect<{ errors: object[] }>(200, '/chains/validate', {
      method: 'POST',
      body: naming,
    });
    expect(validated.errors).toEqual([expect.objectContaining(fault)]);

    // A literal is no secret, and its text names one: all that the database could go by before it knew of keys.
    const busy = await author.start(chain([task('a', { delay_ms: 600_000 })]));
    await author.untilTask(busy, 'a', 'RUNNING');
    const own = await author.start(chain([task('a', { result: '$${secrets.held}' })]));
    await forge(system, own, (job) => ({
      ...job,
      params: { task_config: { secret: '' } },
      secrets: [{ name: 'held', path: ['task_config', 'secret'] }],
    }));
    // Allowed when it was created, and not any more.
    await put('lent', { keys: [id] });
    const later = await author.create(chain([task('a', { secret: '${secrets.lent}' })]));
    await put('lent', { keys: [] });
    await author.expect(200, `/chains/${busy}/cancel`, { method: 'POST' });
    await author.expect(202, `/chains/${later}/execute`, { method: 'POST' });
    for (const each of [own, later]) {
      const { error } = taskOf(await author.ended(each), 'a');
      expect(error).toMatchObject({ code: 'SECRET_UNAVAILABLE' });
    }

    await put('lent', { keys: [id] });
    expect((await author.run(chain([task('a', { secret: '${secrets.lent}' })]))).status).toBe('SUCCESS');
  });

  check('gets none for a type that may not use it, whatever the job says', async () => {
    await put('typed', { task_types: ['psi'], keys: ['*'] });
    const body = chain([task('a', { secret: '${secrets.typed}' })]);
    const refused = await system.api.call<ProblemAnswer>('/chains', { method: 'POST', body });
    expect(refused.body.errors).toMatchObject([{ code: 'SECRET_NOT_ALLOWED' }]);
    await put('typed', { task_types: ['diagnostic'] });
    const id = await system.api.create(body);
    const { task_request_id: request } = taskOf(await system.api.chain(id), 'a');
    await pretend(system, id, 'RUNNING');
    const worker = await openDatabase(system.databaseUrl, { role: 'task_chain_worker', max: 1 });
    const asked = async (type: string) =>
      (await new SecretRepository().ofTask(worker, request, type, ['typed'])).map(({ name }) => name);
    try {
      expect([await asked('diagnostic'), await asked('psi')]).toEqual([['typed'], []]);
      await put('typed', { task_types: ['psi'] });
      expect([await asked('diagnostic'), await asked('psi')]).toEqual([[], []]);
    } finally {
      await worker.close();
      await pretend(system, id, 'PENDING');
    }
  });

  check('opens none by a row that is put in the place of another name or tenant', async () => {
    await put('mine', { keys: ['*'] });
    await put('theirs', { value: 'the value of somebody else' });
    await admin('POST', '/tenants', { tenant_id: 'acme', name: 'Acme' });
    const acme = { method: 'PUT', body: { value: 'a value of acme' }, headers: { 'x-tenant': 'acme' } };
    await system.api.expect(200, '/secrets/mine', acme);
    const run = async () => taskOf(await system.api.run(chain([task('a', { secret: '${secrets.mine}' })])), 'a');
    expect((await run()).status).toBe('SUCCESS');
    for (const from of [`name = 'theirs'`, `tenant_id = 'acme' AND name = 'mine'`]) {
      await withConnection(system.databaseUrl, (client) =>
        client.query(`UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE ${from})
                       WHERE name = 'mine' AND tenant_id = 'default'`),
      );
      expect((await run()).error).toMatchObject({
        code: 'SECRET_UNAVAILABLE',
        message: expect.stringContaining('sealed as the secret of another name or tenant'),
      });
    }
  });

  check('reads none in the name of an artifact', async () => {
    await put('named', { keys: ['*'] });
    const { author } = await newAuthor(system);
    const plain = await author.run(chain([task('a', { artifact: 'report' })]));
    const items = async (of: string) =>
      (await author.expect<{ items: { name: string }[] }>(200, `/chains/${of}/tasks/a/artifacts`)).items;
    expect((await items(plain.chain_id)).map(({ name }) => name)).toEqual(['diagnostic-report']);
    const ended = await author.run(chain([task('a', { artifact: '${secrets.named}' })]));
    expect(taskOf(ended, 'a').error).toMatchObject({
      code: 'SECRET_NOT_ALLOWED',
      message: expect.stringContaining('a part of the secret named'),
    });
    expect(await items(ended.chain_id)).toEqual([]);
    const folder = join(system.artifactRoot, ended.chain_id);
    expect(existsSync(folder) ? readdirSync(folder, { recursive: true }).join() : '').not.toContain('Tr0ub4dor');
    expect(JSON.stringify(ended)).not.toContain('Tr0ub4dor');
  });

  check('leaves a row in the audit log for each secret that a worker was given', async () => {
    const used = await eventually('the log has the row', async () => {
      const path = '/audit?action=useSecret&target=lent';
      const { items } = await admin<{ items: { actor: string; details: object }[] }>('GET', path);
      return items.length > 0 ? items : undefined;
    });
    expect(used).toMatchObject([
      {
        actor: expect.stringMatching(/^key:key-/),
        details: { chain_id: expect.any(String), task_id: 'a', attempt: 1 },
      },
    ]);
    const held = await admin<{ items: object[] }>('GET', '/audit?action=useSecret&target=held');
    expect(held.items).toEqual([]);
  });
});

/** The variables of a process, where the system shows them; else those that it was started with. */
async function environmentOf(pid: number): Promise<string[]> {
  const file = `/proc/${pid}/environ`;
  return existsSync(file) ? readFileSync(file, 'utf8').split('\0') : Object.entries(env).map((each) => each.join('='));
}

async function rowOf({ databaseUrl }: SystemUnderTest, name: string): Promise<SealedSecret> {
  return withConnection(databaseUrl, async (client) => {
    const text = 'SELECT key_id, wrapped_key, sealed FROM secrets WHERE name = $1';
    return (await client.query<SealedSecret>(text, [name])).rows[0]!;
  });
}

async function newAuthor({ api }: SystemUnderTest): Promise<{ author: ApiClient; id: string }> {
  const body = { name: 'a key that was stolen', role: 'author' };
  const made = await api.expect<{ key: string; key_id: string }>(201, '/keys', { method: 'POST', body });
  return { author: new ApiClient(api.url, made.key), id: made.key_id };
}

/** Replaces the job of the chain's task `a`, which waits in the queue, as somebody does who can write there. */
async function forge(system: SystemUnderTest, chainId: string, change: (job: TaskJob) => TaskJob): Promise<void> {
  const { databaseUrl, redisUrl } = system;
  const { queues, close } = await openTestQueues({ databaseUrl, redisUrl });
  try {
    const job = await eventually('the job waits', async () => {
      const { task_request_id: taskRequestId, attempt } = taskOf(await system.api.chain(chainId), 'a');
      return queues.queue('diagnostic').getJob(jobId({ taskRequestId, attempt }));
    });
    await job.updateData({ job: JSON.stringify(change(JSON.parse(job.data.job) as TaskJob)) });
  } finally {
    await close();
  }
}

/** Gives the tasks of a chain that was not started this status. RUNNING ones take slots of the worker. */
async function pretend({ databaseUrl }: SystemUnderTest, chainId: string, status: string): Promise<void> {
  const lease = status === 'RUNNING' ? `now() + interval '1 h'` : 'NULL';
  await withConnection(databaseUrl, (client) =>
    client.query(`UPDATE chain_tasks SET status = '${status}', lease_until = ${lease} WHERE chain_id = $1`, [chainId]),
  );
}
