import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { ProblemDto } from '../http/problem.dto.js';
import { createChainSchema } from '../chains/creating/create-chain.schema.js';
import { tidyDocument } from './tidy-document.js';

/** The OpenAPI 3.1 document. The chain's schema in it is the one that requests are checked against. */
export function makeDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Task Chain')
    .setDescription(
      'Runs chains (DAGs) of privacy-computing tasks. Create a chain, execute it, watch it and read its results.',
    )
    .setVersion('1.0.0')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/')
    .addTag('chains', 'Create and read chains')
    .addTag('controls', 'Start, pause, resume, retry, cancel; skip and resolve tasks; one or many at once')
    .addTag('tasks', 'Tasks of a chain: attempts, logs, artifacts')
    .addTag('events', 'History and live events')
    .addTag('webhooks', 'Messages when chains end or wait, and when tasks fail')
    .addTag('task types', 'Task types that the workers run')
    .addTag('keys', 'API keys with the roles viewer, operator, author, admin')
    .addTag('session', 'Sign-in of browsers, and who you are')
    .addTag('audit', 'Audit log of all changes')
    .addTag('parties', 'Owners of data, their datasets, policies and approvals')
    .addTag('secrets', 'Values that only workers can read')
    .addTag('templates', 'Chains that others are made of, with versions')
    .addTag('signals', 'Events from outside, for tasks that wait for them')
    .addTag('sign-offs', 'Questions that tasks put to people')
    .addTag('schedules', 'Chains that are made again and again, at their times or by events')
    .addTag('tenants', 'Isolated tenants, their limits and usage')
    .addTag('system', 'Health and metrics')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'An API key, or a token of the configured OIDC issuer.' },
      'bearer',
    )
    .setOpenAPIVersion('3.1.0')
    .build();
  const document = SwaggerModule.createDocument(app, config, { extraModels: [ProblemDto] });
  const schemas = (document.components ??= {}).schemas ?? {};
  const { $schema: _schema, $id: _id, ...chain } = createChainSchema as unknown as Record<string, unknown>;
  document.components.schemas = { ...schemas, CreateChainRequest: chain as never };
  document.security = [{ bearer: [] }];
  return tidyDocument(document);
}
