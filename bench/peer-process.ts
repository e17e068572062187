import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Services } from '../test/faults/services.js';
import type { Measured, Session } from './contender.js';
import type { Workload } from './workloads.js';

/** How a driver is run. */
export interface DriverCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

const START_MS = 60_000;
const RUN_MS = 180_000;

/**
 * Starts a peer's driver as a process. It says `{"ready":true,"version":…}` on one line when it is up, then
 * answers each line `{"chains":…}` with `{"ms":…}` or `{"error":…}`, and ends when its input does.
 */
export async function startPeer(name: string, command: DriverCommand, services: Services): Promise<Session> {
  const databaseUrl = await services.emptyDatabase();
  await services.flushRedis();
  const logFile = join(services.folder, `${name}.log`);
  const log = openSync(logFile, 'a');
  const data = mkdtempSync(join(services.folder, `${name}-`));
  const { PATH, HOME, LANG } = process.env;
  const urls = { REDIS_URL: services.redisUrl, DATABASE_URL: databaseUrl, PEER_DATA: data };
  const env = { PATH, HOME, LANG, NODE_ENV: 'production', ...urls, ...command.env };
  // Its own process group: whatever the driver started ends with it.
  const { cwd } = command;
  const child = spawn(command.program, command.args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', log] });
  const { stdin, stdout } = child as ChildProcessByStdio<Writable, Readable, null>;
  closeSync(log);
  const gone = new Promise<void>((end) => child.once('close', () => end()));
  let failed: Error | undefined;
  child.once('error', (error) => (failed = error));
  stdin.on('error', () => undefined);
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();

  const killGroup = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // it has ended
    }
  };
  const answer = async (timeoutMs: number): Promise<Record<string, unknown>> => {
    const late = setTimeout(killGroup, timeoutMs);
    try {
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) throw failed ?? new Error(`${name} ended or was late:\n${tail(logFile)}`);
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
    const late = setTimeout(killGroup, 5_000);
    await gone;
    clearTimeout(late);
    killGroup();
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

function tail(file: string): string {
  return readFileSync(file, 'utf8').slice(-2000);
}
