import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError, type Environment } from './config-values.js';

interface Point {
  /** Waits so many ms; undefined: the process dies at once, as by kill -9. */
  readonly sleepMs: number | undefined;
  /** The hit that counts; undefined: each. */
  readonly at: number | undefined;
  hits: number;
}

const points = readFailpoints(process.env);

/**
 * A named point of the protocol where a fault test lets the process die or wait. `FAILPOINT` names them, comma
 * separated: `listener.afterSave:exit@3` dies at the third hit, `worker.beforePublish:sleep:500` waits at each. Unset,
 * which it always is but in fault tests, this is one comparison.
 */
export async function failpoint(name: string): Promise<void> {
  if (points === undefined) return;
  const point = points.get(name);
  if (point === undefined || (point.at !== undefined && ++point.hits !== point.at)) return;
  if (point.sleepMs === undefined) process.kill(process.pid, 'SIGKILL');
  await delay(point.sleepMs ?? 60_000);
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
      const [, name, sleep, at] = /^([\w.]+):(?:exit|sleep:(\d+))(?:@(\d+))?$/.exec(part.trim()) ?? [];
      if (name === undefined) {
        throw new ConfigError([`FAILPOINT=${part} is not understood. Write name:exit@3 or name:sleep:500.`]);
      }
      const number = (digits: string | undefined) => (digits === undefined ? undefined : Number(digits));
      return [name, { sleepMs: number(sleep), at: number(at), hits: 0 }];
    }),
  );
}
