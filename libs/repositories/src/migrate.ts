import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import type { Queryable } from './database.js';
import type { Statement } from './pool.js';
import { migrations } from '../../../migrations/index.js';

/** A migration waits no longer for a table that others use, ms: what comes after it waits behind it. It is tried again. */
const LOCK_MS = 3_000;
const TRIES = 100;
const PAUSE_MS = 500;
/** Deadlock, and a lock that was not free in time. */
const IN_THE_WAY = new Set(['40P01', '55P03']);

/** A data source for migrations: as the user of the URL, who owns the tables. */
function makeDataSource(databaseUrl: string, options: { max?: number } = {}): DataSource {
  return new DataSource({
    type: 'postgres',
    url: databaseUrl,
    entities: [],
    migrations,
    migrationsTableName: 'schema_migrations',
    synchronize: false,
    installExtensions: false,
    extra: { max: options.max ?? 4, options: `-c lock_timeout=${LOCK_MS}` },
  });
}

/** One migration and whether it has been applied. */
export interface MigrationState {
  readonly name: string;
  readonly applied: boolean;
}

const MIGRATION_LOCK = 7_361_902;

/** Applies what is missing, one process at a time; returns the names applied. */
export async function runMigrations(databaseUrl: string): Promise<string[]> {
  return withLock(databaseUrl, async (source) => {
    const missing = (await states(source)).filter((migration) => !migration.applied);
    await untilTheWayIsFree(() => source.runMigrations({ transaction: 'each' }));
    return missing.map(({ name }) => name);
  });
}

/** Reverts the newest migration. Returns its name, or null if none is applied. */
export async function revertMigration(databaseUrl: string): Promise<string | null> {
  return withLock(databaseUrl, async (source) => {
    const newest = (await states(source)).filter((migration) => migration.applied).at(-1);
    if (newest === undefined) return null;
    await untilTheWayIsFree(() => source.undoLastMigration({ transaction: 'each' }));
    return newest.name;
  });
}

/** Every migration in order. */
export async function showMigrations(databaseUrl: string): Promise<MigrationState[]> {
  return withLock(databaseUrl, states);
}

const applied: Statement = { name: 'applied-migrations', text: 'SELECT name FROM schema_migrations' };

/** The migrations that this build needs and the database lacks. An app serves only without any. */
export async function missingMigrations(db: Pick<Queryable, 'query'>): Promise<string[]> {
  const rows = await db.query<{ name: string }>(applied).catch((error: { code?: string }) => {
    // No table: nothing was ever applied.
    if (error.code !== '42P01') throw error;
    return [];
  });
  const names = new Set(rows.map((row) => row.name));
  return migrations.map((migration) => migration.name).filter((name) => !names.has(name));
}

async function states(source: DataSource): Promise<MigrationState[]> {
  const missing = new Set(await missingMigrations({ query: ({ text }) => source.query(text) }));
  return migrations.map(({ name }) => ({ name, applied: !missing.has(name) }));
}

/** Each migration is a transaction: one that apps were in the way of has changed nothing, and is tried again, up to 100 times. */
export async function untilTheWayIsFree(work: () => Promise<unknown>, pauseMs = PAUSE_MS): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return void (await work());
    } catch (error) {
      const code = (error as { driverError?: { code?: string } }).driverError?.code;
      if (tries === TRIES || !IN_THE_WAY.has(code ?? '')) throw error;
      await delay(pauseMs);
    }
  }
}

async function withLock<T>(databaseUrl: string, work: (source: DataSource) => Promise<T>): Promise<T> {
  const source = await makeDataSource(databaseUrl).initialize();
  const lock = source.createQueryRunner();
  try {
    await lock.query('SET lock_timeout = 0');
    await lock.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    return await work(source);
  } finally {
    await lock.query(`SELECT pg_advisory_unlock(${MIGRATION_LOCK})`).catch(() => undefined);
    await lock.release();
    await source.destroy();
  }
}
