import { MINE, type Queryable } from './database.js';
import type { Statement } from './pool.js';

/** What a tenant may use at most; null: as much as it likes. */
export interface Quota {
  /** Chains that are RUNNING or PAUSED. */
  max_running_chains: number | null;
  /** Tasks of chains that have not ended, those that have not ended themselves. */
  max_waiting_tasks: number | null;
  max_creates_per_minute: number | null;
  max_artifact_bytes: number | null;
}

export interface Tenant extends Quota {
  tenant_id: string;
  name: string;
  /** false: nobody signs in. What runs goes on. */
  enabled: boolean;
  /** Its share of the workers beside others that wait for them too. */
  weight: number;
  created_at: string;
}

/** What a tenant uses now, of what a quota counts. */
export interface TenantUse {
  running_chains: number;
  waiting_tasks: number;
  creates_last_minute: number;
  artifact_bytes: number;
}

const COLUMNS = `tenant_id, name, enabled, weight, max_running_chains, max_waiting_tasks, max_creates_per_minute,
  max_artifact_bytes, created_at`;

const find: Statement = { name: 'own-tenant', text: `SELECT ${COLUMNS} FROM tenants WHERE tenant_id = ${MINE}` };
const list: Statement = { name: 'list-tenants', text: `SELECT ${COLUMNS} FROM tenants ORDER BY tenant_id` };
/** $1 the tenant as a JSON object -> no row where there is one of this id. */
const insert: Statement = {
  name: 'insert-tenant',
  text: `
    INSERT INTO tenants (tenant_id, name, enabled, weight, max_running_chains, max_waiting_tasks, max_creates_per_minute,
                         max_artifact_bytes)
    SELECT tenant_id, name, coalesce(enabled, true), coalesce(weight, 1), max_running_chains, max_waiting_tasks,
           max_creates_per_minute, max_artifact_bytes
      FROM json_populate_record(NULL::tenants, $1::json)
    ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
};
/** $1 id, $2 what changes, as a JSON object -> no row where there is none. */
const update: Statement = {
  name: 'update-tenant',
  text: `
    UPDATE tenants t
       SET (name, enabled, weight, max_running_chains, max_waiting_tasks, max_creates_per_minute, max_artifact_bytes)
         = (SELECT name, enabled, weight, max_running_chains, max_waiting_tasks, max_creates_per_minute, max_artifact_bytes
              FROM jsonb_populate_record(t, $2::jsonb))
     WHERE tenant_id = $1 RETURNING ${COLUMNS}`,
};
const use: Statement = {
  name: 'use-of-tenant',
  text: `
    SELECT (SELECT count(*) FROM task_chains WHERE tenant_id = ${MINE} AND status IN ('RUNNING', 'PAUSED')) AS running_chains,
           (SELECT coalesce(sum(total_tasks - completed_tasks - failed_tasks - skipped_tasks - cancelled_tasks), 0)::float8
              FROM task_chains WHERE tenant_id = ${MINE} AND status IN ('PENDING', 'RUNNING', 'PAUSED')) AS waiting_tasks,
           (SELECT count(*) FROM task_chains
             WHERE tenant_id = ${MINE} AND created_at > clock_timestamp() - interval '1 min') AS creates_last_minute,
           (SELECT coalesce(sum(size_bytes), 0)::float8 FROM artifacts WHERE tenant_id = ${MINE}) AS artifact_bytes`,
};
/** Whoever else would use more of the tenant's quota waits until this transaction has ended. */
const hold: Statement = {
  name: 'hold-quota',
  text: `SELECT pg_advisory_xact_lock(hashtextextended('task-chain quota ' || ${MINE}, 0))`,
};
/** $1 creates a minute -> seconds until the next one is within them; no row where it is now. */
const nextCreate: Statement = {
  name: 'next-create',
  text: `
    SELECT extract(epoch FROM created_at + interval '1 min' - clock_timestamp())::float8 AS seconds
      FROM (SELECT created_at FROM task_chains WHERE tenant_id = ${MINE}
             ORDER BY created_at DESC, id DESC OFFSET $1::int - 1 LIMIT 1) AS oldest
     WHERE created_at > clock_timestamp() - interval '1 min'`,
};
/** $1 a chain -> how many others run, and whether it does. */
const runningBeside: Statement = {
  name: 'running-beside',
  text: `
    SELECT count(*) FILTER (WHERE chain_id <> $1) AS others, coalesce(bool_or(chain_id = $1), false) AS itself
      FROM task_chains WHERE tenant_id = ${MINE} AND status IN ('RUNNING', 'PAUSED')`,
};

/** What changes of a tenant. */
export type TenantChange = Partial<Omit<Tenant, 'tenant_id' | 'created_at'>>;

/** Tenants, and what they use. Each is done as the tenant that the transaction is of; lists and changes as the platform (`*`). */
export const tenants = {
  /** undefined: there is none of this name. */
  find: async (db: Queryable) => (await db.query<Tenant>(find))[0],
  list: (db: Queryable) => db.query<Tenant>(list),
  /** undefined: there is one of this id. */
  insert: async (db: Queryable, tenant: TenantChange & { readonly tenant_id: string; readonly name: string }) =>
    (await db.query<Tenant>(insert, [JSON.stringify(tenant)]))[0],
  /** undefined: there is none of this id. */
  update: async (db: Queryable, id: string, change: TenantChange) =>
    (await db.query<Tenant>(update, [id, JSON.stringify(change)]))[0],
  use: async (db: Queryable) => (await db.query<TenantUse>(use))[0]!,
  hold: (db: Queryable) => db.query(hold),
  /** Seconds until one more create is within so many a minute; 0: now. */
  nextCreate: async (db: Queryable, perMinute: number) =>
    perMinute === 0 ? 60 : ((await db.query<{ seconds: number }>(nextCreate, [perMinute]))[0]?.seconds ?? 0),
  runningBeside: async (db: Queryable, chainId: string) =>
    (await db.query<{ others: number; itself: boolean }>(runningBeside, [chainId]))[0]!,
};

/** The tenant of what manages tenants; it is no tenant's name, and sees no tenant's rows. */
export const PLATFORM = '*';
