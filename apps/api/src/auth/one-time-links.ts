import { Injectable } from '@nestjs/common';
import { Problem } from '../http/problem.js';
import { isFromHere, type Sender } from './from-here.js';
import { hashOf, newToken, SignInRefused } from './sign-in.js';

const LIFE_MS = 60_000;
/** Links that wait to be opened; each is a few hundred bytes. */
const MOST = 100;
const LINK = /^Link ([\w-]{43})$/;

/**
 * Links that sign a browser in on the machine of the API: each once, within 60 s of its making. A link stands for the key of
 * whoever made it, and is known to this process alone, by its hash.
 */
@Injectable()
export class OneTimeLinks {
  private readonly waiting = new Map<string, { readonly authorization: string; readonly until: number }>();

  /** A new link for the sender of this Authorization header. Throws TOO_MANY_REQUESTS. */
  make(authorization: string, now = performance.now()): { readonly token: string; readonly seconds: number } {
    for (const [hash, { until }] of this.waiting) if (until <= now) this.waiting.delete(hash);
    if (this.waiting.size >= MOST) {
      throw new Problem('TOO_MANY_REQUESTS', `${MOST} links wait to be opened.`, { headers: { 'Retry-After': '60' } });
    }
    const token = newToken();
    this.waiting.set(nameOf(token), { authorization, until: now + LIFE_MS });
    return { token, seconds: LIFE_MS / 1_000 };
  }

  /**
   * The Authorization header that a request's link stands for; undefined where the request names none. Whoever shows a link uses it up.
   * Throws SignInRefused for one that is unknown, used or late, or of another machine.
   */
  open({ headers, ip }: Sender, now = performance.now()): string | undefined {
    const token = LINK.exec(headers.authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    const name = nameOf(token);
    const link = this.waiting.get(name);
    this.waiting.delete(name);
    if (link === undefined || link.until <= now) throw refused('wrong link');
    if (!isFromHere({ headers, ip })) throw refused('link of another machine');
    return link.authorization;
  }
}

const nameOf = (token: string): string => hashOf(token).toString('base64');
const refused = (why: 'wrong link' | 'link of another machine') =>
  new SignInRefused({ refused: why, actor: null, tenant: null });
