import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, jest, test } from '@jest/globals';
import { fastify } from 'fastify';
import { Drain } from './drain.js';

// A client that asks once or twice a second is busy as well.
test.each([0, 600])(
  'a client whose last request is %d ms old when the API stops has an answer on its open connection',
  async (age) => {
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
      const now = performance.now.bind(performance);
      jest.spyOn(performance, 'now').mockImplementation(() => now() + age);
      let closed = false;
      const stopped = drain.beforeApplicationShutdown().then(() => (closed = true));
      await delay(300);
      expect(closed).toBe(false);
      expect((await ask()).headers.connection).toBe('close');
      await stopped;
    } finally {
      jest.restoreAllMocks();
      agent.destroy();
      await server.close();
    }
  },
);
