import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guardFolder, startEmbeddedPostgres, withConnection, type EmbeddedPostgres } from '#libs/local-postgres';

/** A server for tests. `url` is its migrated template database, which nobody stays connected to. */
export interface TestPostgres {
  readonly url: string;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

const TEMPLATE = 'task_chain_template';

const MEMORY = '/dev/shm';
/** More than the databases of a run and their log take. */
const ROOM_BYTES = 4 * 1024 ** 3;

/** Where the cluster lies: in memory, if there is plenty. On ext4 a database costs 65 to 130 ms of CPU more, as its 500 files are made and removed. */
function folderOfClusters(): string {
  if (!existsSync(MEMORY) || process.availableMemory() < 2 * ROOM_BYTES) return tmpdir();
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize < ROOM_BYTES ? tmpdir() : MEMORY;
}

/**
 * Starts a PostgreSQL that does not flush to disk, if possible in memory, and applies the migrations to its template database. The test
 * runner does this once and hands `url` to the test files as TEST_DATABASE_URL.
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  const dataDir = mkdtempSync(join(folderOfClusters(), 'task-chain-test-'));
  const release = guardFolder(dataDir);
  chmodSync(dataDir, 0o755);
  // Test files that run side by side each have a system of several replicas on this one server.
  const server = await startEmbeddedPostgres({ dataDir, durable: false, database: TEMPLATE, maxConnections: 600 });
  const stop = async () => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
    release();
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
  // Here and not above: a test file that is given a server would load Nest, TypeORM and BullMQ for nothing.
  const [{ runMigrations }, { migrateQueues }] = await Promise.all([
    import('#libs/repositories'),
    import('#libs/queues'),
  ]);
  await runMigrations(server.url);
  await migrateQueues(server.url);
  await withConnection(server.urlOf('postgres'), (client) =>
    client.query(`ALTER DATABASE ${TEMPLATE} IS_TEMPLATE true`),
  );
}
