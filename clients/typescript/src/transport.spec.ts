import { describe, expect, it } from '@jest/globals';
import { ProblemError } from './errors.js';
import { TaskChainClient } from './task-chain-client.js';

type Answer = Response | Error;
const json = (status: number, body: object, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
const created = () => json(201, { chain_id: 'chain-1' });
const busy = (status: number, retryAfter?: string) =>
  json(status, { code: 'BUSY', detail: 'later' }, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
const chain = { chain_name: 'c', tasks: [{ task_id: 'a', task_type: 'diagnostic', task_params: {} }] };

/** A client whose requests get these answers in turn, and the requests. */
function clientOf(answers: Answer[], retries?: number, maxDelayMs?: number) {
  const requests: Request[] = [];
  const client = new TaskChainClient({
    baseUrl: 'http://api.test/',
    token: () => Promise.resolve('a-token'),
    retry: { retries, maxDelayMs },
    fetch: async (input) => {
      requests.push(input as Request);
      const answer = answers.shift()!;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return { client, requests };
}

describe('requests of the client', () => {
  it('carry the token and a body, with a new Idempotency-Key each where they create', async () => {
    const { client, requests } = clientOf([created(), created(), json(200, { valid: true })]);
    for (let i = 0; i < 2; i++) expect(await client.createChain({ body: chain })).toEqual({ chain_id: 'chain-1' });
    await client.validateChain({ body: chain });
    const [first, second, third] = requests;
    expect(first!.url).toBe('http://api.test/api/v1/chains');
    expect(first!.headers.get('authorization')).toBe('Bearer a-token');
    expect(await first!.json()).toEqual(chain);
    expect(first!.headers.get('idempotency-key')).toMatch(/^[0-9a-f-]{36}$/);
    expect(second!.headers.get('idempotency-key')).not.toBe(first!.headers.get('idempotency-key'));
    expect(third!.headers.get('idempotency-key')).toBeNull();
  });

  it('are sent again with the same key and body after 429, 503, 409 with Retry-After, and a broken connection', async () => {
    const broken = new TypeError('fetch failed', { cause: new Error('other side closed') });
    const { client, requests } = clientOf([busy(429, '0'), busy(503), busy(409, '0'), broken, created()]);
    await client.createChain({ body: chain });
    expect(requests).toHaveLength(5);
    expect(new Set(requests.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1);
    for (const request of requests) expect(await request.json()).toEqual(chain);
  });

  it('wait as long as Retry-After says, and not longer than they may', async () => {
    const { client, requests } = clientOf([busy(429, '1'), json(200, { items: [] })]);
    const from = performance.now();
    await client.listChains();
    expect(performance.now() - from).toBeGreaterThan(990);
    expect(requests).toHaveLength(2);
    const hasty = clientOf([busy(503, '3600')], 4, 1_000);
    await expect(hasty.client.listChains()).rejects.toMatchObject({ status: 503, code: 'BUSY', message: 'later' });
    expect(hasty.requests).toHaveLength(1);
  });

  it('are not sent again where that is of no use or may do harm', async () => {
    for (const status of [400, 401, 404, 409, 412, 422, 429, 500]) {
      const { client, requests } = clientOf([busy(status)]);
      await expect(client.createChain({ body: chain })).rejects.toBeInstanceOf(ProblemError);
      expect(requests).toHaveLength(1);
    }
    const { client, requests } = clientOf([new TypeError('fetch failed')]);
    await expect(client.deleteWebhook({ path: { webhook_id: 'w' } })).rejects.toMatchObject({
      name: 'ConnectionError',
      message: 'DELETE http://api.test/api/v1/webhooks/w: fetch failed',
    });
    expect(requests).toHaveLength(1);
  });

  it('fail in the end with the last answer', async () => {
    const { client, requests } = clientOf([busy(503, '0'), busy(503, '0'), busy(429, '0')], 2);
    await expect(client.listChains()).rejects.toMatchObject({ status: 429 });
    expect(requests).toHaveLength(3);
  });

  it('stop waiting when their signal is aborted', async () => {
    const { client, requests } = clientOf([busy(429, '20')]);
    const abort = new AbortController();
    const listing = client.listChains({ signal: abort.signal });
    setTimeout(() => abort.abort(new Error('enough')), 20);
    await expect(listing).rejects.toThrow('enough');
    expect(requests).toHaveLength(1);
  });

  it('tell what answered in place of the API', async () => {
    const { client } = clientOf([new Response('<h1>Bad Gateway</h1>', { status: 502 })]);
    await expect(client.listChains()).rejects.toMatchObject({
      status: 502,
      code: 'UNKNOWN',
      message: '<h1>Bad Gateway</h1>',
    });
  });
});
