import 'reflect-metadata';
import { DataSource } from 'typeorm';
import type { Queryable } from './database.js';
import type { Statement } from './pool.js';
import { migrations } from '../../../migrations/index.js';

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
    extra: { max: options.max ?? 4 },
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
    const applied = await source.runMigrations({ transaction: 'each' });
    return applied.map((migration) => migration.name);
  });
}

/** Reverts the newest migration. Returns its name, or null if none is applied. */
export async function revertMigration(databaseUrl: string): Promise<string | null> {
  return withLock(databaseUrl, async (source) => {
    const newest = (await states(source)).filter((migration) => migration.applied).at(-1);
    if (newest === undefined) return null;
    await source.undoLastMigration({ transaction: 'each' });
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

async function withLock<T>(databaseUrl: string, work: (source: DataSource) => Promise<T>): Promise<T> {
  const source = await makeDataSource(databaseUrl).initialize();
  const lock = source.createQueryRunner();
  try {
    await lock.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    return await work(source);
  } finally {
    await lock.query(`SELECT pg_advisory_unlock(${MIGRATION_LOCK})`).catch(() => undefined);
    await lock.release();
    await source.destroy();
  }
}
