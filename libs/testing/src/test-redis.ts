import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '#libs/platform';

/** A Redis or Valkey of one test file. Give `skip` to node:test: false, or why there is none. */
export interface TestRedis {
  readonly url: string;
  readonly skip: false | string;
  stop(): Promise<void>;
}

const SERVERS = ['valkey-server', 'redis-server'];
const run = promisify(execFile);

/**
 * Starts a server on a free port, keeping nothing on disk. Where none is installed, root installs Debian's
 * package; anybody else gets the reason as `skip`.
 */
export async function startTestRedis(): Promise<TestRedis> {
  const found = await ensureRedisServer();
  if ('reason' in found) return { url: '', skip: found.reason, stop: async () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'task-chain-redis-'));
  const port = await freePort();
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const child = spawn(found.path, options, { stdio: 'ignore', detached: true });
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const until = performance.now() + 10_000;
  while (!(await answers(port))) {
    if (child.exitCode === null && performance.now() < until) {
      await delay(10);
      continue;
    }
    await stop();
    throw new Error(`${found.path} does not answer on port ${port}`);
  }
  return { url: `redis://127.0.0.1:${port}`, skip: false, stop };
}

/** Where the server's program is, after installing it if need be and possible. */
export async function ensureRedisServer(): Promise<{ path: string } | { reason: string }> {
  const path = onPath();
  if (path) return { path };
  if (process.getuid?.() !== 0)
    return { reason: `neither ${SERVERS.join(' nor ')} is installed, and only root can do it` };
  const failures: string[] = [];
  for (const update of [false, true]) {
    for (const server of SERVERS) {
      try {
        if (update) await apt('update');
        await apt('install', '-y', '--no-install-recommends', server);
        const installed = onPath();
        if (installed) return { path: installed };
      } catch (error) {
        failures.push((error as { stderr?: string }).stderr?.trim().split('\n').at(-1) || (error as Error).message);
      }
    }
  }
  return { reason: `no Redis or Valkey, and it could not be installed: ${failures.at(-1)}` };
}

function apt(...args: string[]): Promise<unknown> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], { env, timeout: 180_000 });
}

function onPath(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];
  const paths = SERVERS.flatMap((server) => folders.filter(Boolean).map((folder) => join(folder, server)));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const settle = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once('data', (data) => settle(data.toString().startsWith('+PONG')));
    socket.once('error', () => settle(false));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
