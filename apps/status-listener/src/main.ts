import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { configOrExit, createLogger, NestLogger, runUntilStopped, startTracing } from '#libs/platform';
import { BACKEND, type Backend } from '#libs/queues';
import { Databases, loginFault } from '#libs/repositories';
import { ListenerModule } from './listener.module.js';

process.title = 'task-chain status-listener';
const config = configOrExit();
const logger = createLogger('status-listener', config.logLevel);
const endTracing = await startTracing('status-listener');
const app = await NestFactory.create<NestFastifyApplication>(
  ListenerModule.forRoot(config, logger),
  new FastifyAdapter(),
  // Probes keep connections open: they must not hold up the end of the process.
  { logger: new NestLogger(logger), forceCloseConnections: true },
);
try {
  const fault =
    config.nodeEnv === 'production' ? await loginFault(app.get(Databases, { strict: false }).reads) : undefined;
  if (fault !== undefined) throw new Error(fault);
  await app.listen(config.listenerPort, config.host);
} catch (error) {
  logger.fatal({ err: error }, 'the status listener could not start');
  process.exit(1);
}
runUntilStopped('status-listener', app, logger, endTracing);
const port = Number(new URL(await app.getUrl()).port);
logger.info({ port, backend: app.get<Backend>(BACKEND).kind }, 'the status listener is ready');
