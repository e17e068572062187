import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ToParty } from './party-link.js';
import { PartyGroup } from './party-group.js';
import { streamTransport, type Transport } from './transport.js';

/** JavaScript heap of one party, MB. Tables stream, so only keys and models are held. */
const HEAP_MB = 1024;
/** Memory of a party's process with its buffers, in which keys, tables and shares lie. */
const MEMORY_BYTES = 1536 * 1024 * 1024;
const MEMORY_EVERY_MS = 100;
const PAGE_BYTES = 4096;
/** Processes and threads of one party, where a cgroup counts them. Node itself has about ten a process. */
const MAX_GROUP_TASKS = 64;
/** Processes and threads of a user that owns one party's folder. Node itself has about ten a process. */
const MAX_TASKS = 1024;
/** Left to a process that has ended for its pipes to end: a process that it started may hold them. */
const PIPES_MS = 500;

const ENTRY = fileURLToPath(new URL('./party-process.js', import.meta.url));
const SETPRIV = '/usr/bin/setpriv';
const PRLIMIT = '/usr/bin/prlimit';

/** Whom a process runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** How a process ended: by the coordinator, for its memory, or by itself. */
export type ProcessEnd =
  { readonly kind: 'stopped' } | { readonly kind: 'memory' } | { readonly kind: 'ended'; readonly how: string };

/** A party's process. */
export interface PartyProcess {
  readonly transport: Transport<ToParty>;
  /** Resolves once the process is gone and everything that it sent has been received. */
  readonly ended: Promise<ProcessEnd>;
  /** Ends it with all that it started. */
  stop(): void;
}

/**
 * Starts a party's process with an empty environment, in a process group that a terminal's signals do not reach, and with
 * `account` where there is one. Where Linux has the tools, the kernel ends it when this process dies.
 */
export function startProcess(rights: readonly string[], account: Account | undefined): PartyProcess {
  const node = [process.execPath, `--max-old-space-size=${HEAP_MB}`, ...rights, ENTRY];
  const [command, ...args] = [...privileges(account), ...limits(account), ...node];
  const child = spawn(command!, args, {
    env: {},
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const group = PartyGroup.make({ memoryBytes: MEMORY_BYTES, tasks: MAX_GROUP_TASKS });
  if (child.pid !== undefined) group?.add(child.pid); // It has not begun: the message that starts it comes later.
  const line = child.stdio[3] as Duplex;
  let last = '';
  child.stderr!.on('data', (chunk: Buffer) => (last = (last + chunk.toString('latin1')).slice(-4096)));
  let end: ProcessEnd | undefined;
  const stop = (as: ProcessEnd): void => {
    end ??= as;
    kill(child);
  };
  const watch = watchMemory(child.pid, () => stop({ kind: 'memory' }));
  const ended = new Promise<ProcessEnd>((resolve) => {
    const finish = (how: string): void => {
      clearInterval(watch);
      const isFull = group?.wasFull() || (how === 'SIGABRT' && /heap out of memory|heap limit/i.test(last));
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
  const transport = streamTransport<ToParty>(line);
  // A write to a process that is gone closes the line, and with it what the process had sent is lost unread.
  const post = (message: ToParty): void => {
    if (end === undefined) transport.post(message);
  };
  return { transport: { ...transport, post }, ended, stop: () => stop({ kind: 'stopped' }) };
}

/** A command that runs another as `account`, without a way to more rights, and ends it when its parent ends. */
function privileges(account: Account | undefined): string[] {
  if (!existsSync(SETPRIV)) return [];
  const user = account ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'] : [];
  return [SETPRIV, '--no-new-privs', '--pdeathsig=KILL', ...user];
}

/** A command that bounds the processes of another. The kernel counts them by user, so this needs a user of the party alone. */
function limits(account: Account | undefined): string[] {
  return account && existsSync(PRLIMIT) ? [PRLIMIT, '--core=0', `--nproc=${MAX_TASKS}`] : [];
}

/** Reads what the kernel counts: the process itself is not asked. */
function watchMemory(pid: number | undefined, onFull: () => void): NodeJS.Timeout {
  const check = (): void => {
    try {
      const [, pages] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ');
      if (Number(pages) * PAGE_BYTES > MEMORY_BYTES) onFull();
    } catch {
      // It has ended, or this system has no /proc.
    }
  };
  return setInterval(check, MEMORY_EVERY_MS);
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
