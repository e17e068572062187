import { createHash } from 'node:crypto';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { DEFAULT_TENANT } from '#libs/chain-domain';
import { unavailable } from '../http/problem-from-error.js';
import { PARTY_NAME, TENANT_ID } from '../http/patterns.js';
import { KEY_ROLES, ROLES, type Identity, type Refusal, type Role } from './roles.js';

/** Issuer and audience of tokens, and the claim that names roles. */
export interface OidcConfig {
  readonly issuer: string;
  readonly audience: string;
  /** Names of members, outermost first: `['realm_access', 'roles']`. */
  readonly rolesClaim: readonly string[];
  /** The role of each name in that claim; undefined: the names are those of the roles but `platform`. */
  readonly roleMap: Readonly<Record<string, string>> | undefined;
  /** The claim that names the caller's tenant; undefined: all are of the default one. */
  readonly tenantClaim: readonly string[] | undefined;
  /** The claim that names the caller's party; undefined, or a token without it: of no party. */
  readonly partyClaim: readonly string[] | undefined;
}

/** Signatures by a private key alone: who can check a token must not be able to make one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const DISCOVERY_MS = 5_000;
const CLOCK_SKEW_S = 30;
/** Minimum interval between two requests for the issuer's keys, ms. */
const COOLDOWN_MS = 1_000;

/**
 * Checks the access tokens (JWT) of an OpenID Connect issuer: signature by a key of its JWKS, issuer, audience, times.
 * Keys are read at the first token and again when a token names one that is not known, so that the issuer may change them.
 */
export class OidcTokens {
  private keys: Promise<JWTVerifyGetKey> | undefined;

  constructor(private readonly config: OidcConfig) {}

  /** The greatest role that the token names, its tenant and its party; or why the token does not count. */
  async identify(token: string): Promise<Identity | Refusal> {
    try {
      const { issuer, audience } = this.config;
      const options = {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_SKEW_S,
        requiredClaims: ['exp', 'sub'],
      };
      const { payload } = await jwtVerify(token, await this.jwks(), options);
      const actor = actorOf(payload.sub!);
      const role = this.roleOf(payload);
      const tenant = this.tenantOf(payload);
      if (tenant === undefined) return { refused: 'token without a tenant', actor, tenant: null };
      if (role === undefined) return { refused: 'token without a role', actor, tenant };
      const party = this.partyOf(payload);
      if (party !== undefined && !isPartyName(party)) return { refused: 'token of an unknown party', actor, tenant };
      return { actor, role, tenant, expiresAt: payload.exp! * 1_000, ...(party !== undefined && { party }) };
    } catch (error) {
      if (error instanceof errors.JWTExpired) {
        const { sub } = error.payload; // Its signature is good.
        const actor = typeof sub === 'string' ? actorOf(sub) : null;
        return { refused: 'expired token', actor, tenant: this.tenantOf(error.payload) ?? null };
      }
      // Of jose's errors, only this one means that the issuer could not be reached.
      const looked = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout);
      if (looked && error.code !== 'ERR_JOSE_GENERIC') return { refused: 'wrong token', actor: null, tenant: null };
      throw unavailable(error);
    }
  }

  private jwks(): Promise<JWTVerifyGetKey> {
    this.keys ??= this.discover().catch((error: unknown) => {
      this.keys = undefined;
      throw error;
    });
    return this.keys;
  }

  private async discover(): Promise<JWTVerifyGetKey> {
    const url = `${this.config.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(DISCOVERY_MS) });
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    const { issuer, jwks_uri: jwks } = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
    if (issuer !== this.config.issuer) throw new Error(`${url} is of another issuer: ${JSON.stringify(issuer)}`);
    if (typeof jwks !== 'string') throw new Error(`${url} names no jwks_uri`);
    if (url.startsWith('https:') && !jwks.startsWith('https:')) throw new Error(`${url} names a jwks_uri without TLS`);
    return createRemoteJWKSet(new URL(jwks), { cooldownDuration: COOLDOWN_MS });
  }

  private roleOf(payload: JWTPayload): Role | undefined {
    const claim = claimOf(payload, this.config.rolesClaim);
    const named: unknown[] = Array.isArray(claim) ? claim : [claim];
    const { roleMap } = this.config;
    if (roleMap === undefined) return KEY_ROLES.findLast((role) => named.includes(role));
    const roles = named.map((name) => typeof name === 'string' && Object.hasOwn(roleMap, name) && roleMap[name]);
    return ROLES.findLast((role) => roles.includes(role));
  }

  private partyOf(payload: JWTPayload): unknown {
    return this.config.partyClaim && claimOf(payload, this.config.partyClaim);
  }

  private tenantOf(payload: JWTPayload): string | undefined {
    const { tenantClaim } = this.config;
    if (tenantClaim === undefined) return DEFAULT_TENANT;
    const claim = claimOf(payload, tenantClaim);
    return typeof claim === 'string' && TENANT_ID.test(claim) ? claim : undefined;
  }
}

const isPartyName = (claim: unknown): claim is string => typeof claim === 'string' && PARTY_NAME.test(claim);

function claimOf(payload: JWTPayload, path: readonly string[]): unknown {
  let claim: unknown = payload;
  for (const name of path) claim = (claim as Record<string, unknown> | null | undefined)?.[name];
  return claim;
}

/** Subjects that can be stored and that people can distinguish: no control characters, lone surrogates or invisible characters. */
const PLAIN = /^[^\p{C}\p{Z}](?:[^\p{C}\p{Zl}\p{Zp}]{0,57}[^\p{C}\p{Z}])?$/u;

/**
 * `oidc:<subject>` in 64 characters at most. Of a longer subject, or one that is not plain, the beginning and its SHA-256, so
 * that no two are the same.
 */
function actorOf(subject: string): string {
  if (PLAIN.test(subject) && !/~[\w-]{43}$/.test(subject)) return `oidc:${subject}`;
  const hash = createHash('sha256').update(JSON.stringify(subject)).digest('base64url');
  return `oidc:${subject.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, 15)}~${hash}`;
}
