import { createRequire } from 'node:module';
import { type DatabaseLogins } from '#libs/platform';
import { grantQueues, migrateQueues } from '#libs/queues';
import { makeLogins, runMigrations, shipTemplates } from '#libs/repositories';

/** The version of this release. Compiled, this file lies in dist/launcher/parts. */
const { version: RELEASE } = createRequire(import.meta.url)('../../../package.json') as { version: string };

/**
 * Applies what is missing to the chain tables and to the queue's own schema, which is made on Redis too, so that a
 * later change of backend needs nothing. Stores the templates of this release, and makes the logins of the apps. Returns the names
 * of the migrations applied.
 */
export async function migrateAll(databaseUrl: string, logins?: DatabaseLogins): Promise<string[]> {
  const applied = await runMigrations(databaseUrl);
  await shipTemplates(databaseUrl, RELEASE);
  await migrateQueues(databaseUrl);
  await grantQueues(databaseUrl);
  if (logins !== undefined) await makeLogins(databaseUrl, logins);
  return applied;
}
