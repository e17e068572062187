import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { DEFAULT_TENANT } from '#libs/chain-domain';
import type { ApiKeyRepository, OpenSession, Queryable, SessionRepository } from '#libs/repositories';
import { Problem } from '../http/problem.js';
import { TtlCache } from './ttl-cache.js';
import type { OidcTokens } from './oidc.js';
import { isRefusal, type Identity, type Refusal, type Role } from './roles.js';

/** Keys begin with this, so that scanners recognise a leaked one. */
const PREFIX = 'tck_';

/** How long an answer about a key is cached, ms. With the interval of `OpenStreams` a revoked key ends within 5 s in every replica. */
const CACHED_MS = 4_000;
export const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** A new key: 256 random bits. */
export const newKey = (): string => PREFIX + newToken();

/** 256 random bits in 43 characters. */
export const newToken = (): string => randomBytes(32).toString('base64url');

/**
 * Identifies callers by their token: the admin key of the configuration, a key of the database, a token of the OIDC
 * issuer, or that of a session. Answers of the database are cached for 4 s, so that consecutive requests cost no query.
 */
export class SignIn {
  private readonly known: TtlCache<Identity | Refusal>;
  private readonly adminHash: Buffer | undefined;

  constructor(
    private readonly db: Queryable,
    private readonly keys: ApiKeyRepository,
    private readonly sessions: SessionRepository,
    adminKey: string | undefined,
    private readonly oidc: OidcTokens | undefined,
    now?: () => number,
  ) {
    this.known = new TtlCache(CACHED_MS, now);
    this.adminHash = adminKey === undefined ? undefined : hashOf(adminKey);
  }

  /** The sender of this Authorization header; the admin key has the role platform. Throws UNAUTHENTICATED for any other. */
  async identify(authorization: string | undefined): Promise<Identity> {
    const token = tokenOf(authorization);
    const hash = hashOf(token);
    if (this.isAdminKey(hash)) return ADMIN;
    const identity = await (token.startsWith(PREFIX)
      ? this.known.get(hash.toString('base64'), () => this.lookUp(hash))
      : (this.oidc?.identify(token) ?? WRONG_TOKEN));
    if (isRefusal(identity)) throw new SignInRefused(identity);
    return identity;
  }

  /** Who opened the session of this token, as their key or their token counts now. Throws UNAUTHENTICATED where it ended. */
  async identifySession(token: string): Promise<Identity> {
    const hash = hashOf(token);
    const identity = await this.known.get(`session ${hash.toString('base64')}`, () => this.lookUpSession(hash));
    if (isRefusal(identity)) throw new SignInRefused(identity);
    return identity;
  }

  /** What a session keeps of who opens it: the hash of the key, or of a token of the issuer what it said. */
  credentialOf(authorization: string | undefined, identity: Identity): Pick<OpenSession, 'key_hash' | 'identity'> {
    const token = tokenOf(authorization);
    const hash = hashOf(token);
    const isKey = token.startsWith(PREFIX) || this.isAdminKey(hash);
    return isKey ? { key_hash: hash, identity: null } : this.credentialOfToken(identity);
  }

  /** What a session keeps of what a token of the issuer said. It counts as long as tokens are read as they are now. */
  credentialOfToken(identity: Identity): Pick<OpenSession, 'key_hash' | 'identity'> {
    return { key_hash: null, identity: { ...identity, reading: this.oidc?.reading } };
  }

  /** Clears the cache of this process: it refuses a revoked key at once. */
  forget(): void {
    this.known.clear();
  }

  private isAdminKey(hash: Buffer): boolean {
    return this.adminHash !== undefined && timingSafeEqual(hash, this.adminHash);
  }

  private async lookUpSession(hash: Buffer): Promise<Identity | Refusal> {
    const found = await this.sessions.find(this.db, hash);
    if (found === undefined) return ENDED;
    const { session_id: id, tenant_id: tenant, key_hash: key } = found;
    const opened = key === null ? this.asRead(found.identity) : this.isAdminKey(key) ? ADMIN : await this.lookUp(key);
    if (isRefusal(opened)) return opened;
    return { ...opened, expiresAt: Date.parse(found.expires_at), session: { id, tenant } };
  }

  private asRead(stored: object | null): Identity | Refusal {
    const { reading, ...identity } = stored as Identity & { readonly reading?: string };
    return reading !== undefined && reading === this.oidc?.reading ? identity : ENDED;
  }

  private async lookUp(hash: Buffer): Promise<Identity | Refusal> {
    const key = await this.keys.use(this.db, hash);
    if (key === undefined) {
      const known = await this.keys.refusal(this.db, hash);
      if (known === undefined) return { refused: 'wrong key', actor: null, tenant: null };
      return { refused: known.reason, actor: `key:${known.key_id}`, tenant: known.tenant_id };
    }
    return {
      actor: `key:${key.key_id}`,
      role: key.role as Role,
      tenant: key.tenant_id,
      ...(key.party !== null && { party: key.party }),
    };
  }
}

function tokenOf(authorization: string | undefined): string {
  const token = /^Bearer +([\x21-\x7e]{1,8192})$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) throw new Problem('UNAUTHENTICATED', 'Send `Authorization: Bearer <key>`.', CHALLENGE);
  return token;
}

const ENDED: Refusal = { refused: 'ended session', actor: null, tenant: null };
const WRONG_TOKEN: Refusal = { refused: 'wrong token', actor: null, tenant: null };
const WRONG = 'The key or token is not known, has expired or was revoked.';
const WRONG_LINK = 'The link was used already, is older than 60 s, or was opened on another machine: sign in by a key.';
const DETAILS: Partial<Record<Refusal['refused'], string>> = {
  'ended session': 'The session has ended: sign in again.',
  'wrong invitation':
    'The invitation is unknown, was used already, has expired, or a newer one has replaced it: ask for another.',
  'wrong link': WRONG_LINK,
  'link of another machine': WRONG_LINK,
};
const CHALLENGE = { headers: { 'WWW-Authenticate': 'Bearer' } };

/** UNAUTHENTICATED for a key or a token that opens nothing. The caller does not learn why. */
export class SignInRefused extends Problem {
  constructor(readonly refusal: Refusal) {
    super('UNAUTHENTICATED', DETAILS[refusal.refused] ?? WRONG, CHALLENGE);
  }
}

const ADMIN: Identity = { actor: 'admin key', role: 'platform', tenant: DEFAULT_TENANT };
