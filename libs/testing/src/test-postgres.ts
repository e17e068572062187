import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, startEmbeddedPostgres, withConnection, type EmbeddedPostgres } from '#libs/local-postgres';
import { migrateQueues } from '#libs/queues';
import { runMigrations } from '#libs/repositories';

/** A server for tests. `url` is its migrated template database, which nobody stays connected to. */
export interface TestPostgres {
  readonly url: string;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

const TEMPLATE = 'task_chain_template';
const FOLDER = /^task-chain-test-(\d+)-/;

/**
 * Starts a PostgreSQL that does not flush to disk, and applies the migrations to its template database. The test
 * runner does this once and hands `url` to the test files as TEST_DATABASE_URL.
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  await removeLeftOvers();
  const dataDir = mkdtempSync(join(tmpdir(), `task-chain-test-${process.pid}-`));
  chmodSync(dataDir, 0o755);
  // Test files that run side by side each have a system of several replicas on this one server.
  const server = await startEmbeddedPostgres({ dataDir, durable: false, database: TEMPLATE, maxConnections: 400 });
  const stop = async () => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    await migrate(server);
    return { url: server.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function migrate(server: EmbeddedPostgres): Promise<void> {
  await runMigrations(server.url);
  await migrateQueues(server.url);
  await withConnection(server.urlOf('postgres'), (client) =>
    client.query(`ALTER DATABASE ${TEMPLATE} IS_TEMPLATE true`),
  );
}

/** A run that was killed leaves a server and a folder; the folder's name tells whose they were. */
async function removeLeftOvers(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const owner = FOLDER.exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    const dataDir = join(tmpdir(), name);
    try {
      const pid = Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
      if (pid > 0) process.kill(pid, 'SIGQUIT');
    } catch {
      // not running, or another user's
    }
    try {
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    } catch {
      // another user's
    }
  }
}
