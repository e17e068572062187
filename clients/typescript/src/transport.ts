export interface RetryOptions {
  /** Further tries after the first; 0 for none. 4 where it is left out. */
  readonly retries?: number;
  /** Longest wait before a try, ms; an answer whose `Retry-After` asks for more is thrown. 30,000 where it is left out. */
  readonly maxDelayMs?: number;
}

const FIRST_DELAY_MS = 250;
/** POSTs that store nothing, and so take no key. */
const STORES_NOTHING = /\/chains\/validate$/;

/**
 * A `fetch` that sends each creating or acting POST with an Idempotency-Key, the same one with each try, and tries again:
 * on 503, on a 429 or 409 that says when to come back (the first request with the key is still at work), and, where a
 * second try cannot do harm (GET, or a POST with a key), when the connection breaks.
 */
export function resilientFetch(send: typeof fetch, { retries = 4, maxDelayMs = 30_000 }: RetryOptions): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const { method, headers, signal } = request;
    if (method === 'POST' && !headers.has('Idempotency-Key') && !STORES_NOTHING.test(new URL(request.url).pathname)) {
      headers.set('Idempotency-Key', crypto.randomUUID());
    }
    const safe = method === 'GET' || headers.has('Idempotency-Key');
    for (let failures = 0; ; failures++) {
      const last = failures >= retries;
      let delayMs: number | undefined;
      try {
        const response = await send(last ? request : request.clone());
        delayMs = last ? undefined : delayOf(response, failures);
        if (delayMs === undefined || delayMs > maxDelayMs) return response;
        await response.body?.cancel();
      } catch (error) {
        if (last || !safe || signal.aborted) throw error;
        delayMs = backoff(failures);
      }
      await sleep(Math.min(delayMs, maxDelayMs), signal);
    }
  };
}

/** Milliseconds until a further try; undefined where none is of use. */
function delayOf(response: Response, failures: number): number | undefined {
  const after = response.headers.get('retry-after');
  const { status } = response;
  // A 429 that does not say when to come back is a quota that time alone does not free.
  if (status !== 503 && ((status !== 429 && status !== 409) || after === null)) return undefined;
  if (after === null) return backoff(failures);
  const ms = /^\d+$/.test(after) ? Number(after) * 1_000 : Date.parse(after) - Date.now();
  return Number.isNaN(ms) ? backoff(failures) : Math.max(ms, 0);
}

/** Doubles with each failure, spread over 50 to 100 % so that clients which failed together do not come back together. */
export function backoff(failures: number): number {
  return FIRST_DELAY_MS * 2 ** Math.min(failures, 12) * (0.5 + Math.random() / 2);
}

/** Rejects with the signal's reason when it is aborted first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
