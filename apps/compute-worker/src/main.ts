import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { createLogger, NestLogger, onStopSignal, startTracing, configOrExit } from '#libs/platform';
import { WorkerModule } from './worker.module.js';

process.title = 'task-chain compute-worker';
const config = configOrExit();
const logger = createLogger('compute-worker', config.logLevel);
const endTracing = await startTracing('compute-worker');
const app = await NestFactory.createApplicationContext(WorkerModule.with(config, logger), {
  logger: new NestLogger(logger),
});
onStopSignal(
  () => app.close().finally(endTracing),
  (error) => logger.error({ err: error }, 'the compute worker did not stop cleanly'),
);
