import pg from 'pg';
import { EntityManager } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { isUnanswered } from '#libs/postgres';
import { partOf, SpanKind } from '#libs/tracing';
import { EntityQueryRunner, type Run } from './entity-query-runner.js';
import { TenantQuery, type PoolOptions, type Statement } from './pool.js';
import { dataSourceOptions, PooledDataSource } from './pooled-data-source.js';
import { wake } from './statements/repairs.js';

/** Runs statements: a pool as a tenant sees it, or one connection in a transaction. */
export interface Queryable {
  query<Row>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>;
  /** TypeORM's manager for the same rows. Only repositories use it. */
  readonly entities: EntityManager;
}

/** A transaction's connection. Repository methods that must run within one take it first. */
export type Tx = Queryable;

/** The tenant of the transaction, for statements that look for all that is its own: the policies give no index to look in. */
export const MINE = `(SELECT current_setting('task_chain.tenant', true))`;

export interface DatabaseOptions {
  /** Awaited on both sides of a COMMIT: where a fault test lets the process die. */
  readonly aroundCommit?: (moment: 'beforeCommit' | 'afterCommit') => Promise<void>;
}

/** Opens a database without connecting yet. `close` ends its pool. */
export async function openDatabase(url: string, options: PoolOptions & DatabaseOptions = {}): Promise<Database> {
  return new Database(await new PooledDataSource(dataSourceOptions(url, options)).initialize(), options);
}

/** Statements and entities on the same connection or pool. */
abstract class Session implements Queryable {
  private manager: EntityManager | undefined;

  constructor(protected readonly source: PooledDataSource) {}

  get entities(): EntityManager {
    const run: Run = (statement, values) => this.traced(statement, values);
    return (this.manager ??= new EntityManager(
      this.source,
      new EntityQueryRunner(this.source.driver as PostgresDriver, run),
    ));
  }

  async query<Row>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.traced(statement, values)).rows as Row[];
  }

  protected abstract run(statement: Statement, values: readonly unknown[]): Promise<pg.QueryResult>;

  /** A span by the statement's name alone: neither text nor values leave the process. */
  private traced(statement: Statement, values: readonly unknown[]): Promise<pg.QueryResult> {
    const name = statement.name || 'statement';
    const attributes = { 'db.system.name': 'postgresql', 'db.query.summary': statement.name };
    return partOf(name, SpanKind.CLIENT, attributes, () => this.run(statement, values));
  }
}

/** PostgreSQL for named statements and for entities: one pool, with prepared statements and a time-out on everything. */
export class Database extends Session {
  private readonly tenants = new Map<string, Database>();
  /** Shared reads that are under way, by statement and values. */
  private readonly reading = new Map<string, Promise<unknown[]>>();
  private wakeWanted = false;
  private waking = false;

  constructor(
    source: PooledDataSource,
    private readonly options: DatabaseOptions = {},
    /** The tenant whose rows are seen and added. */
    readonly tenant?: string,
  ) {
    super(source);
  }

  /** The same connections, each transaction made that of this tenant: rows that are added are its own, others are not seen. */
  forTenant(tenant: string): Database {
    let db = this.tenants.get(tenant);
    if (db === undefined) this.tenants.set(tenant, (db = new Database(this.source, this.options, tenant)));
    return db;
  }

  protected run(statement: Statement, values: readonly unknown[]): Promise<pg.QueryResult> {
    const query =
      this.tenant === undefined
        ? { ...statement, values: values as unknown[] }
        : (new TenantQuery(this.tenant, statement, values) as unknown as pg.QueryConfig);
    return this.source.pool.query(query);
  }

  /** Runs one writing statement as a transaction. */
  async write<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    await this.options.aroundCommit?.('beforeCommit');
    const rows = await this.query<Row>(statement, values);
    await this.options.aroundCommit?.('afterCommit');
    return rows;
  }

  /** A read that costs much: a caller gets the rows of the same read if one is under way. */
  queryShared<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    const key = JSON.stringify([statement.text, values]);
    let rows = this.reading.get(key);
    if (rows === undefined) {
      rows = this.query(statement, values).finally(() => this.reading.delete(key));
      this.reading.set(key, rows);
    }
    return rows as Promise<Row[]>;
  }

  /**
   * Wakes the listeners' dispatchers without waiting for it: they see what was committed before this call. Calls while a wake is
   * under way share the next one. PostgreSQL commits only one transaction with a NOTIFY at a time, so it is not part of those that
   * write. If it is lost, the dispatchers look by themselves soon after.
   */
  wakeSoon(): void {
    this.wakeWanted = true;
    if (!this.waking) void this.wakeWhileWanted();
  }

  private async wakeWhileWanted(): Promise<void> {
    this.waking = true;
    while (this.wakeWanted) {
      this.wakeWanted = false;
      await this.query(wake).catch(() => undefined);
    }
    this.waking = false;
  }

  /**
   * Runs `work` in one READ COMMITTED transaction; rolls back when it throws. Statements of `work` are sent at once, also before the answer to
   * the one before.
   */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.source.pool.connect();
    let broken: Error | undefined;
    // A connection that breaks between two statements says so by an event, which would end the process.
    const onBroken = (error: Error): void => {
      broken = error;
    };
    client.on('error', onBroken);
    const tx = new Transaction(this.source, client);
    try {
      // Awaited: were it to fail, what is sent behind it would be stored, each statement by itself.
      await client.query(this.tenant === undefined ? 'BEGIN' : beginFor(this.tenant));
      const result = await work(tx);
      await this.options.aroundCommit?.('beforeCommit');
      await client.query('COMMIT');
      await this.options.aroundCommit?.('afterCommit');
      return result;
    } catch (error) {
      // Behind a query without an answer a ROLLBACK would wait as long again.
      if (isUnanswered(error)) broken ??= error as Error;
      else {
        await client.query('ROLLBACK').catch((rollback: Error) => {
          broken = rollback;
        });
      }
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
      const fresh = await this.source.pool.connect().catch(() => undefined);
      if (fresh === undefined) return again();
      let held = true;
      // Once: a released connection may still report its end.
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
    await this.source.destroy();
  }
}

class Transaction extends Session {
  constructor(
    source: PooledDataSource,
    private readonly client: pg.PoolClient,
  ) {
    super(source);
  }

  protected run(statement: Statement, values: readonly unknown[]): Promise<pg.QueryResult> {
    return this.client.query({ ...statement, values: values as unknown[] });
  }
}

/** In one round trip; the name of a tenant needs no quoting, which is checked. */
function beginFor(tenant: string): string {
  if (!/^([a-z0-9_-]{1,64}|\*)$/.test(tenant)) throw new Error(`not the name of a tenant: ${JSON.stringify(tenant)}`);
  return `BEGIN; SELECT set_config('task_chain.tenant', '${tenant}', true)`;
}
