import { HttpException } from '@nestjs/common';
import { QuotaExceeded } from '#libs/chain-engine';
import { isTransient } from '#libs/repositories';
import { Problem, type ProblemCode } from './problem.js';

const BY_FASTIFY_CODE: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'INVALID_JSON',
  FST_ERR_CTP_INVALID_JSON_BODY: 'INVALID_JSON',
  FST_ERR_NOT_FOUND: 'NOT_FOUND',
};

const BY_STATUS: Readonly<Record<number, ProblemCode>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  409: 'CHAIN_STATE_CONFLICT',
  412: 'PRECONDITION_FAILED',
  413: 'BODY_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'TOO_MANY_REQUESTS',
};

/** Turns any error into the problem to answer with. Details that are not for the client stay in `cause`. */
export function problemFromError(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HttpException) return fromHttpException(error);
  if (error instanceof QuotaExceeded) return beyond(error);
  const { code, statusCode, message, expose } = errorFields(error);
  const known = code === undefined ? undefined : BY_FASTIFY_CODE[code];
  if (known === 'UNSUPPORTED_MEDIA_TYPE') return notJson(error);
  if (known) return new Problem(known, message, { cause: error });
  if (isTransient(error)) return unavailable(error);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem(
      BY_STATUS[statusCode] ?? 'BAD_REQUEST',
      expose === false ? 'The request is not valid.' : message,
      { cause: error },
    );
  }
  return internal(error);
}

function fromHttpException(error: HttpException): Problem {
  const status = error.getStatus();
  if (status === 503) return unavailable(error);
  if (status >= 500 || status < 400) return internal(error);
  const code = BY_STATUS[status] ?? 'BAD_REQUEST';
  if (code === 'UNSUPPORTED_MEDIA_TYPE') return notJson(error);
  const { message } = errorFields(error.getResponse());
  const errors = Array.isArray(message) ? message.map((text) => ({ code, message: String(text) })) : [];
  return new Problem(code, error.message, { errors, cause: error });
}

function beyond(error: QuotaExceeded): Problem {
  const { limit, max, used, requested, retryAfterSeconds: seconds } = error;
  const asked = requested === undefined ? '' : `, and this request needs ${requested}`;
  return new Problem(
    'QUOTA_EXCEEDED',
    `Your tenant's ${limit} is ${max}, ${used} are used${asked}: ${wayOut(error)}.`,
    {
      headers: seconds === undefined ? {} : { 'Retry-After': String(seconds) },
      quota: { limit, max, used, ...(requested !== undefined && { requested }) },
    },
  );
}

function wayOut({ max, neverFits, retryAfterSeconds: seconds }: QuotaExceeded): string {
  if (neverFits)
    return `this request alone exceeds the limit: ${max > 0 ? 'split it, or ask for a higher limit' : 'ask for a higher limit'}`;
  if (seconds !== undefined) return `try again in ${seconds} s, or ask for a higher limit`;
  return 'retention frees them, or ask for a higher limit';
}

const notJson = (cause: unknown): Problem =>
  new Problem('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json.', { cause });

export const unavailable = (cause?: unknown): Problem =>
  new Problem('UNAVAILABLE', 'The database or another part of the system does not answer. Try again.', {
    headers: { 'Retry-After': '2' },
    cause,
  });

export const stopping = (): Problem =>
  new Problem('UNAVAILABLE', 'This server is stopping. Try again: another one takes its place.', {
    headers: { 'Retry-After': '2' },
  });

const internal = (cause: unknown) =>
  new Problem('INTERNAL', 'An unexpected error occurred. The server log has its cause under the id of this request.', {
    cause,
  });

function errorFields(error: unknown): { code?: string; statusCode?: number; message: string; expose?: boolean } {
  return error !== null && typeof error === 'object'
    ? (error as ReturnType<typeof errorFields>)
    : { message: String(error) };
}
