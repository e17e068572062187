import pg from 'pg';
import { STATEMENT_MS } from '#libs/postgres';

/** A named SQL statement: prepared once per connection. One file each in `statements/`. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Roles of the database, neither of which owns a table: migrations 0006 and 0010 grant what each may see. */
export type DatabaseRole = 'task_chain_api' | 'task_chain_engine' | 'task_chain_worker';

export interface PoolOptions {
  /** Every connection acts as this role; unset: as the user of the URL. */
  readonly role?: DatabaseRole;
  readonly max?: number;
  readonly applicationName?: string;
  /** false leaves plans to the planner, for reads that list and count. */
  readonly pinPlans?: boolean;
}

const parsers = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.INT8, Number], // ids and versions stay far below 2^53
  [pg.types.builtins.FLOAT8, Number],
  [pg.types.builtins.TIMESTAMPTZ, isoTime],
]);

/** `2026-11-26 03:40:56.123456+00` -> `2026-11-26T03:40:56.123Z`: what the API answers, without a Date in between. */
function isoTime(text: string): string {
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20, -3).padEnd(3, '0').slice(0, 3)}Z`;
}

const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    parsers.get(oid) ?? (pg.types.getTypeParser as (oid: number, format?: string) => unknown)(oid, format),
} as pg.CustomTypesConfig;

/**
 * Every engine statement goes by an index. Left alone on a fresh table without statistics the planner scans, which
 * cost half as much again per hop. Bitmaps lose an index's order. Hash joins stay: they join the rows of a batch with each other.
 */
export const PINNED_PLANS = [
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'enable_mergejoin=off',
];

/** Makes the transaction that of a tenant: row-level security shows it no other's rows. $1 tenant. */
const actFor: Statement = { name: 'act-for', text: `SELECT set_config('task_chain.tenant', $1, true)` };

/** The messages that pg's Query takes, which its types leave out. */
const PgQuery = pg.Query as unknown as new (config: object) => {
  submit(connection: pg.Connection): unknown;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: pg.Connection): void;
};

/**
 * A statement that goes with `actFor` in one implicit transaction and one round trip: both are sent before the Sync that
 * ends it. BEGIN, SET LOCAL and COMMIT around it would be three round trips more.
 */
export class TenantQuery extends PgQuery {
  private acting = false;

  constructor(
    private readonly tenant: string,
    statement: Statement,
    values: readonly unknown[],
  ) {
    super({ ...statement, values, queryMode: 'extended' });
  }

  override submit(connection: pg.Connection): unknown {
    connection.stream.cork();
    try {
      connection.bind({ statement: actFor.name, values: [this.tenant] }, true);
      connection.execute({}, true);
      return super.submit(connection);
    } finally {
      connection.stream.uncork();
    }
  }

  override handleDataRow(message: unknown): void {
    if (this.acting) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: pg.Connection): void {
    if (this.acting) super.handleCommandComplete(message, connection);
    this.acting = true;
  }
}

/** Statements of a transaction are sent one after the other without a wait for answers. The types of pg do not know it yet. */
const PIPELINE = { pipeline: true } as object;

/** The options of pg's pool: timeouts, and the role of each connection. */
export function poolConfig(options: PoolOptions): pg.PoolConfig {
  return {
    max: options.max ?? 8,
    application_name: options.applicationName ?? 'task-chain',
    types,
    ...PIPELINE,
    options: [
      `statement_timeout=${STATEMENT_MS}`,
      'lock_timeout=5000',
      'idle_in_transaction_session_timeout=3000',
      'jit=off',
      'timezone=UTC',
      ...(options.role === undefined ? [] : [`role=${options.role}`]),
      // Bitmaps lose an index's order: a list of a tenant's newest chains sorted all of them.
      ...(options.pinPlans === false ? ['enable_bitmapscan=off'] : PINNED_PLANS),
    ]
      .map((setting) => `-c ${setting}`)
      .join(' '),
    // Before the connection is used: every TenantQuery finds it prepared.
    onConnect: (client) => client.query({ ...actFor, values: [''] }) as unknown as void,
  };
}
