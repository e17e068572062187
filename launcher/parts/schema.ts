import { migrateQueues } from '#libs/queues';
import { runMigrations } from '#libs/repositories';

/**
 * Applies what is missing to the chain tables and to the queue's own schema, which is made on Redis too, so that a
 * later change of backend needs nothing. Returns the names of the migrations applied.
 */
export async function migrateAll(databaseUrl: string): Promise<string[]> {
  const applied = await runMigrations(databaseUrl);
  await migrateQueues(databaseUrl);
  return applied;
}
