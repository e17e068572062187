import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { expect, jest, test } from '@jest/globals';
import { Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Registry } from 'prom-client';
import { APP_CONFIG, LOGGER } from '#libs/platform';
import { UplinkServer } from '#libs/peers';
import { NodeConnectionRepository, NodeOfferRepository } from '#libs/repositories';
import { NODE_DATABASE } from './node-database.js';
import { NodeListener } from './node-listener.js';

const logger = { info: jest.fn<(details: { port: number }) => void>(), warn: jest.fn(), error: jest.fn() };
const config = { nodePort: 0, nodeCa: randomBytes(32), nodeRelays: ['a:1', 'b:2'], host: '127.0.0.1' };
const database = { close: jest.fn() };
const fault = (port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code)).once('close', () => resolve(undefined));
    socket.write('GET / HTTP/1.1\r\n\r\n');
  });

@Module({
  providers: [
    NodeListener,
    NodeConnectionRepository,
    NodeOfferRepository,
    Registry,
    { provide: APP_CONFIG, useValue: config },
    { provide: LOGGER, useValue: logger },
    { provide: NODE_DATABASE, useValue: database },
  ],
})
class Sites {}

let drain: () => Promise<void>;
/** As the worker, which lets its runs end. */
@Module({ imports: [Sites] })
class Worker implements BeforeApplicationShutdown {
  beforeApplicationShutdown(): Promise<void> {
    return drain();
  }
}

test('says all relays of the settings', async () => {
  const listen = jest.spyOn(UplinkServer, 'listen');
  const app = await NestFactory.createApplicationContext(Sites, { logger: false });
  const { offers } = listen.mock.calls[0]![0];
  const runs = ['00000000', '00000001'].map((head) => `${head}-0000-4000-8000-000000000000`);
  const found = new Map([['c', runs.map((run) => ({ run, state: 'GO' as const }))]]);
  jest.spyOn(app.get(NodeOfferRepository), 'offersOf').mockResolvedValue(found as never);
  expect((await offers.offers(['c'])).get('c')!.map(({ relay }) => relay)).toEqual(['a:1', 'b:2']);
  await app.close();
  listen.mockRestore();
  logger.info.mockClear();
});

test('says once a minute what a stranger repeats, and is closed before the worker drains', async () => {
  const app = await NestFactory.createApplicationContext(Worker, { logger: false });
  const { port } = logger.info.mock.calls[0]![0];
  for (let again = 0; again < 3; again++) await fault(port);
  expect(logger.warn).toHaveBeenCalledTimes(1);
  const { values } = await app.get(Registry, { strict: false }).getSingleMetric('taskchain_node_refused_total')!.get();
  expect(values).toEqual([{ value: 3, labels: { reason: 'tls' } }]);
  let code: string | undefined;
  drain = async () => void (code = await fault(port));
  await app.close();
  expect(code).toBe('ECONNREFUSED');
  expect(database.close).toHaveBeenCalled();
});
