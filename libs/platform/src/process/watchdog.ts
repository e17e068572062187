import { url as debugger_ } from 'node:inspector';
import { Worker } from 'node:worker_threads';
import type { HealthReport } from '../health/health-checks.js';

/** Where the watchdog's thread starts. */
export interface WatchdogSettings {
  readonly app: string;
  /** The process is killed after so many ticks without a sign of life. */
  readonly ticks: number;
  readonly tickMs: number;
}

const ASK_EVERY_MS = 5_000;

/**
 * Kills this process (SIGKILL) once it has not been live for 30 s, so that whatever supervises it starts it again: the launcher,
 * the restart policy of compose, systemd. Kubernetes probes by itself. A thread does it, since what is not live may be the event loop.
 * It counts its own ticks: a process that was stopped by SIGSTOP, or a clock that steps, is not taken for dead.
 * Under a debugger, which holds the process, nothing is watched.
 */
export function watchLiveness(
  app: string,
  live: () => Promise<HealthReport>,
  { ticks = 30, tickMs = 1_000, askEveryMs = ASK_EVERY_MS } = {},
): void {
  if (debugger_() !== undefined) return;
  const workerData: WatchdogSettings = { app, ticks, tickMs };
  const thread = new Worker(new URL('./watchdog-thread.js', import.meta.url), {
    workerData,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
  });
  thread.unref();
  const ask = async (): Promise<void> => {
    if ((await live()).status === 'ok') thread.postMessage('live');
  };
  setInterval(() => void ask().catch(() => undefined), askEveryMs).unref();
}
