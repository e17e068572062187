import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { apiKeys, type Queryable } from '#libs/repositories';
import { Problem } from '../input/problem.js';
import type { OidcTokens } from './oidc.js';
import type { Identity, Role } from './roles.js';

/** Known keys begin with this, so that one which is found lying about can be told for what it is. */
const PREFIX = 'tck_';

/** How long an answer about a key is believed, ms: a revoked key opens nothing after that, on any replica. */
const BELIEVED_MS = 5_000;
const MAX_KNOWN = 10_000;

interface Known {
  readonly until: number;
  readonly identity: Promise<Identity | undefined>;
}

export const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** A new key: 256 bits of chance. */
export const newKey = (): string => PREFIX + randomBytes(32).toString('base64url');

/**
 * Finds out who asks by the token of the request: the admin key of the configuration, a key of the database, or a token
 * of the OIDC issuer. Answers about keys are kept for 5 s, so that a request in a row costs no query.
 */
export class SignIn {
  private readonly known = new Map<string, Known>();
  private readonly adminHash: Buffer | undefined;

  constructor(
    private readonly db: Queryable,
    adminKey: string | undefined,
    private readonly oidc: OidcTokens | undefined,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.adminHash = adminKey === undefined ? undefined : hashOf(adminKey);
  }

  /** Who sends this Authorization header. Throws UNAUTHENTICATED where it does not say. */
  async identify(authorization: string | undefined): Promise<Identity> {
    const token = /^Bearer +([\x21-\x7e]{1,8192})$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw unauthenticated('Send `Authorization: Bearer <key>`.');
    const hash = hashOf(token);
    if (this.adminHash !== undefined && timingSafeEqual(hash, this.adminHash)) return ADMIN;
    const identity = await (token.startsWith(PREFIX) ? this.byKey(hash) : this.oidc?.identify(token));
    if (identity === undefined) throw unauthenticated('The key or token is not known, has expired or was revoked.');
    return identity;
  }

  /** Forgets what was found out, here: a revoked key is refused at once by this process. */
  forget(): void {
    this.known.clear();
  }

  private byKey(hash: Buffer): Promise<Identity | undefined> {
    const name = hash.toString('base64');
    const now = this.now();
    const known = this.known.get(name);
    if (known !== undefined && known.until > now) return known.identity;
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    const identity = this.lookUp(hash);
    this.known.set(name, { until: now + BELIEVED_MS, identity });
    identity.catch(() => this.known.delete(name));
    return identity;
  }

  private async lookUp(hash: Buffer): Promise<Identity | undefined> {
    const key = await apiKeys.use(this.db, hash);
    return key && { actor: `key:${key.key_id}`, role: key.role as Role };
  }
}

const ADMIN: Identity = { actor: 'admin key', role: 'admin' };

function unauthenticated(detail: string): Problem {
  return new Problem('UNAUTHENTICATED', detail, { headers: { 'WWW-Authenticate': 'Bearer' } });
}
