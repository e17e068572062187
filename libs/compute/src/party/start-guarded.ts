import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { PartyGroup } from './party-group.js';

/** Memory of a party's process with its buffers, in which keys, tables and shares lie. */
export const MEMORY_BYTES = 1536 * 1024 * 1024;
const MEMORY_EVERY_MS = 100;
const PAGE_BYTES = 4096;
/** Processes and threads of one party, where a cgroup counts them. Node itself has about ten a process. */
const MAX_GROUP_TASKS = 64;
/** Processes and threads of a user that owns one party's folder. Node itself has about ten a process. */
const MAX_TASKS = 1024;
/** Left to a process that has ended for its pipes to end: a process that it started may hold them. */
const PIPES_MS = 500;
/** Bytes that are kept of the end of what a process says on stderr. */
const LAST_BYTES = 4096;

const SETPRIV = '/usr/bin/setpriv';
const PRLIMIT = '/usr/bin/prlimit';

/** Whom a process runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** How a process ended: by the coordinator, for its memory, or by itself; or how one at another site was lost. */
export type ProcessEnd =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'memory' }
  | { readonly kind: 'ended'; readonly how: string }
  | { readonly kind: 'lost'; readonly how: string };

/** A process of a party, in a separate process group. */
export interface Guarded {
  readonly child: ChildProcess;
  /** Resolves once the process is gone and everything that it sent has been received. */
  readonly ended: Promise<ProcessEnd>;
  /** Whether it is being ended, by its starter or for its memory. */
  isStopped(): boolean;
  /** The end of what it said on stderr. */
  last(): Buffer;
  /** Ends it with all that it started. */
  stop(): void;
}

interface Guarding {
  readonly account: Account | undefined;
  readonly cwd: string;
  /** What it has at descriptors 3, 4, …: one end of a new socket pair, or a stream that it takes over from this process. */
  readonly lines?: readonly ('pipe' | Duplex)[];
  /** Options of prlimit, e.g. `--fsize=1000`, where it is installed. */
  readonly limits?: readonly string[];
  /** A command that confines it, and starts it. */
  readonly within?: readonly string[];
  /** Whether it may start others, so that memory is that of all of them. */
  readonly hasChildren?: true;
}

/**
 * Starts a command with an empty environment, in a process group that a terminal's signals do not reach, and with `account` where there is
 * one. Where Linux has the tools, it can gain no rights, and the kernel ends it when this process dies.
 */
export function startGuarded(
  command: readonly string[],
  { account, cwd, lines = [], limits = [], within = [], hasChildren }: Guarding,
): Guarded {
  const [file, ...args] = [...within, ...privileges(account), ...bounds(account, limits), ...command];
  const child = spawn(file!, args, {
    env: {},
    cwd,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', ...lines],
  });
  const group = PartyGroup.make({ memoryBytes: MEMORY_BYTES, tasks: MAX_GROUP_TASKS });
  if (child.pid !== undefined) group?.add(child.pid);
  let last = Buffer.alloc(0);
  // Without descriptors there are no streams, and `error` follows.
  child.stderr?.on('data', (chunk: Buffer) => (last = Buffer.concat([last, chunk]).subarray(-LAST_BYTES)));
  let end: ProcessEnd | undefined;
  const stop = (as: ProcessEnd): void => {
    end ??= as;
    kill(child);
  };
  const watch = watchMemory(child.pid, hasChildren ?? false, () => stop({ kind: 'memory' }));
  const ended = new Promise<ProcessEnd>((resolve) => {
    const finish = (how: string): void => {
      clearInterval(watch);
      const isFull = group?.wasFull() || (how === 'SIGABRT' && /heap out of memory|heap limit/i.test(String(last)));
      group?.end();
      resolve(end ?? (isFull ? { kind: 'memory' } : { kind: 'ended', how }));
    };
    child.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.name));
    child.on('exit', () => {
      kill(child); // What it may have started.
      setTimeout(() => child.stdio.forEach((stream) => stream?.destroy()), PIPES_MS).unref();
    });
    child.on('close', (code, signal) => finish(signal ?? `code ${code}`));
  });
  return { child, ended, isStopped: () => end !== undefined, last: () => last, stop: () => stop({ kind: 'stopped' }) };
}

/** A command that runs another as `account`, without a way to more rights, and ends it when its parent ends. */
function privileges(account: Account | undefined): string[] {
  if (!existsSync(SETPRIV)) return [];
  const user = account ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'] : [];
  return [SETPRIV, '--no-new-privs', '--pdeathsig=KILL', ...user];
}

/** A command that bounds another. The kernel counts processes by user, so to bound them needs a user of the party alone. */
function bounds(account: Account | undefined, limits: readonly string[]): string[] {
  const all = [...limits, ...(account ? ['--core=0', `--nproc=${MAX_TASKS}`] : [])];
  return all.length > 0 && existsSync(PRLIMIT) ? [PRLIMIT, ...all] : [];
}

/** Reads what the kernel counts: the process itself is not asked. */
function watchMemory(pid: number | undefined, hasChildren: boolean, onFull: () => void): NodeJS.Timeout {
  const check = (): void => {
    const pids = hasChildren ? familyOf(String(pid)) : [String(pid)];
    if (pids.reduce((sum, each) => sum + memoryOf(each), 0) > MEMORY_BYTES) onFull();
  };
  return setInterval(check, MEMORY_EVERY_MS);
}

/** Bytes; none of a process that has ended, or where this system has no /proc. */
const memoryOf = (pid: string): number => Number(procOf(pid, 'statm').split(' ')[1] ?? 0) * PAGE_BYTES;

/** A process and all that it started, as far as their parents live. */
function familyOf(pid: string): string[] {
  const family = [pid];
  for (const each of family) {
    for (const thread of threadsOf(each))
      family.push(...procOf(`${each}/task/${thread}`, 'children').split(' ').filter(Boolean));
  }
  return family;
}

function threadsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function procOf(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
