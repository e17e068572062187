import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { freePort } from '#libs/local-postgres';
import { listen } from './score-endpoint.js';

describe('where a site is asked for scores', () => {
  let port: number;
  let server: Awaited<ReturnType<typeof listen>> | undefined;
  const start = async (token: string): Promise<void> => {
    port = await freePort();
    const tokens = [createHash('sha256').update(token).digest('hex')] as const;
    server = await listen('alice', { port, tokens }, { score: () => Promise.resolve(0.5), end: () => undefined });
  };
  afterEach(() => server?.close());

  test('nobody gets in without a token, even where that of the site is empty', async () => {
    await start('');
    const ask = (headers: Record<string, string>): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/score`, { method: 'POST', body: '{"key":"a"}', headers });
    for (const headers of [{}, { authorization: 'Bearer ' }, { authorization: '' }] as Record<string, string>[])
      expect((await ask(headers)).status).toBe(401);
  });

  test('a request that does not come to its end holds no connection for long', async () => {
    await start('token');
    const begun = performance.now();
    const slow = [
      '',
      'POST /score HTTP/1.1\r\nHost: a\r\n',
      'POST /score HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{',
    ];
    await Promise.all(
      slow.map(async (text) => {
        const socket = connect(port, '127.0.0.1');
        socket.write(text);
        socket.resume();
        await once(socket, 'close');
      }),
    );
    // Node itself would look after half a minute.
    expect(performance.now() - begun).toBeLessThan(25_000);
  }, 40_000);
});
