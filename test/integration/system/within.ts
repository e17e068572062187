import { setTimeout as delay } from 'node:timers/promises';

/** How long anything may take before it counts as stuck, ms: far more than it takes on a slow machine. */
export const PATIENCE_MS = 60_000;
const POLL_MS = 20;

/** Waits for `work`; rejects after `ms`, naming what was waited for. */
export async function within<T>(ms: number, what: string, work: () => Promise<T>): Promise<T> {
  const done = new AbortController();
  const tooLate = delay(ms, undefined, { signal: done.signal }).then(
    () => Promise.reject(new Error(`waited ${ms / 1000} s, but not until ${what}`)),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work(), tooLate]);
  } finally {
    done.abort();
  }
}

/** Looks until `look` gives something; rejects after `ms` with what was last seen. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  ms = PATIENCE_MS,
  seen: () => unknown = () => undefined,
): Promise<T> {
  const until = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > until) {
      const last = seen();
      throw new Error(
        `waited ${ms / 1000} s, but not until ${what}${last === undefined ? '' : `; last seen: ${JSON.stringify(last)}`}`,
      );
    }
    await delay(POLL_MS);
  }
}
