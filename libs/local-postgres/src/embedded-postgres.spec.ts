import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { itUnless } from '#libs/testing';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import { guarded } from './guard.js';
import { withConnection } from './postgres-admin.js';
import { isAlive } from './process-identity.js';

const isRoot = process.getuid?.() === 0;
const moduleUrl = new URL('./embedded-postgres.js', import.meta.url).href;
const ask = (url: string, text: string) =>
  withConnection(url, async (client) => (await client.query<unknown[]>({ text, rowMode: 'array' })).rows[0]);

describe('embedded PostgreSQL', () => {
  const root = mkdtempSync(join(tmpdir(), 'tc-pg-'));
  chmodSync(root, 0o755);
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  let folders = 0;
  const folder = () => join(root, `data-${++folders}`);

  it('starts, keeps its data over a restart, and stops although somebody is connected', async () => {
    const dataDir = folder();
    const first = await startEmbeddedPostgres({ dataDir });
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await withConnection(first.url, async (client) => {
      client.on('error', () => undefined);
      await first.stop();
    }).catch(() => undefined);
    expect(await first.exited).toBe(0);
    const second = await startEmbeddedPostgres({ dataDir });
    try {
      expect(await ask(second.url, 'SELECT n FROM kept')).toEqual([7]);
      const settings = `SELECT current_setting('fsync'), current_setting('synchronous_commit'),
        current_setting('max_connections'), current_setting('TimeZone'), current_setting('server_encoding'),
        current_setting('unix_socket_directories'), current_setting('listen_addresses'), upper('é')`;
      expect(await ask(second.url, settings)).toEqual(['on', 'on', '200', 'UTC', 'UTF8', '', '127.0.0.1', 'É']);
    } finally {
      await second.stop();
    }
  });

  it('lets nobody in without the password, which only its user can read', async () => {
    const dataDir = folder();
    const server = await startEmbeddedPostgres({ dataDir, durable: false });
    try {
      const wrong = `postgres://task_chain:guess@127.0.0.1:${server.port}/postgres`;
      await expect(ask(wrong, 'SELECT 1')).rejects.toThrow('password authentication failed');
      expect(statSync(join(dataDir, 'postgres.password')).mode & 0o777).toBe(0o600);
    } finally {
      await server.stop();
    }
  });

  it('uses a server that runs already, or replaces it', async () => {
    const dataDir = folder();
    const first = await startEmbeddedPostgres({ dataDir, durable: false });
    const same = await startEmbeddedPostgres({ dataDir, durable: false, database: 'another' });
    expect([same.pid, same.reused, same.port]).toEqual([first.pid, true, first.port]);
    expect(await ask(same.url, 'SELECT current_database()')).toEqual(['another']);
    const other = await startEmbeddedPostgres({ dataDir, durable: false, running: 'restart' });
    try {
      expect(other.reused).toBe(false);
      expect(isAlive(first.pid)).toBe(false);
    } finally {
      await other.stop();
    }
  });

  it('recovers after a kill, also when its process id belongs to another program by now', async () => {
    const dataDir = folder();
    const first = await startEmbeddedPostgres({ dataDir, durable: false });
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const pidFile = join(first.cluster, 'postmaster.pid');
    const owner = statSync(pidFile);
    const impostor = guarded(() => spawn('sleep', ['60'], { uid: owner.uid, gid: owner.gid }), 'KILL');
    try {
      writeFileSync(pidFile, readFileSync(pidFile, 'utf8').replace(/^\d+/, String(impostor.pid)));
      const second = await startEmbeddedPostgres({ dataDir, durable: false });
      expect(second.reused).toBe(false);
      expect(await ask(second.url, 'SELECT n FROM kept')).toEqual([7]);
      await second.stop();
      expect(isAlive(impostor.pid!)).toBe(true);
    } finally {
      impostor.kill('SIGKILL');
    }
  });

  it('tells why it did not start', async () => {
    const dataDir = folder();
    const first = await startEmbeddedPostgres({ dataDir, durable: false });
    try {
      const second = startEmbeddedPostgres({ dataDir: folder(), durable: false, port: first.port });
      await expect(second).rejects.toThrow(/did not start on port[^]*could not bind/);
    } finally {
      await first.stop();
    }
  });

  itUnless(
    process.platform !== 'linux' && 'needs /proc',
    'outlives Ctrl-C: it is in its own process group',
    async () => {
      const server = await startEmbeddedPostgres({ dataDir: folder(), durable: false });
      try {
        const group = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[2];
        expect(Number(group)).toBe(server.pid);
      } finally {
        await server.stop();
      }
    },
  );

  const notRoot = !isRoot && 'only root can be another user';

  itUnless(notRoot, 'runs as another user when started by root', async () => {
    const server = await startEmbeddedPostgres({ dataDir: folder(), durable: false });
    try {
      expect(server.user).toMatch(/^(postgres|nobody)$/);
      expect(statSync(server.cluster).uid).not.toBe(0);
    } finally {
      await server.stop();
    }
  });

  itUnless(notRoot, 'goes elsewhere, and finds it again, when root keeps the data folder closed', async () => {
    const dataDir = folder();
    mkdirSync(dataDir, { mode: 0o700 });
    const first = await startEmbeddedPostgres({ dataDir, durable: false });
    try {
      expect(first.cluster.startsWith(dataDir)).toBe(false);
      expect(readFileSync(join(dataDir, 'postgres.location'), 'utf8').trim()).toBe(first.cluster);
      await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
      await first.stop();
      const second = await startEmbeddedPostgres({ dataDir, durable: false });
      expect(await ask(second.url, 'SELECT n FROM kept')).toEqual([7]);
      await second.stop();
    } finally {
      rmSync(first.cluster, { recursive: true, force: true });
    }
  });

  const nobody = { uid: 65_534, gid: 65_534 };
  const readable = () => {
    const read = `require('fs').readFileSync(${JSON.stringify(new URL(moduleUrl).pathname)})`;
    return spawnSync(process.execPath, ['-e', read], { ...nobody, cwd: '/' }).status === 0;
  };
  const closed = notRoot || (!readable() && 'the project lies in a folder that other users cannot enter');

  itUnless(closed, 'runs as an ordinary user', () => {
    const home = folder();
    mkdirSync(home);
    chownSync(home, nobody.uid, nobody.gid);
    const script = join(home, 'start.mjs');
    writeFileSync(
      script,
      `import { startEmbeddedPostgres } from ${JSON.stringify(moduleUrl)};
       const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(join(home, 'data'))} });
       console.log(JSON.stringify([server.user ?? null, server.reused]));
       await server.stop();`,
    );
    const output = execFileSync(process.execPath, [script], { ...nobody, cwd: home, encoding: 'utf8' });
    expect(JSON.parse(output)).toEqual([null, false]);
    expect(existsSync(join(home, 'data', 'postgres', 'postmaster.pid'))).toBe(false);
  });
});
