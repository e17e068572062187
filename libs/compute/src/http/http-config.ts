import { configSchema, SECRET } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

/** Headers that the connection, or this system, sets. */
export const OWN_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** How long a call may take by default, ms. */
export const DEFAULT_TIMEOUT_MS = 30_000;

export const httpSchema = configSchema(
  'http',
  {
    url: {
      type: 'string',
      minLength: 1,
      maxLength: 4096,
      description: 'http or https. It takes no secret: put it in a header.',
    },
    method: { enum: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'], default: 'GET', description: 'Method.' },
    headers: {
      type: 'object',
      maxProperties: 50,
      additionalProperties: { type: 'string', maxLength: 8192, [SECRET]: true },
      description: 'Headers. A value may be a secret as a whole: {"authorization": "${secrets.partner}"}.',
    },
    body: { description: 'Sent as it is if it is text, as JSON if it is anything else.' },
    expect_status: {
      type: 'array',
      items: { type: 'integer', minimum: 100, maximum: 599 },
      minItems: 1,
      maxItems: 100,
      uniqueItems: true,
      description: 'Statuses that are a success; by default 200 to 299.',
    },
    timeout_ms: {
      type: 'integer',
      minimum: 100,
      maximum: 600_000,
      default: DEFAULT_TIMEOUT_MS,
      description: 'Time for the whole call, ms.',
    },
  },
  ['url'],
);

/** `task_config` of `http`. */
export type HttpConfig = ConfigOf<typeof httpSchema>;
