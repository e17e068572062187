import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import { escape } from '../contract/json-values.js';
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

/** A field name of HTTP (RFC 9110, section 5.1). */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;

function check({ url, method, headers, body }: Unresolved<HttpConfig>): ParamFault[] {
  const faults: ParamFault[] = [];
  if (!url.includes('${') && !/^https?:\/\/[^/]/.test(url))
    faults.push({ pointer: '/url', message: 'must be an address that begins with http:// or https://' });
  for (const name of Object.keys(headers ?? {})) {
    const pointer = `/headers/${escape(name)}`;
    if (!HEADER_NAME.test(name))
      faults.push({ pointer, message: 'is no name of a header: letters, digits, "_" and "-"' });
    if (OWN_HEADERS.has(name.toLowerCase())) faults.push({ pointer, message: 'is set by the system: leave it out' });
  }
  if (body !== undefined && (method === undefined || method === 'GET' || method === 'HEAD'))
    faults.push({ pointer: '/body', message: 'needs a method that sends one: POST, PUT, PATCH or DELETE' });
  return faults;
}
