import { loadEnvFile, readConfig, startEmbeddedPostgres } from '#libs/platform';

/** Calls `use` with DATABASE_URL, or else with the embedded database of DATA_DIR, started for it where it does not run. */
export async function withDatabaseUrl<T>(use: (databaseUrl: string) => Promise<T>): Promise<T> {
  loadEnvFile();
  const { databaseUrl, dataDir } = readConfig();
  if (databaseUrl !== undefined) return use(databaseUrl);
  const server = await startEmbeddedPostgres({ dataDir });
  try {
    return await use(server.url);
  } finally {
    // One that ran before belongs to a running system.
    if (!server.reused) await server.stop();
  }
}
