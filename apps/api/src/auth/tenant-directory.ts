import { Injectable } from '@nestjs/common';
import { isLimited } from '#libs/chain-engine';
import { Databases, PartyRepository, PLATFORM, TenantRepository, type Quota, type Tenant } from '#libs/repositories';
import { TtlCache } from './ttl-cache.js';

/** After this time every replica applies a change of a tenant, ms. `OpenStreams` adds its interval to it. */
const CACHED_MS = 4_000;

/** Looks tenants up, with at most one query in four seconds for each. */
@Injectable()
export class TenantDirectory {
  private readonly known = new TtlCache<Tenant | undefined>(CACHED_MS);
  private readonly parties = new TtlCache<boolean>(CACHED_MS);

  constructor(
    private readonly databases: Databases,
    private readonly tenants: TenantRepository,
    private readonly partiesOf: PartyRepository,
  ) {}

  /** undefined: the tenant does not exist or is closed. */
  async enabled(tenant: string): Promise<Tenant | undefined> {
    const found = await this.find(tenant);
    return found?.enabled === true ? found : undefined;
  }

  /** undefined: the tenant has no limits. */
  async quotaOf(tenant: string): Promise<Quota | undefined> {
    const found = await this.find(tenant);
    return found !== undefined && isLimited(found) ? found : undefined;
  }

  /** What the tenant says of engines. */
  enginesOf(tenant: string): Promise<Tenant | undefined> {
    return this.find(tenant);
  }

  /** Whether the tenant has a party of this name. */
  hasParty(tenant: string, party: string): Promise<boolean> {
    const { reads } = this.databases.forTenant(tenant);
    return this.parties.get(`${tenant}/${party}`, async () => (await this.partiesOf.find(reads, party)) !== undefined);
  }

  /** Clears the cache of this process: it applies a change at once. */
  forget(): void {
    this.known.clear();
    this.parties.clear();
  }

  /** As the platform: a database of its own is kept for each tenant, and anybody may name one that is not there. */
  private find(tenant: string): Promise<Tenant | undefined> {
    return this.known.get(tenant, () => this.tenants.find(this.databases.forTenant(PLATFORM).reads, tenant));
  }
}
