import { runMigrations } from 'bullmq';
import pg from 'pg';

const ROLES = 'task_chain_api, task_chain_engine, task_chain_worker';

/** Creates or upgrades BullMQ's own schema in PostgreSQL. */
export async function migrateQueues(databaseUrl: string): Promise<void> {
  await withClient(databaseUrl, (client) => runMigrations(client as never));
}

/**
 * Lets the apps' roles use the queue and the status channel in PostgreSQL: their rows, not their tables. Whoever migrates runs
 * it after each `migrateQueues`, since a new version of BullMQ may bring tables. The listener may also create: BullMQ makes a
 * sequence for each queue as its first job is added.
 */
export async function grantQueues(databaseUrl: string): Promise<void> {
  const schemas = 'bullmq, status_channel';
  await withClient(databaseUrl, (client) =>
    client.query(`
      GRANT USAGE ON SCHEMA ${schemas} TO ${ROLES};
      GRANT CREATE ON SCHEMA bullmq TO task_chain_engine;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schemas} TO ${ROLES};
      GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${schemas} TO ${ROLES};
      GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${schemas} TO ${ROLES}`),
  );
}

async function withClient(databaseUrl: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
