import pg from 'pg';
import type { Queryable } from './database.js';
import type { DatabaseRole, Statement } from './pool.js';

/** The role of each app's login. */
const ROLES = {
  api: 'task_chain_api',
  listener: 'task_chain_engine',
  worker: 'task_chain_worker',
} as const satisfies Record<string, DatabaseRole>;

/** A PostgreSQL URL for each app. */
export type Logins = Readonly<Record<keyof typeof ROLES, string>>;

/**
 * Makes the login that each URL names, with its password, as a member of the app's role and nothing more. Run again it sets the
 * password. Rejects, before it changes anything, a login that could be more than its role.
 */
export async function makeLogins(databaseUrl: string, logins: Logins): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('BEGIN');
    for (const app of ['api', 'listener', 'worker'] as const) await makeLogin(client, app, new URL(logins[app]));
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}

async function makeLogin(client: pg.Client, app: keyof typeof ROLES, url: URL): Promise<void> {
  const name = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  const variable = `DATABASE_URL_${app.toUpperCase()}`;
  if (name === '') throw new Error(`${variable} names no user`);
  const found = await client.query<{ more: string | null }>(
    `SELECT CASE WHEN r.rolsuper THEN 'a superuser' WHEN r.rolbypassrls THEN 'one with BYPASSRLS' WHEN r.rolcreaterole THEN 'one with CREATEROLE'
       ELSE (SELECT 'a member of ' || string_agg(g.rolname, ', ') FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
             WHERE m.member = r.oid AND g.rolname <> $2) END AS more
     FROM pg_roles r WHERE r.rolname = $1`,
    [name, ROLES[app]],
  );
  const more = found.rows[0]?.more;
  if (more) throw new Error(`${variable} names ${name}, who is ${more}: choose a name that no role has`);
  const user = pg.escapeIdentifier(name);
  if (found.rows.length === 0) await client.query(`CREATE ROLE ${user}`);
  await client.query(`ALTER ROLE ${user} LOGIN${password === '' ? '' : ` PASSWORD ${pg.escapeLiteral(password)}`}`);
  await client.query(`GRANT ${ROLES[app]} TO ${user}`);
}

const loginPowers: Statement = {
  name: 'login-powers',
  text: `
    SELECT r.rolname AS login, r.rolsuper AS superuser, r.rolbypassrls AS bypass,
      EXISTS (SELECT FROM pg_class c WHERE c.oid = to_regclass('public.task_chains')
        AND pg_has_role(r.oid, c.relowner, 'MEMBER')) AS owner
    FROM pg_roles r WHERE r.rolname = session_user`,
};

/** Why the login of the connection must not serve in production, and what to do; undefined where it may. */
export async function loginFault(db: Pick<Queryable, 'query'>): Promise<string | undefined> {
  const [row] = await db.query<{ login: string; superuser: boolean; bypass: boolean; owner: boolean }>(loginPowers);
  const { login, superuser, bypass, owner } = row!;
  const what = superuser
    ? 'is a superuser'
    : bypass
      ? 'has BYPASSRLS'
      : owner
        ? 'owns the tables or may become their owner'
        : '';
  if (what === '') return undefined;
  return (
    `the database login ${JSON.stringify(login)} ${what}, so it could read and change every tenant's rows: set DATABASE_URL_API, ` +
    'DATABASE_URL_LISTENER and DATABASE_URL_WORKER for "npm run migrate", which makes a login for each app, and give each app its own as DATABASE_URL'
  );
}
