import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, guarded } from '#libs/local-postgres';
import { ensureProgram } from './debian-program.js';
import type { SkipReason } from './skip.js';

/** A Redis or Valkey of one test file. */
export interface TestRedis {
  readonly url: string;
  stop(): Promise<void>;
}

const SERVERS = ['valkey-server', 'redis-server'];

/** Why no server can be started; false where one can. Where none is installed, root installs Debian's package. */
export async function noRedis(): Promise<SkipReason> {
  const found = await ensureRedisServer();
  return 'reason' in found && found.reason;
}

/**
 * Starts a server on a free port, keeping nothing on disk. Call it in `beforeAll`: where all tests of a file are skipped no hook runs, and nothing would stop what the file had started.
 */
export async function startTestRedis(): Promise<TestRedis> {
  const found = await ensureRedisServer();
  if ('reason' in found) throw new Error(found.reason);
  const folder = mkdtempSync(join(tmpdir(), 'task-chain-redis-'));
  const port = await freePort();
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const child = guarded(() => spawn(found.path, options, { stdio: 'ignore', detached: true }), 'KILL');
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
  return { url: `redis://127.0.0.1:${port}`, stop };
}

/** Where the server's program is, after installing it if need be and possible. */
export function ensureRedisServer(): Promise<{ path: string } | { reason: string }> {
  return ensureProgram(SERVERS);
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
