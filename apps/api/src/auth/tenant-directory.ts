import { Injectable } from '@nestjs/common';
import { isLimited } from '#libs/chain-engine';
import { tenants, type Quota, type Tenant, Databases } from '#libs/repositories';
import { Believed } from './believed.js';

/** A tenant's new limits count after this long on every replica, ms. */
const BELIEVED_MS = 5_000;

/** What is known of tenants, at a query in five seconds for each. */
@Injectable()
export class TenantDirectory {
  private readonly known = new Believed<Tenant | undefined>(BELIEVED_MS);

  constructor(private readonly databases: Databases) {}

  /** undefined: there is none, or nobody may sign in to it. */
  async enabled(tenant: string): Promise<Tenant | undefined> {
    const found = await this.find(tenant);
    return found?.enabled === true ? found : undefined;
  }

  /** undefined: the tenant may use as much as it likes. */
  async quotaOf(tenant: string): Promise<Quota | undefined> {
    const found = await this.find(tenant);
    return found !== undefined && isLimited(found) ? found : undefined;
  }

  /** Here a change counts at once. */
  forget(): void {
    this.known.forget();
  }

  private find(tenant: string): Promise<Tenant | undefined> {
    return this.known.get(tenant, () => tenants.find(this.databases.forTenant(tenant).reads));
  }
}
