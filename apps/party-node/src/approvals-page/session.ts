import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** How long the link counts, ms. */
const LINK_MS = 60_000;
/** The longest session: a working day, ms. */
const SESSION_MS = 12 * 3_600_000;
/** How long a session lasts in which nothing is looked at, ms. */
const IDLE_MS = 30 * 60_000;
const COOKIE = /(?:^|;) *task_chain_site=([\w-]{43}) *(?:;|$)/;

/** What a browser has that was let in. */
export interface Session {
  /** The first part of its paths. */
  readonly name: string;
  /** In each of its forms. */
  readonly form: string;
}

/**
 * The one session of a page, and the link that opens it: once, within 60 s. Browsers send a cookie to every port of a host, and so to other users
 * of this machine. The cookie of this one is for a path that nobody else knows.
 */
export class OneSession {
  private readonly linkEnds: number;
  private isUsed = false;
  private open: { readonly session: Session; readonly hash: Buffer; readonly ends: number; seen: number } | undefined;

  /** `once` is the hash of what the link says. */
  constructor(
    private readonly once: Buffer,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.linkEnds = now() + LINK_MS;
  }

  /** The session that the token of the link opens, and its cookie; undefined for any other, and the second time. */
  begin(once: string): { readonly session: Session; readonly cookie: string } | undefined {
    if (this.isUsed || this.now() >= this.linkEnds || !isSame(this.once, once)) return undefined;
    this.isUsed = true;
    const session = { name: token(), form: token() };
    const value = token();
    this.open = { session, hash: hashOf(value), ends: this.now() + SESSION_MS, seen: this.now() };
    const cookie = `task_chain_site=${value}; Path=/${session.name}/; Max-Age=${SESSION_MS / 1_000}; HttpOnly; SameSite=Strict`;
    return { session, cookie };
  }

  /** The session of a request. */
  find(name: string, cookies = ''): Session | undefined {
    const value = COOKIE.exec(cookies)?.[1];
    if (value === undefined || !this.open || this.isOver()) return undefined;
    const { session, hash } = this.open;
    if (!isSame(hash, value) || !isSame(hashOf(session.name), name)) return undefined;
    this.open.seen = this.now();
    return session;
  }

  /** Whether nobody has used the link in time, the session has ended, or nobody has looked at anything for 30 min. */
  isOver(): boolean {
    if (!this.open) return this.now() >= this.linkEnds;
    return this.now() >= Math.min(this.open.ends, this.open.seen + IDLE_MS);
  }
}

/** Whether a text is the one of a hash. */
export const isSame = (hash: Buffer, text: string): boolean => timingSafeEqual(hash, hashOf(text));
export const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();
/** 256 random bits, for an address or a form. */
export const token = (): string => randomBytes(32).toString('base64url');
