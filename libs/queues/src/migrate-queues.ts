import { runMigrations } from 'bullmq';
import pg from 'pg';

/** Creates or upgrades BullMQ's own schema in PostgreSQL. */
export async function migrateQueues(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await runMigrations(client as never);
  } finally {
    await client.end();
  }
}
