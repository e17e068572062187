import { DEFAULT_TENANT } from '#libs/chain-domain';
import { Problem } from '../http/problem.js';
import { TENANT_ID } from '../http/patterns.js';
import type { Identity } from './roles.js';
import type { TenantDirectory } from './tenant-directory.js';

/**
 * The caller with the tenant that the request is for: the platform may name one in the header X-Tenant, everybody else is
 * of one tenant and no other. Throws FORBIDDEN, or NOT_FOUND for a tenant that is not there or is closed.
 */
export async function actingFor(
  identity: Identity,
  header: string | readonly string[] | undefined,
  directory: Pick<TenantDirectory, 'enabled'>,
): Promise<Identity> {
  const tenant = typeof header === 'string' ? header : identity.tenant;
  const { party, ...caller } = identity;
  // A party of that name in another tenant is another party.
  const acting = { ...caller, tenant, ...(party !== undefined && tenant === identity.tenant && { party }) };
  if (tenant !== identity.tenant && identity.role !== 'platform') {
    throw new Problem('FORBIDDEN', `Your key belongs to the tenant ${identity.tenant}: leave out X-Tenant.`);
  }
  // The platform's own tenant must open even where it was closed by mistake.
  if (identity.role === 'platform' && tenant === DEFAULT_TENANT) return acting;
  if (!TENANT_ID.test(tenant) || (await directory.enabled(tenant)) === undefined) {
    const detail = `There is no open tenant ${JSON.stringify(tenant.slice(0, 80))}.`;
    throw identity.role === 'platform' ? new Problem('NOT_FOUND', detail) : new Problem('FORBIDDEN', detail);
  }
  return acting;
}
