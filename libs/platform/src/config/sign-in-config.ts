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
      }
    | undefined;
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
    oidc: issuer && audience ? { issuer, audience, rolesClaim, roleMap, tenantClaim, partyClaim } : undefined,
  });
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
