import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { TenantDatabases } from '#libs/repositories';

/** The databases, limited to the rows of the caller's tenant. */
export const TenantDb = createParamDecorator((_: unknown, context: ExecutionContext) =>
  tenantDatabasesOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** The databases that the sign-in gave the request. */
export function tenantDatabasesOf({ databases }: FastifyRequest): TenantDatabases {
  if (databases === undefined) throw new Error('a public route has no tenant');
  return databases;
}
