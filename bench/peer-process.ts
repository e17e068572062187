import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Services } from '../test/faults/services.js';
import type { Measured, Session } from './contender.js';
import type { Workload } from './workloads.js';

/** Sources of the peers' drivers; they are not built. */
const PEERS = resolve('bench', 'peers');

/** A driver's command line, told from PEERS. */
export interface DriverCommand {
  readonly program: string;
  readonly args: readonly string[];
}

const START_MS = 60_000;
const RUN_MS = 180_000;

/**
 * Starts a peer's driver as a process. It says `{"ready":true,"version":…}` on a line of its own when it is up, then
 * answers each line `{"chains":…}` with `{"ms":…}` or `{"error":…}`, and ends when its input does.
 */
export async function startPeer(name: string, command: DriverCommand, services: Services): Promise<Session> {
  const databaseUrl = await services.emptyDatabase();
  await services.flushRedis();
  const logFile = join(services.folder, `${name}.log`);
  const log = openSync(logFile, 'a');
  const env = { ...process.env, NODE_ENV: 'production', REDIS_URL: services.redisUrl, DATABASE_URL: databaseUrl };
  const child = spawn(command.program, command.args, { cwd: PEERS, env, stdio: ['pipe', 'pipe', log] });
  const { stdin, stdout } = child as ChildProcessByStdio<Writable, Readable, null>;
  closeSync(log);
  const gone = new Promise<void>((end) => child.once('close', () => end()));
  child.once('error', () => undefined);
  stdin.on('error', () => undefined);
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();

  const answer = async (timeoutMs: number): Promise<Record<string, unknown>> => {
    const late = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    try {
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) throw new Error(`${name} ended or was late:\n${readFileSync(logFile, 'utf8').slice(-2000)}`);
        if (!value.startsWith('{')) continue;
        const said = JSON.parse(value) as Record<string, unknown>;
        if (said.error !== undefined) throw new Error(`${name}: ${String(said.error)}`);
        return said;
      }
    } finally {
      clearTimeout(late);
    }
  };
  const close = async (): Promise<void> => {
    stdin.end();
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(late);
    await services.dropDatabase(databaseUrl);
  };
  try {
    const { version } = await answer(START_MS);
    const run = async ({ id, chains }: Workload): Promise<Measured> => {
      stdin.write(`${JSON.stringify({ id, chains })}\n`);
      return (await answer(RUN_MS)) as unknown as Measured;
    };
    return { version: String(version), run, close };
  } catch (error) {
    await close();
    throw error;
  }
}
