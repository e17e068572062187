import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import { IssuerFault } from '#libs/platform';
import { isTransient } from '#libs/repositories';
import type { Refusal } from '../../auth/roles.js';
import { SignInRefused } from '../../auth/sign-in.js';
import { Problem } from '../../http/problem.js';

/**
 * Why a sign-in at the issuer did not come about. The console says each in words, and what to do; nothing that the issuer or a link
 * wrote is shown.
 *
 * `lost`: this browser began no such sign-in, or it is over. `used`: the issuer takes the code no more. `answer`: what came back
 * is not of this issuer, this console or this sign-in. `setup`: the issuer and the console are set up differently.
 */
export type Failure =
  | ('lost' | 'used' | 'answer' | 'clock' | 'refused' | 'setup' | 'issuer-down' | 'unavailable')
  | ('no-role' | 'no-tenant' | 'no-party');

/** A sign-in that did not come about. */
export class SignInFailed extends Error {
  constructor(
    readonly failure: Failure,
    cause?: unknown,
  ) {
    super(failure, { cause });
    this.name = 'SignInFailed';
  }
}

const REFUSED: Partial<Record<Refusal['refused'], Failure>> = {
  'expired token': 'clock',
  'token without a role': 'no-role',
  'token without a tenant': 'no-tenant',
  'token of no open tenant': 'no-tenant',
  'token of an unknown party': 'no-party',
};
const ofRefusal = ({ refused }: Refusal): Failure => REFUSED[refused] ?? 'answer';

/** An account that the issuer knows and that may do nothing here. */
export class AccountRefused extends SignInFailed {
  constructor(readonly refusal: Refusal) {
    super(ofRefusal(refusal));
  }
}

/** What a person, and not the set-up, brings about (OpenID Connect Core 3.1.2.6). */
const BY_PERSON = new Set([
  'access_denied',
  'login_required',
  'consent_required',
  'interaction_required',
  'account_selection_required',
]);
const BY_OUTAGE = new Set(['server_error', 'temporarily_unavailable']);
const UNREADABLE = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
]);

/** The failure that an error of a sign-in means; undefined: it is a bug. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof SignInFailed) return error.failure;
  if (error instanceof IssuerFault) return error.kind === 'unreachable' ? 'issuer-down' : 'setup';
  if (error instanceof AuthorizationResponseError) return ofError(error.error);
  if (error instanceof ResponseBodyError) {
    if (error.error === 'invalid_grant') return 'used';
    return error.status >= 500 ? 'issuer-down' : 'setup';
  }
  if (error instanceof WWWAuthenticateChallengeError) return 'setup';
  if (error instanceof ClientError) return ofClient(error);
  if (error instanceof SignInRefused) return ofRefusal(error.refusal);
  if (error instanceof Problem) return ofProblem(error);
  if (isTransient(error)) return 'unavailable';
  // What fetch throws where nothing answers.
  return error instanceof TypeError && error.message === 'fetch failed' ? 'issuer-down' : undefined;
}

function ofError(code: string): Failure {
  if (BY_PERSON.has(code)) return 'refused';
  return BY_OUTAGE.has(code) ? 'issuer-down' : 'setup';
}

function ofClient({ code, cause }: ClientError): Failure {
  if (code === undefined) return failureOf(cause) ?? 'issuer-down';
  if (UNREADABLE.has(code)) return 'issuer-down';
  if (code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED') return 'clock';
  return 'answer';
}

/** Of the tokens: the issuer's keys cannot be read. */
const ofProblem = ({ code }: Problem): Failure | undefined => (code === 'UNAVAILABLE' ? 'issuer-down' : undefined);
