import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { failpoint } from '#libs/platform';
import { Database } from '#libs/repositories';

/** Both pools as one tenant may use them: the engine's with pinned plans, and one for reads that list and count. */
export interface TenantDatabases {
  readonly engine: Database;
  readonly reads: Database;
}

/**
 * Two pools on one database, as the role that sees the rows of the tenant alone that a transaction names. Nothing of a
 * tenant can be read without `forTenant`.
 */
@Injectable()
export class Databases implements OnApplicationShutdown {
  private readonly engine: Database;
  /** For what belongs to no tenant. */
  readonly reads: Database;

  constructor(databaseUrl: string) {
    this.engine = new Database(databaseUrl, {
      role: 'task_chain_api',
      max: 10,
      applicationName: 'task-chain-api',
      aroundCommit: (moment) => failpoint(`api.${moment}`),
    });
    this.reads = new Database(databaseUrl, {
      role: 'task_chain_api',
      max: 10,
      applicationName: 'task-chain-api-reads',
      pinPlans: false,
    });
  }

  forTenant(tenant: string): TenantDatabases {
    return { engine: this.engine.forTenant(tenant), reads: this.reads.forTenant(tenant) };
  }

  /** Not before HTTP is closed: requests in flight need them. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.engine.close(), this.reads.close()]);
  }
}
