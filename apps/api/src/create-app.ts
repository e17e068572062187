import 'reflect-metadata';
import { RequestMethod } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { MAX_BODY_BYTES, parseStrictJson } from '#libs/chain-domain';
import { NestLogger, type AppConfig, type Logger } from '#libs/platform';
import { isTracing } from '#libs/tracing';
import { AppModule } from './app.module.js';
import { unavailable } from './http/problem-from-error.js';
import { Problem } from './http/problem.js';
import { ProblemFilter } from './http/problem.filter.js';
import { answerUnreadable } from './http/unreadable-request.js';
import { chainFileSchema } from './openapi/chain-file-schema.js';
import { toOpenApi30 } from './openapi/openapi-3.0.js';
import { makeDocument } from './openapi/make-document.js';
import { traceRequests } from './http/trace-requests.js';
import { ApiMetrics } from './metrics/api-metrics.js';
import { addQueueBoard, isOfQueueBoard } from './queue-board/queue-board.js';
import { Catalogue } from './catalogue/catalogue.js';
import type { Identity } from './auth/roles.js';
import { Databases, type TenantDatabases } from './database/databases.js';
import { actingFor } from './auth/acting-for.js';
import { TenantDirectory } from './auth/tenant-directory.js';
import { SignIn } from './auth/sign-in.js';
import { SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

/** A request must have arrived whole within this time, ms. */
const REQUEST_MS = 60_000;

/** Requests that take longer once the API ends are cut, ms: within what the launcher waits. */
const DRAIN_MS = 3_000;

/** Builds the API without listening. `preview` builds it for its OpenAPI document alone: nothing is opened. */
export async function createApp(config: AppConfig, logger: Logger, preview = false): Promise<NestFastifyApplication> {
  const filter = new ProblemFilter(logger);
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: 1024 },
    return503OnClosing: false,
    requestTimeout: REQUEST_MS,
    frameworkErrors: filter.answer as never,
    clientErrorHandler: answerUnreadable,
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(config, logger), adapter, {
    logger: new NestLogger(logger),
    bodyParser: false,
    preview,
  });
  app.setGlobalPrefix('api/v1', {
    exclude: ['health/live', 'health/ready', 'metrics'].map((path) => ({ path, method: RequestMethod.GET })),
  });
  app.useGlobalFilters(filter);
  const fastify = adapter.getInstance();
  await fastify.register(helmet, SECURITY_HEADERS);
  await fastify.register(rateLimit, { global: false });
  // Fastify's own would take text as a body.
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
    (request, body, done) => {
      const wanted = request.method === 'POST' || request.method === 'PUT' || request.method === 'PATCH';
      if (!wanted || (body.length === 0 && !NEEDS_BODY.test(request.url))) return done(null, undefined);
      const parsed = parseStrictJson(body as Buffer);
      if (parsed.ok) return done(null, parsed.value);
      const [first] = parsed.faults;
      done(new Problem('INVALID_JSON', first!.message, { errors: parsed.faults }));
    },
  );
  const max = config.rateLimit * RATE_WINDOW_S;
  const askForRate = fastify.createRateLimit({ max, timeWindow: RATE_WINDOW_S * 1_000 });
  // An expectation that nobody knows may be passed over (RFC 9110): left to Node it would be refused without a problem.
  fastify.server.on('checkExpectation', (request, response) => fastify.server.emit('request', request, response));
  let closing = false;
  // From here on connections that idle are closed, and what is in flight has its answer first.
  fastify.addHook('preClose', async () => {
    closing = true;
    setTimeout(() => fastify.server.closeAllConnections(), DRAIN_MS).unref();
  });
  const signIn = app.get(SignIn);
  const databases = app.get(Databases);
  const directory = app.get(TenantDirectory);
  fastify.decorateRequest('identity');
  fastify.decorateRequest('databases');
  fastify.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-Id', request.id);
    if (closing) throw unavailable();
    // An orchestrator must always have its answer.
    if (max > 0 && !PROBES.test(request.url)) {
      const rate = await askForRate(request);
      if (!rate.isAllowed && rate.isExceeded) throw tooManyRequests(max, rate.ttlInSeconds);
    }
    // Before the body is read: what nobody signed is not even parsed.
    if (!OPEN_ROUTES.test(request.routeOptions.url ?? '') && !isOfQueueBoard(request)) {
      const identity = await signIn.identify(request.headers.authorization);
      request.identity = await actingFor(identity, request.headers['x-tenant'], directory);
      request.databases = databases.forTenant(request.identity.tenant);
    }
    if (request.method === 'POST' && NEEDS_BODY.test(request.url) && request.headers['content-type'] === undefined) {
      throw new Problem('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json.');
    }
  });
  if (!preview) await addQueueBoard(adapter, config, app.get(Catalogue).types, signIn, filter);
  if (isTracing()) traceRequests(adapter);
  const own = app.get(ApiMetrics);
  fastify.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions, headers } = request;
    // Open for as long as its reader likes.
    if (headers.accept?.includes('text/event-stream')) return;
    const labels = { method, route: routeOptions.url ?? 'none', status: `${Math.trunc(reply.statusCode / 100)}xx` };
    own.requests.observe(labels, reply.elapsedTime / 1_000);
  });
  fastify.get('/', (_request, reply) => reply.redirect('/docs'));
  let made: OpenAPIObject | undefined;
  const document = () => (made ??= makeDocument(app));
  fastify.get('/api/openapi.json', () => document());
  fastify.get('/api/openapi-3.0.json', () => toOpenApi30(document()));
  fastify.get('/schemas/chain.json', (_request, reply) =>
    reply.type('application/schema+json').send(chainFileSchema(app.get(Catalogue).all)),
  );
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
  });
  return app;
}

/** As helmet has them, but for what would send a plain http:// page's own files to https://. */
const SECURITY_HEADERS = { contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } };

/** A rate is averaged over this time, s. */
const RATE_WINDOW_S = 10;

const PROBES = /^\/health\/(live|ready)(\?|$)/;

const tooManyRequests = (max: number, seconds: number): Problem =>
  new Problem(
    'TOO_MANY_REQUESTS',
    `More than ${max} requests came from your address within ${RATE_WINDOW_S} s: try again later.`,
    { headers: { 'Retry-After': String(seconds) } },
  );

/** The probes, the documentation, and the schemas that editors and generators ask for. What has no route at all is not among them. */
const OPEN_ROUTES =
  /^\/($|health\/(live|ready)$|docs(-json|-yaml)?($|\/)|api\/openapi(-3\.0)?\.json$|schemas\/chain\.json$)/;

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; there on every route that is not open to all, as what follows. */
    identity?: Identity;
    /** What the tenant of `identity` may see. */
    databases?: TenantDatabases;
  }
}

/** Where a request without a body is a fault. */
const NEEDS_BODY = /^\/api\/v1\/chains(\/validate)?\/?(\?|$)/;
