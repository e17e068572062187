import type { ValueReader } from './config-values.js';

/** How callers of the API are known, beside the keys in the database. */
export interface SignInConfig {
  /** The platform's own key: with every role in every tenant. It needs no database. */
  readonly adminKey: string | undefined;
  /** An OpenID Connect issuer whose tokens count when they are for this audience; names of the claim with the roles, outermost first. */
  readonly oidc:
    | {
        readonly issuer: string;
        readonly audience: string;
        readonly rolesClaim: readonly string[];
        /** The role of each name in that claim; undefined: the names are those of the roles but `platform`. */
        readonly roleMap: Readonly<Record<string, string>> | undefined;
        /** The claim with the tenant; undefined: all tokens belong to the default tenant. */
        readonly tenantClaim: readonly string[] | undefined;
        readonly partyClaim: readonly string[] | undefined;
        /** Set: people sign in to the console at the issuer. */
        readonly client: ConsoleClient | undefined;
      }
    | undefined;
}

/** The console as the issuer knows it. */
export interface ConsoleClient {
  readonly id: string;
  /** undefined: a public client, which PKCE alone protects. */
  readonly secret: string | undefined;
  /** Separated by spaces, with `openid`. */
  readonly scope: string;
}

const ROLE_MAP_EXAMPLE = '{"task-chain-authors":"author"}';
/** Makes a key. */
export const KEY_EXAMPLE = 'openssl rand -base64 32';

/** Notes what is wrong at the reader. In production an issuer needs https and OIDC_ROLE_MAP. */
export function readSignIn(reader: ValueReader, production: boolean): SignInConfig {
  const issuer = reader.url(
    'OIDC_ISSUER',
    production ? ['https:'] : ['https:', 'http:'],
    false,
    'OIDC_ISSUER=https://login.example.com/realms/tc',
  );
  const audience = reader.text('OIDC_AUDIENCE');
  const rolesClaim = (reader.text('OIDC_ROLES_CLAIM') ?? 'roles').split('.');
  const tenantClaim = reader.text('OIDC_TENANT_CLAIM')?.split('.');
  const partyClaim = reader.text('OIDC_PARTY_CLAIM')?.split('.');
  const roleMap = readRoleMap(reader);
  const client = readClient(reader, issuer);
  if (production && issuer !== undefined && roleMap === undefined) {
    reader.faults.push(
      `OIDC_ROLE_MAP is not set: say which names of the issuer are which roles, e.g. ${ROLE_MAP_EXAMPLE}.`,
    );
  }
  if ((issuer === undefined) !== (audience === undefined)) {
    reader.faults.push('Set OIDC_ISSUER and OIDC_AUDIENCE together: the issuer and the audience of tokens.');
  }
  return Object.freeze({
    adminKey: reader.secret('ADMIN_API_KEY', 32, KEY_EXAMPLE),
    oidc: issuer && audience ? { issuer, audience, rolesClaim, roleMap, tenantClaim, partyClaim, client } : undefined,
  });
}

/** Scopes as RFC 6749 has them. */
const SCOPES = /^[\x21\x23-\x5b\x5d-\x7e]+( +[\x21\x23-\x5b\x5d-\x7e]+)*$/;

function readClient(reader: ValueReader, issuer: string | undefined): ConsoleClient | undefined {
  const id = reader.text('OIDC_CLIENT_ID');
  const secret = reader.secret('OIDC_CLIENT_SECRET', 16, 'the provider, where you registered the console');
  const scope = reader.text('OIDC_SCOPES') ?? 'openid';
  if (!SCOPES.test(scope) || !scope.split(' ').includes('openid')) {
    reader.wrong(
      'OIDC_SCOPES',
      scope,
      'are not scopes with openid among them',
      'Separate them by spaces: openid roles.',
    );
  }
  if (id === undefined) {
    if (secret !== undefined) reader.faults.push('OIDC_CLIENT_SECRET is set, and OIDC_CLIENT_ID is not: set both.');
    return undefined;
  }
  if (issuer === undefined) {
    reader.faults.push('OIDC_CLIENT_ID is set, and OIDC_ISSUER is not: say who signs people in to the console.');
  }
  return { id, secret, scope };
}

/** Addresses that stand for this machine: browsers take their cookies for safe without TLS. */
const LOCAL = /^http:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?(\/|$)/i;

/** What the sign-in to the console at the issuer lacks; undefined: nothing, or it is not set up. */
export function consoleSignInFault(
  { adminKey, oidc }: SignInConfig,
  publicUrl: string,
  production: boolean,
): string | undefined {
  if (oidc?.client === undefined) return undefined;
  if (publicUrl === '') {
    return 'OIDC_CLIENT_ID is set, and PUBLIC_URL is not: the issuer sends people back to it, e.g. PUBLIC_URL=https://chains.example.com.';
  }
  if (production && !publicUrl.startsWith('https:') && !LOCAL.test(publicUrl)) {
    return 'PUBLIC_URL does not begin with https://: people could not sign in to the console safely.';
  }
  if (oidc.client.id === oidc.audience) {
    return 'OIDC_CLIENT_ID is the same as OIDC_AUDIENCE: ID tokens would open the API as access tokens do. Give the API a separate audience.';
  }
  if (adminKey === undefined && oidc.client.secret === undefined) {
    return `OIDC_CLIENT_ID needs OIDC_CLIENT_SECRET or ADMIN_API_KEY: what seals the cookie of a sign-in follows from them. Make a key by ${KEY_EXAMPLE}.`;
  }
  return undefined;
}

/** JSON, since names of groups may hold commas and equals signs. */
function readRoleMap(reader: ValueReader): Readonly<Record<string, string>> | undefined {
  const text = reader.text('OIDC_ROLE_MAP');
  if (text === undefined) return undefined;
  const roles: readonly unknown[] = ['viewer', 'operator', 'author', 'admin', 'platform'];
  try {
    const map = JSON.parse(text) as Record<string, string>;
    if (Object.keys(map).length > 0 && Object.values(map).every((role) => roles.includes(role))) return map;
  } catch {
    // Reported below.
  }
  reader.wrong('OIDC_ROLE_MAP', text, 'does not map names to roles', `Write it as ${ROLE_MAP_EXAMPLE}.`);
  return undefined;
}
