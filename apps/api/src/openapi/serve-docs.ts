import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { Catalogue } from '../catalogue/catalogue.js';
import { chainFileSchema } from './chain-file-schema.js';
import { makeDocument } from './make-document.js';
import { toOpenApi30 } from './openapi-3.0.js';

const PUBLIC = { config: { public: true } };
/** The routes that SwaggerModule registers. */
const SWAGGER_ROUTES = /^\/docs(-json|-yaml)?($|\/)/;

/** Serves Swagger UI, the OpenAPI document in both versions, and the schema of chain files; all public. */
export function serveDocs(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  let made: OpenAPIObject | undefined;
  const document = () => (made ??= makeDocument(app));
  fastify.get('/api/openapi.json', PUBLIC, () => document());
  fastify.get('/api/openapi-3.0.json', PUBLIC, () => toOpenApi30(document()));
  fastify.get('/schemas/chain.json', PUBLIC, (_request, reply) =>
    reply.type('application/schema+json').send(chainFileSchema(app.get(Catalogue).all)),
  );
  fastify.addHook('onRoute', (route) => {
    if (SWAGGER_ROUTES.test(route.url)) route.config = { ...route.config, ...PUBLIC.config };
  });
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: 'docs-json', yamlDocumentUrl: 'docs-yaml' });
}
