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

export interface DatabaseOptions {
  readonly max?: number;
  readonly applicationName?: string;
  /** false leaves plans to the planner, for reads that list and count. */
  readonly pinPlans?: boolean;
  /** Awaited on both sides of a COMMIT: where a fault test lets the process die. */
  readonly aroundCommit?: (moment: 'beforeCommit' | 'afterCommit') => Promise<void>;
}

/**
 * PostgreSQL for the engine and the API's reads: a pool with prepared statements and a time-out on everything.
 */
export class Database implements Queryable {
  private readonly pool: pg.Pool;

  constructor(
    url: string,
    private readonly options: DatabaseOptions = {},
  ) {
    this.pool = new pg.Pool({
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
        ...(options.pinPlans === false ? [] : PINNED_PLANS),
      ]
        .map((setting) => `-c ${setting}`)
        .join(' '),
    });
    // A broken idle connection is replaced by the pool; without this handler it would end the process.
    this.pool.on('error', () => undefined);
  }

  async query<Row>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    const result = await traced(statement, () => this.pool.query({ ...statement, values: values as unknown[] }));
    return result.rows as Row[];
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
      await client.query('BEGIN');
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
