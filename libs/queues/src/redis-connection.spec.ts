import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { Redis, type RedisOptions } from 'ioredis';
import { freePort, guarded } from '#libs/local-postgres';
import { describeUnless, ensureRedisServer, itUnless, openTestQueues, takeJobs } from '#libs/testing';
import { pingBackend } from './backend.js';
import { queueGeneration } from './queue-marks.js';

const found = await ensureRedisServer();
const skip = 'reason' in found ? found.reason : false;
const PASSWORD = 'sesame:&/';
const encoded = encodeURIComponent(PASSWORD);

/** Everything that the apps ask of Redis, once. */
async function useAll(redisUrl: string): Promise<void> {
  const { backend, channel, queues, close } = await openTestQueues({
    redisUrl,
    databaseUrl: 'postgres://nowhere/none',
  });
  try {
    await pingBackend(backend);
    expect(await queueGeneration(backend)).toBe(await queueGeneration(backend));
    const heard = new Promise((resolve) => void channel.subscribe(resolve));
    const speaking = setInterval(() => void channel.broadcast({ hello: 1 }).catch(() => undefined), 50);
    expect(await heard).toBe('{"hello":1}');
    clearInterval(speaking);
    const ids = { chainId: 'chain', taskId: 'a', taskRequestId: crypto.randomUUID(), attempt: 1 };
    const job = { ...ids, taskType: 'psi', params: {}, inputs: {}, timeoutMs: null, priority: 5 };
    await queues.send([job]);
    expect(await queues.depth('psi')).toMatchObject({ prioritized: 1, active: 0 });
    let resolve: (taken: unknown) => void = () => undefined;
    const taken = new Promise((take) => (resolve = take));
    const worker = await takeJobs(backend, 'psi', 1, async (each) => resolve(each));
    expect(await taken).toEqual(job);
    await worker.close();
    await channel.publish('done', ids);
    const delivery = await channel.receive('done', 10, 5_000);
    expect(delivery.messages.map((text) => JSON.parse(text) as unknown)).toEqual([ids]);
    await delivery.ack();
    expect(await channel.backlog('done')).toBe(0);
  } finally {
    await close();
  }
}

describeUnless(skip, 'Redis', () => {
  const folder = mkdtempSync(join(tmpdir(), 'task-chain-redis-'));
  const started: ChildProcess[] = [];
  afterAll(async () => {
    for (const child of started) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts a server with these lines of configuration, and waits until it answers. */
  async function start(lines: readonly string[], options: RedisOptions, sentinel = false): Promise<ChildProcess> {
    const file = join(folder, `${options.port}.conf`);
    const common = [`bind 127.0.0.1`, `dir ${folder}`, ...(sentinel ? [] : ['save ""', 'appendonly no'])];
    writeFileSync(file, [...common, ...lines].join('\n'));
    const path = 'path' in found ? found.path : '';
    const child = guarded(
      () => spawn(path, [file, ...(sentinel ? ['--sentinel'] : [])], { stdio: ['ignore', 'pipe', 'ignore'] }),
      'KILL',
    );
    started.push(child);
    let said = '';
    child.stdout?.on('data', (part) => (said += String(part)));
    const ended = new Promise<never>((_, reject) => child.once('exit', () => reject(new Error(said))));
    ended.catch(() => undefined);
    await Promise.race([ended, asking(options, (redis) => redis.ping())]);
    return child;
  }

  async function asking<T>(options: RedisOptions, ask: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis({ host: '127.0.0.1', ...options, maxRetriesPerRequest: 1_200, retryStrategy: () => 50 });
    redis.on('error', () => undefined);
    try {
      return await ask(redis);
    } finally {
      redis.disconnect();
    }
  }

  it('as a cluster keeps all keys on one node, with a password', async () => {
    const port = await freePort();
    const cluster = [
      'cluster-enabled yes',
      `cluster-config-file ${port}.nodes`,
      'cluster-announce-ip 127.0.0.1',
      // By default it is the port above plus 10,000, which an outgoing connection may have.
      `cluster-port ${await freePort()}`,
    ];
    const options = { port, password: PASSWORD };
    await start([`port ${port}`, ...cluster, `requirepass ${PASSWORD}`], options);
    await asking(options, async (redis) => {
      await redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      for (;;) {
        const info = String(await redis.call('CLUSTER', 'INFO'));
        if (info.includes('cluster_state:ok')) break;
        await delay(20);
      }
    });
    await useAll(`redis-cluster://:${encoded}@127.0.0.1:${port}`);
    const keys = await asking(options, (redis) => redis.keys('*'));
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.filter((key) => !key.startsWith('{tc}:'))).toEqual([]);
  });

  it('behind Sentinel is found by the name of its master, and again after a failover', async () => {
    const [first, second, watch] = [await freePort(), await freePort(), await freePort()];
    const password = [`requirepass ${PASSWORD}`, `masterauth ${PASSWORD}`];
    const options = { port: first, password: PASSWORD };
    const master = await start([`port ${first}`, ...password], options);
    await start([`port ${second}`, ...password, `replicaof 127.0.0.1 ${first}`], { port: second, password: PASSWORD });
    const watched = [
      `port ${watch}`,
      `sentinel monitor main 127.0.0.1 ${first} 1`,
      `sentinel auth-pass main ${PASSWORD}`,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 5000',
    ];
    await start(watched, { port: watch }, true);
    const url = `redis-sentinel://:${encoded}@127.0.0.1:1,127.0.0.1:${watch}/main`;
    await useAll(url);
    await asking({ port: watch }, async (sentinel) => {
      // It promotes only a replica that it has learnt of.
      while (((await sentinel.call('SENTINEL', 'REPLICAS', 'main')) as unknown[]).length === 0) await delay(50);
    });
    master.kill('SIGKILL');
    await useAll(url);
    expect(await asking({ port: second, password: PASSWORD }, (redis) => redis.info('replication'))).toContain(
      'role:master',
    );
  });

  const noOpenssl = spawnSync('openssl', ['version']).status !== 0 && 'no openssl to make a certificate with';

  itUnless(noOpenssl, 'is reached over TLS, with the authority of NODE_EXTRA_CA_CERTS and not without it', async () => {
    const [port, key, certificate] = [await freePort(), join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    execFileSync('openssl', [...made, ...subject, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    const files = [`tls-cert-file ${certificate}`, `tls-key-file ${key}`, `tls-ca-cert-file ${certificate}`];
    const options = { port, tls: { rejectUnauthorized: false } };
    await start(['port 0', `tls-port ${port}`, 'tls-auth-clients no', ...files], options);
    const backend = fileURLToPath(new URL('backend.js', import.meta.url));
    const script = `
      const { openBackend, pingBackend, closeBackend } = await import(${JSON.stringify(backend)});
      const backend = openBackend({ redisUrl: process.argv[1], databaseUrl: 'postgres://nowhere/none' });
      backend.redis.on('error', ({ code }) => (console.log(code), process.exit(1)));
      await pingBackend(backend);
      console.log('answered');
      await closeBackend(backend);`;
    const ask = async (env: NodeJS.ProcessEnv): Promise<string> => {
      const args = ['--input-type=module', '-e', script, `rediss://localhost:${port}`];
      const child = spawn(process.execPath, args, {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let text = '';
      for await (const part of child.stdout) text += String(part);
      return text.trim();
    };
    expect(await ask({ NODE_EXTRA_CA_CERTS: certificate })).toBe('answered');
    expect(await ask({ NODE_EXTRA_CA_CERTS: '' })).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });
});
