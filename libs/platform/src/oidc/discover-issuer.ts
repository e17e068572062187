const DISCOVERY_MS = 5_000;
const SHOWN = 200;

/** What an OpenID Connect issuer says of itself, as far as it is used here. */
export interface IssuerMetadata {
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly authorization_endpoint?: string;
  readonly token_endpoint?: string;
  readonly end_session_endpoint?: string;
  readonly token_endpoint_auth_methods_supported?: string[];
  readonly code_challenge_methods_supported?: string[];
}

/** Why an issuer cannot be used: it does not answer, or it answers what may not be. */
export class IssuerFault extends Error {
  constructor(
    readonly kind: 'unreachable' | 'wrong',
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
    this.name = 'IssuerFault';
  }
}

/** Reads the discovery document of an issuer (OpenID Connect Discovery 1.0), within 5 s. Throws IssuerFault. */
export async function discoverIssuer(expected: string): Promise<IssuerMetadata> {
  const url = `${expected.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const found = await read(url);
  const wrong = (what: string) => new IssuerFault('wrong', `${url} ${what}`);
  if (found === null || typeof found !== 'object') throw wrong('is no discovery document');
  const metadata = found as Record<string, unknown>;
  const { issuer } = metadata;
  if (issuer !== expected) throw wrong(`is of another issuer: ${shown(issuer)}, and not ${shown(expected)}`);
  if (typeof metadata['jwks_uri'] !== 'string') throw wrong('names no jwks_uri');
  for (const [name, value] of Object.entries(metadata)) {
    if (!/_(endpoint|uri)$/.test(name) || typeof value !== 'string') continue;
    if (expected.startsWith('https:') && !value.startsWith('https:')) throw wrong(`names a ${name} without TLS`);
  }
  return found as IssuerMetadata;
}

async function read(url: string): Promise<unknown> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(DISCOVERY_MS) }).catch(
    (error: unknown) => {
      const { message, cause } = error as Error;
      throw new IssuerFault(
        'unreachable',
        `${url} does not answer: ${(cause as Error | undefined)?.message ?? message}`,
      );
    },
  );
  if (!response.ok) throw new IssuerFault('unreachable', `${url} answered ${response.status}`);
  return response.json().catch((error: unknown) => {
    throw new IssuerFault('wrong', `${url} is no JSON`, error);
  });
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'none').slice(0, SHOWN);
