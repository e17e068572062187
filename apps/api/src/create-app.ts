import 'reflect-metadata';
import { RequestMethod } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { NestLogger, type AppConfig, type Logger } from '#libs/platform';
import { isTracing } from '#libs/tracing';
import { AppModule } from './app.module.js';
import { Authentication } from './auth/authentication.js';
import { noteMethods } from './http/allowed-methods.js';
import { setAnswerHeaders } from './http/answer-headers.js';
import { parseBodies, requireMediaType } from './http/body-parser.js';
import { Drain } from './http/drain.js';
import { serveConsole } from './http/console.js';
import { createAdapter } from './http/fastify-adapter.js';
import { ProblemFilter } from './http/problem.filter.js';
import { limitRate } from './http/rate-limit.js';
import { traceRequests } from './http/trace-requests.js';
import { ApiMetrics } from './metrics/api-metrics.js';
import { serveDocs } from './openapi/serve-docs.js';
import { QueueBoard } from './queue-board/queue-board.js';

/** Routes outside the prefix `api/v1`. */
const WITHOUT_PREFIX = ['health/live', 'health/ready', 'metrics'];

/** Builds the API without listening. `preview` builds it for its OpenAPI document alone: nothing is opened. */
export async function createApp(config: AppConfig, logger: Logger, preview = false): Promise<NestFastifyApplication> {
  const adapter = createAdapter(() => app.get(ProblemFilter));
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(config, logger), adapter, {
    logger: new NestLogger(logger),
    bodyParser: false,
    preview,
  });
  app.setGlobalPrefix('api/v1', {
    exclude: WITHOUT_PREFIX.map((path) => ({ path, method: RequestMethod.GET })),
  });
  const fastify = adapter.getInstance();
  const methods = noteMethods(fastify);
  await setAnswerHeaders(fastify);
  parseBodies(fastify);
  // Hooks run in this order, before the body is read: a request that is refused costs as little as it can.
  app.get(Drain).hookInto(fastify);
  await limitRate(fastify, config.rateLimit);
  const board = app.get(QueueBoard);
  board.hookInto(fastify);
  app.get(Authentication).hookInto(fastify);
  methods.refuse();
  requireMediaType(fastify);
  if (!preview) await board.mount(fastify);
  if (isTracing()) traceRequests(adapter);
  app.get(ApiMetrics).hookInto(fastify);
  serveDocs(app);
  await serveConsole(fastify);
  return app;
}
