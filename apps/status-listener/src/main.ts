import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { createLogger, NestLogger, onStopSignal, startTracing, configOrExit } from '#libs/platform';
import { ListenerModule } from './listener.module.js';

process.title = 'task-chain status-listener';
const config = configOrExit();
const logger = createLogger('status-listener', config.logLevel);
const endTracing = await startTracing('status-listener');
const app = await NestFactory.createApplicationContext(ListenerModule.with(config, logger), {
  logger: new NestLogger(logger),
});
onStopSignal(
  () => app.close().finally(endTracing),
  (error) => logger.error({ err: error }, 'the status listener did not stop cleanly'),
);
