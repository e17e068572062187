import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { commandLine, isAlive } from './process-identity.js';

/** The contents of postmaster.pid in the folder of a running server's cluster. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** It takes connections. */
  readonly ready: boolean;
}

/** The server that runs on this cluster, if one does. A pid file of a process that is gone counts as none. */
export function findPostmaster(cluster: string): Postmaster | undefined {
  const lines = pidFileLines(cluster);
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  const command = commandLine(pid);
  if (command !== '' && !command.includes('postgres')) return undefined;
  return { pid, port: Number(lines[3]), ready: (lines[7] ?? '').trim() === 'ready' };
}

/**
 * Removes a pid file whose id now belongs to some other program: PostgreSQL itself would take that for a server
 * and refuse to start.
 */
export function clearStalePidFile(cluster: string): void {
  if (pidFileLines(cluster).length > 0 && !findPostmaster(cluster))
    rmSync(join(cluster, 'postmaster.pid'), { force: true });
}

/**
 * Ends a server and waits until it is gone: fast shutdown (sessions are rolled back, data is flushed), and after
 * `graceMs` an immediate one, from which it recovers at its next start.
 */
export async function stopPostmaster(pid: number, graceMs = 2000): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!send(pid, signal)) return;
    const until = performance.now() + graceMs;
    while (performance.now() < until) {
      if (!isAlive(pid)) return;
      await delay(5);
    }
  }
  throw new Error(`PostgreSQL (pid ${pid}) does not end`);
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

function pidFileLines(cluster: string): string[] {
  try {
    return readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}
