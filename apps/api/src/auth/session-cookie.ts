import type { IncomingHttpHeaders } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import { Problem } from '../http/problem.js';
import { isFromHere, type Sender } from './from-here.js';

const SECURE = /(?:^|;) *__Host-task_chain_session=([\w-]{43}) *(?:;|$)/;
const PLAIN = /(?:^|;) *task_chain_session=([\w-]{43}) *(?:;|$)/;
const SAFE = new Set(['GET', 'HEAD']);

/**
 * The cookie of sessions. By https its name begins with `__Host-`: no other host of the domain can set it, and so have a browser
 * act as somebody else. Where PUBLIC_URL is https no other cookie counts, but on the machine of the API itself: there browsers come
 * by http, and cookies of a domain do not.
 */
@Injectable()
export class SessionCookie {
  private readonly isPublicByHttps: boolean;

  constructor(@Inject(APP_CONFIG) { publicUrl }: AppConfig) {
    this.isPublicByHttps = publicUrl.startsWith('https:');
  }

  /** The token of the session that a request names. Throws FORBIDDEN for a request of another site. */
  tokenOf(request: Sender, method: string): string | undefined {
    const { headers } = request;
    const cookies = headers.cookie ?? '';
    const found = SECURE.exec(cookies) ?? (this.isByHttps(request) ? null : PLAIN.exec(cookies));
    if (found !== null && !isSameOrigin(headers, method)) {
      const detail = 'A session counts only for requests of the console itself: send `Authorization: Bearer <key>`.';
      throw new Problem('FORBIDDEN', detail);
    }
    return found?.[1];
  }

  /** The cookie of a session for the browser that sent this request, or without a token one that removes it. */
  for(request: Sender, token = '', seconds = 0): string {
    const isSecure = this.isByHttps(request) || cameByHttps(request.headers);
    const [prefix, secure] = isSecure ? ['__Host-', '; Secure'] : ['', ''];
    return `${prefix}task_chain_session=${token}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
  }

  private isByHttps(request: Sender): boolean {
    return this.isPublicByHttps && !isFromHere(request);
  }
}

/** Whether the browser came by https: the API itself may stand behind a proxy that ends TLS. */
const cameByHttps = ({ origin }: IncomingHttpHeaders): boolean => origin?.startsWith('https:') === true;

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
