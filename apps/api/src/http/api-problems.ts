import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';

const MEANINGS: Readonly<Record<number, string>> = {
  400: 'The request is wrong: `code` and `errors` say where and what was expected.',
  401: 'The request carries no key or token that counts.',
  403: 'The role of the caller does not allow it, or nobody may.',
  404: 'There is no such chain, task, artifact, webhook or delivery.',
  409: "The chain's or task's status does not allow it, which `detail` names; or the first request with the Idempotency-Key is at work.",
  412: 'It has changed since it was read: `If-Match` names another state.',
  413: 'The body is larger than 10 MB.',
  415: 'The body is not application/json.',
  422: 'The Idempotency-Key was used with another body.',
  429: "More requests than allowed came from this address, or the tenant's quota is used up (`quota`): try again after `Retry-After` seconds; without that header time alone changes nothing, and `detail` says what does.",
  503: 'The database is out of reach: try again after `Retry-After` seconds.',
};

/** Documents the problems (RFC 9457) that an operation can answer. Every one may also answer 500. */
export function ApiProblems(...statuses: number[]): MethodDecorator {
  return applyDecorators(
    ...[...new Set([401, 403, ...statuses, 429, 500])].map((status) =>
      ApiResponse({
        status,
        description: MEANINGS[status] ?? 'A fault of the server; the log of the api has its cause.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDto' } } },
      }),
    ),
  ) as MethodDecorator;
}
