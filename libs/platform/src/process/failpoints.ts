import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError, type Environment } from '../config/config-values.js';

interface Point {
  /** The effect on the process: it dies at once, or stops until SIGCONT; undefined: it waits `sleepMs`. */
  readonly signal: 'SIGKILL' | 'SIGSTOP' | undefined;
  readonly sleepMs: number;
  /** The hit that counts; undefined: each. */
  readonly at: number | undefined;
  hits: number;
}

const points = readFailpoints(process.env);

/**
 * A named point of the protocol where a fault test lets the process die, stop or wait. `FAILPOINT` names them, comma
 * separated: `listener.afterSave:exit@3` dies at the third hit, `listener.beforeSave:stop@2` stops at the second as by
 * SIGSTOP, `worker.beforePublish:sleep:500` waits at each. Unset, which it always is but in fault tests, this is one
 * comparison.
 */
export async function failpoint(name: string): Promise<void> {
  if (points === undefined) return;
  const point = points.get(name);
  if (point === undefined || (point.at !== undefined && ++point.hits !== point.at)) return;
  if (point.signal !== undefined) process.kill(process.pid, point.signal);
  await delay(point.sleepMs);
}

/** Reads `FAILPOINT`; undefined where it is not set. Refuses it in production. */
export function readFailpoints(env: Environment): Map<string, Point> | undefined {
  const text = env.FAILPOINT;
  if (text === undefined || text === '') return undefined;
  if (env.NODE_ENV === 'production') {
    throw new ConfigError(['FAILPOINT is set: it makes processes die on purpose. Unset it in production.']);
  }
  return new Map(
    text.split(',').map((part) => {
      const [, name, kind, sleep, at] = /^([\w.]+):(exit|stop|sleep:(\d+))(?:@(\d+))?$/.exec(part.trim()) ?? [];
      if (name === undefined) {
        throw new ConfigError([
          `FAILPOINT=${part} is not understood. Write name:exit@3, name:stop@3 or name:sleep:500.`,
        ]);
      }
      const signal = kind === 'exit' ? 'SIGKILL' : kind === 'stop' ? 'SIGSTOP' : undefined;
      return [name, { signal, sleepMs: Number(sleep ?? 0), at: at === undefined ? undefined : Number(at), hits: 0 }];
    }),
  );
}
