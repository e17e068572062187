import { Injectable } from '@nestjs/common';
import type { Queryable } from './database.js';
import { Tenant } from './entities/tenant.entity.js';
import { rowsOf } from './rows.js';
import { useOfTenant } from './statements/quota.js';

/** The tenant of what manages tenants; it is no tenant's name, and sees no tenant's rows. */
export const PLATFORM = '*';

/** Limits of a tenant; null: no limit. */
export type Quota = Pick<
  Tenant,
  'max_running_chains' | 'max_waiting_tasks' | 'max_creates_per_minute' | 'max_artifact_bytes'
>;

/** A tenant's current usage of its quotas. */
export interface TenantUse {
  running_chains: number;
  waiting_tasks: number;
  creates_last_minute: number;
  artifact_bytes: number;
}

/** The fields of a tenant to change. */
export type TenantChange = Partial<Omit<Tenant, 'tenant_id' | 'created_at'>>;

const VIEW = [
  ...['tenant_id', 'name', 'enabled', 'weight', 'max_running_chains', 'max_waiting_tasks', 'max_creates_per_minute'],
  ...['max_artifact_bytes', 'default_engine', 'allowed_engines', 'created_at'],
];

/** Tenants and what they use. A tenant finds itself alone; the platform (`PLATFORM`) finds, lists and changes all. */
@Injectable()
export class TenantRepository {
  /** undefined: it does not exist. */
  async find(db: Queryable, id: string): Promise<Tenant | undefined> {
    return (await db.entities.findOneBy(Tenant, { tenant_id: id })) ?? undefined;
  }

  list(db: Queryable): Promise<Tenant[]> {
    return db.entities.find(Tenant, { order: { tenant_id: 'ASC' } });
  }

  /** undefined: there is one of this id. */
  async insert(
    db: Queryable,
    tenant: TenantChange & { readonly tenant_id: string; readonly name: string },
  ): Promise<Tenant | undefined> {
    const inserted = await db.entities
      .createQueryBuilder()
      .insert()
      .into(Tenant)
      .values(tenant)
      .orIgnore()
      .returning(VIEW)
      .updateEntity(false)
      .execute();
    return rowsOf<Tenant>(inserted)[0];
  }

  /** Returns undefined if the id does not exist. */
  async update(db: Queryable, id: string, change: TenantChange): Promise<Tenant | undefined> {
    const updated = await db.entities
      .createQueryBuilder()
      .update(Tenant)
      .set(change)
      .where({ tenant_id: id })
      .returning(VIEW)
      .execute();
    return rowsOf<Tenant>(updated)[0];
  }

  async use(db: Queryable): Promise<TenantUse> {
    return (await db.query<TenantUse>(useOfTenant))[0]!;
  }
}
