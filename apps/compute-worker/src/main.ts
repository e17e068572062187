import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { startUnbundled } from '#libs/compute';
import {
  configOrExit,
  createLogger,
  NestLogger,
  partiesUnbundled,
  runUntilStopped,
  startTracing,
} from '#libs/platform';
import { BACKEND, type Backend } from '#libs/queues';
import { WorkerModule } from './worker.module.js';
import { WORKER_SETTINGS, type WorkerSettings } from './worker-settings.js';

process.title = 'task-chain compute-worker';
const config = configOrExit();
if (partiesUnbundled) startUnbundled();
const logger = createLogger('compute-worker', config.logLevel);
const endTracing = await startTracing('compute-worker');
const app = await NestFactory.create<NestFastifyApplication>(
  WorkerModule.forRoot(config, logger),
  new FastifyAdapter(),
  // Probes keep connections open: they must not hold up the end of the process.
  { logger: new NestLogger(logger), forceCloseConnections: true },
);
try {
  await app.listen(config.workerPort, config.host);
} catch (error) {
  logger.fatal({ err: error }, 'the compute worker could not start');
  process.exit(1);
}
runUntilStopped('compute-worker', app, logger, endTracing);
const port = Number(new URL(await app.getUrl()).port);
const { id } = app.get<WorkerSettings>(WORKER_SETTINGS, { strict: false });
logger.info({ port, worker: id, backend: app.get<Backend>(BACKEND).kind }, 'the compute worker is ready');
