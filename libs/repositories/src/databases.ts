import type { Database } from './database.js';

/** Both pools as one tenant may use them: the engine's with pinned plans, and one for reads that list and count. */
export interface TenantDatabases {
  readonly engine: Database;
  readonly reads: Database;
}

/**
 * Two pools on one database. As the role `task_chain_api` they show no tenant's rows but through `forTenant`; as
 * `task_chain_engine` they show all.
 */
export class Databases implements TenantDatabases {
  constructor(
    readonly engine: Database,
    readonly reads: Database,
  ) {}

  forTenant(tenant: string): TenantDatabases {
    return { engine: this.engine.forTenant(tenant), reads: this.reads.forTenant(tenant) };
  }
}
