import { newToken } from '../auth/sign-in.js';

/** What a token of an invitation holds. */
export interface Invitation {
  readonly tenant: string;
  /** What the database knows by its hash. */
  readonly secret: string;
}

const AUTHORIZATION =
  /^Invitation +tci_([a-z0-9][a-z0-9_-]{0,63})\.[A-Za-z][A-Za-z0-9_-]{0,63}\.(?:party|dealer)\.([\w-]{43})\.[0-9a-f]{64}$/;

/**
 * A new token. What else it says is for the site: what it joins as, and by the fingerprint which authority invites it, so that it keeps
 * nothing that another answers.
 */
export function makeInvitation(
  tenant: string,
  { party, dealer }: { readonly party: string; readonly dealer: boolean },
  authority: string,
): Invitation & { readonly token: string } {
  const secret = newToken();
  const told = [tenant, party, dealer ? 'dealer' : 'party', secret, authority.slice('sha256:'.length)];
  return { tenant, secret, token: `tci_${told.join('.')}` };
}

/** What an Authorization header holds; undefined for any other. */
export function readInvitation(authorization: string | undefined): Invitation | undefined {
  const [, tenant, secret] = AUTHORIZATION.exec(authorization ?? '') ?? [];
  return tenant === undefined ? undefined : { tenant, secret: secret! };
}
