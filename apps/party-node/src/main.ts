import { run } from './program.js';

/** The program on this process: its arguments, streams and signals. Sets its exit code. */
export async function main({ argv, stdout, stderr }: NodeJS.Process): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(new Error(signal)));
  process.exitCode = await run(argv.slice(2), {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    signal: stop.signal,
  });
}
