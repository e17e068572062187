import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TenantDatabases } from '#libs/repositories';
import { tenantDatabasesOf } from '../auth/tenant-db.js';
import { DryRunQueryDto } from '../http/dry-run-query.dto.js';
import { readQuery } from '../http/query.pipe.js';

/** What comes with every control call, beside its path and body. */
export interface ControlRequest {
  readonly databases: TenantDatabases;
  readonly query: DryRunQueryDto;
  readonly headers: ControlHeaders;
  readonly reply: FastifyReply;
}

export interface ControlHeaders {
  readonly 'idempotency-key'?: string;
  readonly 'if-match'?: string;
}

/** The request of a control call, as `ControlRequest`. */
export const Control = createParamDecorator((_: unknown, context: ExecutionContext): ControlRequest => {
  const http = context.switchToHttp();
  const request = http.getRequest<FastifyRequest>();
  return {
    databases: tenantDatabasesOf(request),
    query: readQuery(DryRunQueryDto, request.query as object),
    headers: request.headers as ControlHeaders,
    reply: http.getResponse<FastifyReply>(),
  };
});
