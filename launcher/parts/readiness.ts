import { setTimeout as delay } from 'node:timers/promises';

/** `http://host:port` for a client on this machine, whatever address the app listens on. */
export function localUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** Resolves when the app at `url` is ready; rejects after `timeoutMs` with what it last said, or on `signal`. */
export async function waitUntilReady(name: string, url: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const until = performance.now() + timeoutMs;
  for (let last = 'it did not answer'; ;) {
    try {
      const response = await fetch(`${url}/health/ready`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]),
      });
      const body = await response.text();
      if (response.ok) return;
      last = `it answered ${response.status} ${body.slice(0, 500)}`;
    } catch {
      signal.throwIfAborted();
    }
    if (performance.now() > until) throw new Error(`${name} was not ready after ${timeoutMs / 1000} s: ${last}`);
    await delay(40, undefined, { signal });
  }
}
