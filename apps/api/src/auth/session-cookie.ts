import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '../http/problem.js';

const NAME = 'task_chain_session';
const COOKIE = /(?:^|;) *task_chain_session=([\w-]{43}) *(?:;|$)/;
const SAFE = new Set(['GET', 'HEAD']);

/** The token of the session that a request names by its cookie. Throws FORBIDDEN for a request of another site. */
export function sessionOf(headers: IncomingHttpHeaders, method: string): string | undefined {
  const token = COOKIE.exec(headers.cookie ?? '')?.[1];
  if (token !== undefined && !isSameOrigin(headers, method)) {
    const detail = 'A session counts only for requests of the console itself: send `Authorization: Bearer <key>`.';
    throw new Problem('FORBIDDEN', detail);
  }
  return token;
}

/** Whether the browser came by https: the API itself may stand behind a proxy that ends TLS. */
export const cameByHttps = ({ origin }: IncomingHttpHeaders): boolean => origin?.startsWith('https:') === true;

/** The cookie of a session, or without a token one that removes it. `isSecure`: by https alone. */
export function sessionCookie(isSecure: boolean, token = '', seconds = 0): string {
  const secure = isSecure ? '; Secure' : '';
  return `${NAME}=${token}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}

/**
 * Browsers say by Sec-Fetch-Site where a request comes from, but not to a plain http:// host other than localhost. There
 * SameSite=Strict keeps other sites out, and Origin what other ports of the same host would change.
 */
function isSameOrigin(headers: IncomingHttpHeaders, method: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  if (origin === undefined) return SAFE.has(method);
  return URL.canParse(origin) && new URL(origin).host === host;
}
