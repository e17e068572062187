import { DataDirInUseError } from '#libs/local-postgres';
import { ConfigError, loadEnvFile, readConfig, type Config } from '#libs/platform';
import { withSystem, type System, type SystemOptions } from './system.js';

/** What runs once the system is ready: an exit code, or undefined to stay up until a signal. */
export type WhenReady = (system: System, signal: AbortSignal) => Promise<number | undefined>;

/** Two signals closer together than this are one Ctrl-C, which npm and the terminal both pass on. */
const SAME_SIGNAL_MS = 500;

/** How often to look whether npm, or its shell, is still there. */
const PARENT_CHECK_MS = 250;

/**
 * Runs the system until SIGINT, SIGTERM or SIGHUP, and returns the exit code: 0 after a signal, what `whenReady`
 * says, or 1 when it failed; `complain` hears why. A second signal kills apps that take their time.
 */
export async function runLauncher(
  makeOptions: (config: Config) => SystemOptions,
  whenReady: WhenReady,
  complain: (words: string) => void,
): Promise<number> {
  const stop = new AbortController();
  const hurry = new AbortController();
  let first: number | undefined;
  const onSignal = () => {
    first ??= performance.now();
    if (performance.now() - first > SAME_SIGNAL_MS) hurry.abort();
    stop.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  signals.forEach((signal) => process.on(signal, onSignal));
  const orphaned = stopWithParent(onSignal);
  // The terminal may be gone before us; what is left to do does not need it.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    loadEnvFile();
    const options = makeOptions(readConfig());
    return await withSystem(options, stop.signal, hurry.signal, (system) => hold(system, whenReady, stop.signal));
  } catch (error) {
    if (stop.signal.aborted) return 0;
    complain(explain(error));
    return 1;
  } finally {
    clearInterval(orphaned);
    signals.forEach((signal) => process.off(signal, onSignal));
  }
}

/** Under npm, a signal to npm may end it and its shell without reaching this process, which then has a new parent. */
function stopWithParent(onGone: () => void): NodeJS.Timeout | undefined {
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  return setInterval(() => process.ppid === parent || onGone(), PARENT_CHECK_MS).unref();
}

async function hold(system: System, whenReady: WhenReady, signal: AbortSignal): Promise<number> {
  const stopped = new Promise<number>((resolve) => signal.addEventListener('abort', () => resolve(0)));
  const done = whenReady(system, signal).then((code) => code ?? stopped);
  const failed = system.failed.then((error) => Promise.reject(error));
  return signal.aborted ? 0 : Promise.race([stopped, failed, done]);
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const plain = error instanceof ConfigError || error instanceof DataDirInUseError || process.env.LOG_LEVEL !== 'debug';
  return plain ? error.message : (error.stack ?? error.message);
}
