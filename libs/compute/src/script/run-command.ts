import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AllowedScript, TaskRun } from '../contract/task-type.js';
import { MEMORY_BYTES, startGuarded, type Account } from '../party/start-guarded.js';
import { FOLDERS } from './confine.js';

const LOOK_EVERY_MS = 500;
/** Files and folders that a command may make: to look through more takes too long. */
const MAX_FILES = 10_000;

/** What is started, and where. */
export interface Command {
  readonly allowed: AllowedScript;
  readonly args: readonly string[];
  /** Of the run. */
  readonly folder: string;
  readonly account: Account | undefined;
  /** Confines it; empty where nothing does. */
  readonly within: readonly string[];
}

export interface CommandEnd {
  readonly isDone: boolean;
  /** In words, for the party's owner. */
  readonly how: string;
  /** The end of it. */
  readonly stderr: string;
}

/**
 * Runs a command until it ends, or has no more time, memory or room for files; then nothing of what it started is left. Throws the signal's
 * reason when that aborts.
 */
export async function runCommand(
  run: Pick<TaskRun, 'signal' | 'progress'>,
  { allowed, args, folder, account, within }: Command,
): Promise<CommandEnd> {
  const { command, timeoutMs, outputBytes } = allowed;
  run.signal.throwIfAborted();
  // One byte more shows that there was more.
  const limits = [`--fsize=${outputBytes + 1}`, `--data=${MEMORY_BYTES}`, '--core=0'];
  const guarding = { account, within, limits, cwd: folder, hasChildren: true } as const;
  const { ended, last, stop } = startGuarded([...command, ...args], guarding);
  let why: string | undefined;
  const end = (words: string): void => {
    why ??= words;
    stop();
  };
  const cancel = (): void => stop();
  const timer = setTimeout(() => end(`no end within ${timeoutMs} ms`), timeoutMs);
  const started = performance.now();
  const look = setInterval(() => {
    run.progress(share(performance.now() - started, timeoutMs), 'running the command');
    void fault(folder, outputBytes).then((words) => words === undefined || end(words));
  }, LOOK_EVERY_MS);
  run.signal.addEventListener('abort', cancel, { once: true });
  try {
    const { kind, ...rest } = await ended;
    run.signal.throwIfAborted();
    run.progress(1, 'running the command');
    run.signal.throwIfAborted();
    why ??= kind === 'memory' ? `more than ${MEMORY_BYTES} bytes of memory` : await fault(folder, outputBytes);
    const how = why ?? ('how' in rest ? rest.how : 'a stop');
    return { isDone: how === 'code 0', how, stderr: last().toString('utf8').replaceAll('\0', '\uFFFD') };
  } finally {
    clearTimeout(timer);
    clearInterval(look);
    run.signal.removeEventListener('abort', cancel);
  }
}

/** How far a command is of which nobody knows how long it takes: it grows, and never is whole. */
const share = (ms: number, most: number): number => Math.min(0.99, ms / most);

/** What is wrong with what the command has written so far. */
async function fault(folder: string, maxBytes: number): Promise<string | undefined> {
  let [files, bytes] = [0, 0];
  const waiting: string[] = [FOLDERS.out, FOLDERS.tmp].map((name) => join(folder, name));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    // A folder may go while it is read.
    const entries = await opendir(next).catch(() => undefined);
    if (entries === undefined) continue;
    try {
      for await (const entry of entries) {
        const path = join(next, entry.name);
        if (entry.isDirectory()) waiting.push(path);
        else bytes += (await lstat(path).catch(() => undefined))?.size ?? 0;
        if ((files += 1) > MAX_FILES) return `more than ${MAX_FILES} files`;
        if (bytes > maxBytes) return `more than ${maxBytes} bytes of files`;
      }
    } catch {
      continue;
    }
  }
  return undefined;
}
