import { randomBytes } from 'node:crypto';
import type * as jest from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { withConnection } from '#libs/local-postgres';
import { startTestPostgres, type TestPostgres } from './test-postgres.js';

// Jest's globals, since '@jest/globals' can be imported inside a test file alone, and this lib serves programs as well.
declare const afterAll: typeof jest.afterAll;
declare const beforeAll: typeof jest.beforeAll;

/** A database for one test file or suite, with the schema and no rows. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** Removes it. Rejects, naming them, when connections are still open: somebody did not close what they opened. */
  drop(): Promise<void>;
}

let own: Promise<TestPostgres> | undefined;
let users = 0;

/**
 * Clones the migrated template. The server is the test runner's (TEST_DATABASE_URL), or, for a file run by
 * itself, one of its own that ends with its last database.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  users++;
  const given = process.env.TEST_DATABASE_URL;
  const template = new URL(given ? given : (await (own ??= startTestPostgres())).url);
  const admin = withPath(template, 'postgres');
  const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`;
  await withConnection(admin, (client) =>
    client.query(`CREATE DATABASE ${name} TEMPLATE ${template.pathname.slice(1)}`),
  );
  const drop = async () => {
    const open = await openConnections(admin, name);
    await withConnection(admin, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    if (--users === 0 && own) {
      await (await own).stop();
      own = undefined;
    }
    if (open.length > 0)
      throw new Error(`${open.length} connection(s) to the test database left open: ${open.join('; ')}`);
  };
  return { name, url: withPath(template, name), drop };
}

/** Gives the suite around it a database: made before its tests, dropped and checked for leaks after them. */
export function useTestDatabase(): { readonly url: string } {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database?.drop());
  return {
    get url() {
      if (!database) throw new Error('the test database exists only while the suite runs');
      return database.url;
    },
  };
}

/** What is still connected after a moment: a server notices a closed connection a little later. */
async function openConnections(admin: string, name: string): Promise<string[]> {
  const until = performance.now() + 1000;
  for (;;) {
    const { rows } = await withConnection(admin, (client) =>
      client.query<{ application_name: string; query: string }>(
        `SELECT application_name, query FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`,
        [name],
      ),
    );
    if (rows.length === 0 || performance.now() > until) {
      return rows.map((row) => `${row.application_name || 'no name'}: ${row.query.replace(/\s+/g, ' ').slice(0, 80)}`);
    }
    await delay(20);
  }
}

function withPath(url: URL, database: string): string {
  const copy = new URL(url);
  copy.pathname = `/${database}`;
  return copy.href;
}
