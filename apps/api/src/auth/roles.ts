/**
 * What a caller may do, each all that the one before it may: read; steer chains; create them; give out keys; and, beyond a
 * tenant, act for any tenant and manage them all.
 */
export const ROLES = ['viewer', 'operator', 'author', 'admin', 'platform'] as const;
export type Role = (typeof ROLES)[number];

/** The roles that a key may have: what is beyond tenants is configured, not given out. */
export const KEY_ROLES = ROLES.filter((role) => role !== 'platform');

/** Whether a role is as much as another, or more. */
export const includes = (has: Role, needed: Role): boolean => ROLES.indexOf(has) >= ROLES.indexOf(needed);

/** The caller, as identified at sign-in. */
export interface Identity {
  /** `admin key`, `key:<id>` or `oidc:<subject>`: what the audit log and `created_by` name. At most 64 characters. */
  readonly actor: string;
  readonly role: Role;
  /** Whose rows the caller sees and adds. */
  readonly tenant: string;
  /** When the caller's token expires, ms since 1970; undefined: nothing but a revocation ends it. */
  readonly expiresAt?: number;
  /** The session by whose cookie the caller came; absent for one who sent a key or a token. */
  readonly session?: Session;
  /** The party that the key or the token belongs to; absent for one of the tenant. */
  readonly party?: string;
}

/** A session, and the tenant that it was opened for. */
export interface Session {
  readonly id: string;
  readonly tenant: string;
}

/** Why a key or a token opens nothing, for the audit log: the caller does not learn it. */
export interface Refusal {
  readonly refused:
    | ('wrong key' | 'revoked key' | 'expired key' | 'key of a closed tenant')
    | ('wrong token' | 'expired token' | 'token without a role' | 'token without a tenant')
    | ('token of an unknown party' | 'token of no open tenant')
    | 'ended session'
    | 'wrong invitation'
    | ('wrong link' | 'link of another machine')
    | 'wrong answer of the issuer';
  /** Whose it is, where that is proven. */
  readonly actor: string | null;
  readonly tenant: string | null;
  /** The tenant that a token names and that is not open: the row is the platform's, as nobody may be there to read it. */
  readonly named?: string;
}

export const isRefusal = (answer: Identity | Refusal): answer is Refusal => 'refused' in answer;
