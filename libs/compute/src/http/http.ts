import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import type { ParamFault } from '../contract/task-type.js';
import { httpSchema, OWN_HEADERS, type HttpConfig } from './http-config.js';

/** Calls a service outside, so that a chain need not be left for it. It has no parties. */
export const http = defineTask({
  type: 'http',
  title: 'HTTP call',
  description:
    'Sends one HTTP request and returns {status, content_type, body}. It follows no redirect. The header Idempotency-Key names the task and its attempt.',
  configSchema: httpSchema,
  leaves: 'Nothing of a party: it reads no table. What the parameters hold goes to the service that the URL names.',
  needsParties: false,
  check,
  load: async () => (await import('./http-run.js')).runHttp,
});

function check({ method, headers, body }: Unresolved<HttpConfig>): ParamFault[] {
  const own: ReadonlySet<string> = new Set(OWN_HEADERS);
  const faults = Object.keys(headers ?? {})
    .filter((name) => own.has(name.toLowerCase()))
    .map((name) => ({
      pointer: `/headers/${name.replaceAll('~', '~0')}`,
      message: 'is set by the system: leave it out',
    }));
  if (body !== undefined && (method === undefined || method === 'GET' || method === 'HEAD'))
    faults.push({ pointer: '/body', message: 'needs a method that sends one: POST, PUT, PATCH or DELETE' });
  return faults;
}
