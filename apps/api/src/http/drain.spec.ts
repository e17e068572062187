import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { fastify } from 'fastify';
import { Drain } from './drain.js';

test('a client that was busy when the API stopped has an answer on its open connection', async () => {
  const server = fastify();
  const drain = new Drain({ httpAdapter: { getHttpServer: () => server.server } } as never);
  drain.hookInto(server);
  server.get('/', () => 'answer');
  await server.listen();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { port } = server.server.address() as AddressInfo;
  const ask = async (): Promise<IncomingMessage> => {
    const [answer] = (await once(get({ port, agent }), 'response')) as [IncomingMessage];
    await once(answer.resume(), 'end');
    return answer;
  };
  try {
    expect((await ask()).statusCode).toBe(200);
    let closed = false;
    const stopped = drain.beforeApplicationShutdown().then(() => (closed = true));
    await delay(300);
    expect(closed).toBe(false);
    expect((await ask()).headers.connection).toBe('close');
    await stopped;
  } finally {
    agent.destroy();
    await server.close();
  }
});
