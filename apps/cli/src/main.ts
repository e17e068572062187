import { EXIT } from './exit-codes.js';
import { run } from './program.js';
import type { Shell } from './shell.js';

/** The program on this process: its arguments, environment and streams. Sets its exit code. */
export async function main({ argv, env, stdin, stdout, stderr }: NodeJS.Process): Promise<void> {
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(EXIT.BROKEN_PIPE);
      throw error;
    });
  }
  const onInterrupt: Shell['onInterrupt'] = (listener) => {
    process.on('SIGINT', listener);
    return () => process.off('SIGINT', listener);
  };
  process.exitCode = await run(argv.slice(2), { env, stdin, stdout, stderr, onInterrupt });
}
