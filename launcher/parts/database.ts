import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '#libs/local-postgres';
import { loadEnvFile, readConfig } from '#libs/platform';

/**
 * Calls `use` with DATABASE_URL, or else with the embedded database of DATA_DIR, started for it where it does not run. Throws
 * if it does not exist and may not be created.
 */
export async function withDatabaseUrl<T>(use: (databaseUrl: string) => Promise<T>, make = false): Promise<T> {
  loadEnvFile();
  const { databaseUrl, dataDir } = readConfig();
  if (databaseUrl !== undefined) return use(databaseUrl);
  // Lies beside every embedded database.
  if (!make && !existsSync(join(dataDir, 'postgres.password'))) {
    throw new Error(`no database in ${dataDir}: set DATA_DIR or DATABASE_URL`);
  }
  const server = await startEmbeddedPostgres({ dataDir });
  try {
    return await use(server.url);
  } finally {
    // One that ran before belongs to a running system.
    if (!server.reused) await server.stop();
  }
}
