import { createHash } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { DEFAULT_TENANT } from '#libs/chain-domain';
import { unavailable } from '../http/problem-from-error.js';
import { PARTY_NAME, TENANT_ID } from '../http/patterns.js';
import { Issuer } from './issuer.js';
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
  /** The console as the issuer knows it. */
  readonly client?: { readonly id: string } | undefined;
}

/** Injects OidcTokens; undefined where no issuer is configured. */
export const OIDC_TOKENS = Symbol('OIDC_TOKENS');

/** Signatures by a private key alone: who can check a token must not be able to make one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const CLOCK_SKEW_S = 30;

/**
 * Checks the tokens (JWT) of an OpenID Connect issuer: signature by a key of its JWKS, issuer, audience, times. Access tokens
 * that callers send and ID tokens of a sign-in to the console alike: what a token's claims mean is said here alone.
 */
export class OidcTokens {
  /** Names how tokens are read here: by another issuer, audience, client, claim or role, the same token may say something else. */
  readonly reading: string;

  constructor(
    private readonly config: OidcConfig,
    readonly issuer = new Issuer(config.issuer),
  ) {
    const { audience, rolesClaim, roleMap, tenantClaim, partyClaim, client } = config;
    const read = [config.issuer, audience, rolesClaim, roleMap, tenantClaim, partyClaim, client?.id];
    this.reading = createHash('sha256').update(JSON.stringify(read)).digest('base64url');
  }

  /** The greatest role that the token names, its tenant and its party; or why the token does not count. */
  async identify(token: string, audience = this.config.audience): Promise<Identity | Refusal> {
    try {
      const { issuer } = this.config;
      const options = {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_SKEW_S,
        requiredClaims: ['exp', 'sub'],
      };
      const { payload } = await jwtVerify(token, await this.issuer.keys(), options);
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
