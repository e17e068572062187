import { type DatabaseLogins } from '#libs/platform';
import { grantQueues, migrateQueues } from '#libs/queues';
import { makeLogins, runMigrations } from '#libs/repositories';

/**
 * Applies what is missing to the chain tables and to the queue's own schema, which is made on Redis too, so that a
 * later change of backend needs nothing, and makes the logins of the apps. Returns the names of the migrations applied.
 */
export async function migrateAll(databaseUrl: string, logins?: DatabaseLogins): Promise<string[]> {
  const applied = await runMigrations(databaseUrl);
  await migrateQueues(databaseUrl);
  await grantQueues(databaseUrl);
  if (logins !== undefined) await makeLogins(databaseUrl, logins);
  return applied;
}
