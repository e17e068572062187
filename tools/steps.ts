import { spawn, type SpawnOptions } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { guarded } from '#libs/local-postgres';

/** The project's folder. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Path of a tool that npm has installed. */
export const bin = (name: string): string => join(ROOT, 'node_modules', '.bin', name);

/** How to run npm: the one that runs this, where npm does. */
export function npm(...args: string[]): [command: string, args: string[]] {
  const path = process.env.npm_execpath;
  return path?.endsWith('.js') ? [process.execPath, [path, ...args]] : ['npm', args];
}

/** An error that the user has to fix: shown without a stack. */
export class Refusal extends Error {}

interface RunOptions {
  /** Collects what the program writes instead of showing it. */
  readonly capture?: boolean;
  /** Whether what it writes to stderr is part of the output; else it is in `errors`. */
  readonly stderr?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program in the project's folder; it ends with this process. Resolves to its exit code and, with `capture`, to what it wrote. */
export function run(command: string, args: readonly string[], options: RunOptions = {}) {
  const { capture = false, stderr = true, env = {} } = options;
  return new Promise<{ code: number; signal: NodeJS.Signals | null; output: string; errors: string }>(
    (resolve, reject) => {
      const windows = process.platform === 'win32';
      const options: SpawnOptions = {
        cwd: ROOT,
        env: { ...process.env, ...env },
        stdio: capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
        shell: windows,
        detached: !windows,
      };
      const child = guarded(() => spawn(command, args, options), 'KILL');
      let output = '';
      let errors = '';
      child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
      child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr ? (output += chunk) : (errors += chunk)));
      child.once('error', reject);
      child.once('exit', () => endGroup(child.pid!));
      child.once('close', (code, signal) => resolve({ code: code ?? 1, signal, output, errors }));
    },
  );
}

/** Ends what a program that has ended left: Jest's workers outlive a file that it gave up. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing is left.
  }
}

/** Runs `work`, and prints its name, outcome and duration. Returns false on failure. */
export async function step(name: string, work: () => Promise<string | void> | string): Promise<boolean> {
  const started = performance.now();
  const report = (word: string, more = '') => {
    const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
    process.stdout.write(`${word.padEnd(6)} ${seconds} s  ${name}${more ? `\n${indent(more)}` : ''}\n`);
  };
  try {
    report('ok', (await work()) ?? '');
    return true;
  } catch (error) {
    report('FAILED', wordsOf(error));
    return false;
  }
}

/** The text to show for an error: only the message of a refusal. */
export function wordsOf(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Runs a program. Resolves to its output; rejects with it when the program fails. */
export async function quietly(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, signal, output, errors } = await run(command, args, { ...options, capture: true });
  if (code !== 0) throw new Refusal(`${output.trim()}${errors.trim()}\n(${signal ?? `exit code ${code}`})`);
  return output;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}
