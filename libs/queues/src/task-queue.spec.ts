import { expect, it } from '@jest/globals';
import { TcpProxy, useTestDatabase } from '#libs/testing';
import { closeBackend, openBackend } from './backend.js';
import { BackendWorker, PROCESSOR_OPTIONS, queueOptionsOf } from './task-queue.js';

const database = useTestDatabase();

it('a worker on PostgreSQL that is closed while it gets ready gives its connections back', async () => {
  const url = new URL(database.url);
  const proxy = await TcpProxy.start(Number(url.port));
  proxy.latencyMs = 20;
  url.port = String(proxy.port);
  const backend = openBackend({ redisUrl: undefined, databaseUrl: url.href });
  const worker = new BackendWorker('task-closed', async () => undefined, {
    ...queueOptionsOf(backend),
    ...PROCESSOR_OPTIONS,
  });
  void worker.run();
  await worker.close();
  // Others may need longer to close than it to get ready.
  await worker.waitUntilReady();
  // Ends once every connection has been given back.
  await closeBackend(backend);
  await proxy.stop();
  expect(backend.kind === 'postgres' && backend.pool.totalCount).toBe(0);
});
