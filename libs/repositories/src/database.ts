import pg from 'pg';
import { partOf, SpanKind } from '#libs/tracing';

/** A named SQL statement: prepared once per connection. One file each in `statements/`. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Something that runs statements: the pool, or one connection within a transaction. */
export interface Queryable {
  query<Row>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>;
}

/** A transaction's connection. Repository methods that must run within one take it first. */
export type Tx = Queryable;

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

/** Roles of the database, neither of which owns a table: what each may see is in migration 0006. */
export type DatabaseRole = 'task_chain_api' | 'task_chain_engine' | 'task_chain_worker';

export interface DatabaseOptions {
  /** What is done is done as this role; unset: as the user of the URL. */
  readonly role?: DatabaseRole;
  readonly max?: number;
  readonly applicationName?: string;
  /** false leaves plans to the planner, for reads that list and count. */
  readonly pinPlans?: boolean;
  /** Awaited on both sides of a COMMIT: where a fault test lets the process die. */
  readonly aroundCommit?: (moment: 'beforeCommit' | 'afterCommit') => Promise<void>;
}

/** The tenant of the transaction, for statements that look for all that is its own: the policies give no index to look in. */
export const MINE = `(SELECT current_setting('task_chain.tenant', true))`;

/** Makes the transaction that of a tenant: row-level security shows it no other's rows. $1 tenant. */
const actFor: Statement = { name: 'act-for', text: `SELECT set_config('task_chain.tenant', $1, true)` };

/** What pg's Query is beside its types: it takes the messages that answer it. */
const PgQuery = pg.Query as unknown as new (config: object) => {
  submit(connection: pg.Connection): unknown;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: pg.Connection): void;
};

/**
 * A statement that goes with `actFor` in one implicit transaction and one round trip: both are sent before the Sync that
 * ends it. BEGIN, SET LOCAL and COMMIT around it would be three round trips more.
 */
class TenantQuery extends PgQuery {
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

/**
 * PostgreSQL for the engine and the API's reads: a pool with prepared statements and a time-out on everything.
 */
export class Database implements Queryable {
  private readonly pool: pg.Pool;
  private readonly tenants = new Map<string, Database>();

  constructor(
    source: string | pg.Pool,
    private readonly options: DatabaseOptions = {},
    /** Whose rows alone are seen and added. */
    readonly tenant?: string,
  ) {
    this.pool = typeof source === 'string' ? makePool(source, options) : source;
  }

  /** The same connections, each transaction made that of this tenant: rows that are added are its own, others are not seen. */
  forTenant(tenant: string): Database {
    let db = this.tenants.get(tenant);
    if (db === undefined) this.tenants.set(tenant, (db = new Database(this.pool, this.options, tenant)));
    return db;
  }

  async query<Row>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    const query =
      this.tenant === undefined
        ? { ...statement, values: values as unknown[] }
        : (new TenantQuery(this.tenant, statement, values) as unknown as pg.QueryConfig);
    return (await traced(statement, () => this.pool.query(query))).rows as Row[];
  }

  /** One statement that writes, a transaction of its own. */
  async write<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    await this.options.aroundCommit?.('beforeCommit');
    const rows = await this.query<Row>(statement, values);
    await this.options.aroundCommit?.('afterCommit');
    return rows;
  }

  /** Runs `work` in one READ COMMITTED transaction; rolls back when it throws. */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    // A connection that breaks between two statements says so by an event, which would end the process.
    const onBroken = (error: Error): void => {
      broken = error;
    };
    client.on('error', onBroken);
    const tx: Tx = {
      query: async <Row>(statement: Statement, values: readonly unknown[] = []) =>
        (await traced(statement, () => client.query({ ...statement, values: values as unknown[] }))).rows as Row[],
    };
    try {
      await client.query(this.tenant === undefined ? 'BEGIN' : beginFor(this.tenant));
      const result = await work(tx);
      await this.options.aroundCommit?.('beforeCommit');
      await client.query('COMMIT');
      await this.options.aroundCommit?.('afterCommit');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((rollback: Error) => {
        broken = rollback;
      });
      throw error;
    } finally {
      if (broken === undefined) client.off('error', onBroken);
      client.release(broken);
    }
  }

  /** Waits for messages sent by `NOTIFY channel`; reconnects by itself. Returns what stops it. */
  listen(channel: string, onMessage: (payload: string) => void): () => Promise<void> {
    let stopped = false;
    let letGo = (): void => undefined;
    let retry: NodeJS.Timeout | undefined;
    const again = (): void => {
      if (!stopped) retry = setTimeout(() => void (connected = connect()), 500);
    };
    const connect = async (): Promise<void> => {
      const fresh = await this.pool.connect().catch(() => undefined);
      if (fresh === undefined) return again();
      let held = true;
      // Once: a connection that is given back may still tell of its own end.
      const release = (): boolean => {
        if (!held) return false;
        held = false;
        fresh.release(true);
        return true;
      };
      const lose = (): void => {
        if (release()) again();
      };
      letGo = () => void release();
      fresh.on('error', lose);
      fresh.on('notification', (message) => {
        if (held) onMessage(message.payload ?? '');
      });
      await fresh.query(`LISTEN ${pg.escapeIdentifier(channel)}`).catch(lose);
    };
    let connected = connect();
    return async () => {
      stopped = true;
      clearTimeout(retry);
      await connected;
      letGo();
    };
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

/** By its name alone: neither text nor values are told. */
function traced<T>({ name }: Statement, run: () => Promise<T>): Promise<T> {
  return partOf(
    name || 'statement',
    SpanKind.CLIENT,
    { 'db.system.name': 'postgresql', 'db.query.summary': name },
    run,
  );
}

/** In one round trip; the name of a tenant needs no quoting, which is checked. */
function beginFor(tenant: string): string {
  if (!/^([a-z0-9_-]{1,64}|\*)$/.test(tenant)) throw new Error(`not the name of a tenant: ${JSON.stringify(tenant)}`);
  return `BEGIN; SELECT set_config('task_chain.tenant', '${tenant}', true)`;
}

function makePool(url: string, options: DatabaseOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 8,
    application_name: options.applicationName ?? 'task-chain',
    connectionTimeoutMillis: 5_000,
    query_timeout: 30_000,
    types,
    options: [
      'statement_timeout=20000',
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
  });
  // A broken idle connection is replaced by the pool; without this handler it would end the process.
  pool.on('error', () => undefined);
  return pool;
}
