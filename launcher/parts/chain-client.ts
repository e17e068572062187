import { setTimeout as delay } from 'node:timers/promises';
import { isOver, type ChainView } from '#libs/chain-view';

const POLL_MS = 150;

/** Where the API is, up to its version, and the key that opens it. */
export interface Api {
  readonly url: string;
  readonly key: string | undefined;
}

/** Creates a chain through the API and returns its id. Rejects with the API's own words. */
export async function createChain(api: Api, body: unknown, signal: AbortSignal): Promise<string> {
  const created = await call<{ chain_id: string }>(api, '/chains', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
  return created.chain_id;
}

/** Reads a chain again and again until it is over, and hands each reading on; resolves to the last. */
export async function followChain(
  api: Api,
  chainId: string,
  signal: AbortSignal,
  onChain: (chain: ChainView) => void,
): Promise<ChainView> {
  for (;;) {
    const chain = await readPatiently(api, `/chains/${encodeURIComponent(chainId)}`, signal);
    onChain(chain);
    if (isOver(chain.status)) return chain;
    await delay(POLL_MS, undefined, { signal });
  }
}

/** The API may be starting again: a reading that fails is tried again for a while. */
async function readPatiently(api: Api, path: string, signal: AbortSignal): Promise<ChainView> {
  for (let tries = 1; ; tries++) {
    try {
      return await call<ChainView>(api, path, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (tries === 20) throw error;
      await delay(250, undefined, { signal });
    }
  }
}

async function call<T>(api: Api, path: string, init: RequestInit): Promise<T> {
  const url = api.url + path;
  const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${api.key}` };
  const response = await fetch(url, { ...init, headers });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`${init.method ?? 'GET'} ${url} answered ${response.status}: ${text.slice(0, 2000)}`);
  return JSON.parse(text) as T;
}
