import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureChromium, ensureRedisServer, startTestPostgres, type TestPostgres } from '#libs/testing';

let server: TestPostgres | undefined;

/**
 * Runs before all test files. Starts one PostgreSQL for them, unless TEST_DATABASE_URL names one. Installs Redis and Chromium
 * here, so that two files do not install them at once.
 */
export async function setUp(): Promise<void> {
  // Tests start what was built last, by whatever command: this bundles what is newer than the bundles.
  execFileSync(process.execPath, [fileURLToPath(new URL('../../../tools/bundle-apps.mjs', import.meta.url))]);
  await ensureRedisServer();
  await ensureChromium();
  if (process.env.TEST_DATABASE_URL) return;
  server = await startTestPostgres();
  process.env.TEST_DATABASE_URL = server.url;
}

/** Runs after all test files. Stops the PostgreSQL that `setUp` started. */
export async function tearDown(): Promise<void> {
  await server?.stop();
  server = undefined;
}
