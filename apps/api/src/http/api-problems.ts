import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';

const MEANINGS: Readonly<Record<number, string>> = {
  400: 'The request is not valid; `code` and `errors` say where and what was expected.',
  401: 'The request has no valid key or token.',
  403: "The caller's role does not allow it.",
  404: 'The resource does not exist.',
  409: 'The status of the chain or task does not allow it; `detail` names the status. Or the first request with the Idempotency-Key is still running.',
  412: 'The resource has changed since it was read: `If-Match` names another state.',
  413: 'The body is larger than 10 MB.',
  415: 'The body is not application/json.',
  422: 'The Idempotency-Key was used with another body.',
  429: "Too many requests from this address, too many open event streams of this caller, or the tenant's quota is exhausted (`quota`). Retry after `Retry-After` seconds. Without that header waiting does not help, and `detail` says what does.",
  503: 'The database cannot be reached; retry after `Retry-After` seconds.',
};

/** Documents the problems (RFC 9457) that an operation can answer. Every one may also answer 500. */
export function ApiProblems(...statuses: number[]): MethodDecorator {
  return applyDecorators(
    ...[...new Set([401, 403, ...statuses, 429, 500])].map((status) =>
      ApiResponse({
        status,
        description: MEANINGS[status] ?? "Internal server error; the API's log has the cause.",
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDto' } } },
      }),
    ),
  ) as MethodDecorator;
}
