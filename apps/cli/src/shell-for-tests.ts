import { Readable } from 'node:stream';
import { run } from './program.js';
import type { Shell } from './shell.js';

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program in this process, without a terminal unless standard input is to be one; HOME is a folder that is not there unless `env` says another. */
export async function runHere(
  args: readonly string[],
  {
    env = {},
    stdin = '',
    terminal = false,
    interruptAfterMs,
  }: { env?: Shell['env']; stdin?: string | Uint8Array; terminal?: boolean; interruptAfterMs?: number } = {},
): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const shell: Shell = {
    env: { HOME: '/nowhere', ...env },
    stdin: Object.assign(Readable.from([Buffer.from(stdin)]), { isTTY: terminal }),
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    onInterrupt: (listener) => {
      const timer = interruptAfterMs === undefined ? undefined : setTimeout(listener, interruptAfterMs);
      return () => clearTimeout(timer);
    },
  };
  const exit = await run(args, shell);
  return { exit, stdout, stderr };
}
