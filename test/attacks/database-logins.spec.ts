import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { expect } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import { grantQueues } from '#libs/queues';
import { makeLogins } from '#libs/repositories';
import {
  chain,
  describeOnBackends,
  describeSystem,
  task,
  taskOf,
  type AppName,
  type SystemUnderTest,
} from '../integration/system/index.js';

const PARTS = ['api', 'listener', 'worker'] as const;
const APPS: readonly AppName[] = ['api', 'status-listener', 'compute-worker'];
const SECRETS_PRIVATE_KEY = await generateX25519Identity();
const env = {
  SECRETS_PUBLIC_KEY: await identityToRecipient(SECRETS_PRIVATE_KEY),
  DIAGNOSTIC_TASKS: 'on',
  NODE_ENV: 'production',
};

describeOnBackends('somebody who has taken over an app', { apps: [], env }, (check, system) => {
  check('has no more of the database than the app, whatever role it takes', async () => {
    const logins = loginsOf(system);
    await grantQueues(system.databaseUrl);
    await makeLogins(system.databaseUrl, logins);
    await makeLogins(system.databaseUrl, logins);
    for (const [i, name] of APPS.entries()) {
      const keys = name === 'compute-worker' ? { SECRETS_PRIVATE_KEY } : undefined;
      await system.startApp(name, { DATABASE_URL: logins[PARTS[i]!], ...keys });
    }
    await system.api.expect(200, '/secrets/tls-key', { method: 'PUT', body: { value: 'of the hospital' } });
    const ended = await system.api.run(
      chain([task('a', { secret: '${secrets.tls-key}', progress_steps: 2 }), task('b', {}, { depends_on: ['a'] })]),
    );
    expect([ended.status, taskOf(ended, 'a').status]).toEqual(['SUCCESS', 'SUCCESS']);

    const attempts: [keyof typeof logins, string][] = [
      ['worker', 'SELECT * FROM secrets'],
      ['worker', 'SELECT * FROM api_keys'],
      ['worker', 'SELECT * FROM task_chains'],
      ['worker', 'SET ROLE task_chain_engine'],
      ['worker', 'SET ROLE task_chain'],
      ['worker', 'CREATE TABLE public.mine (a int)'],
      ['worker', "COPY (SELECT 1) TO PROGRAM 'true'"],
      ['worker', 'DROP TABLE status_channel.messages'],
      ['api', 'SET ROLE task_chain_engine'],
      ['api', 'UPDATE audit_log SET actor = NULL'],
      ['api', 'ALTER TABLE audit_log DISABLE TRIGGER ALL'],
      ['api', 'ALTER TABLE task_chains DISABLE ROW LEVEL SECURITY'],
      ['listener', 'ALTER TABLE audit_log DISABLE TRIGGER ALL'],
      ['listener', 'CREATE ROLE another LOGIN SUPERUSER'],
      ['listener', 'ALTER ROLE CURRENT_USER BYPASSRLS'],
    ];
    for (const [part, text] of attempts) {
      await withConnection(logins[part], async (client) => {
        await client.query('RESET ROLE');
        const error = await client.query(text).then(
          () => 'it worked',
          ({ message }: Error) => message,
        );
        expect([part, text, error]).toEqual([part, text, expect.stringMatching(/permission denied|must be owner/)]);
      });
    }
    await withConnection(logins.api, async (client) => {
      expect((await client.query('SELECT * FROM task_chains')).rows).toEqual([]);
    });
  });
});

// A queue's backend has no part in it.
describeSystem('whoever has more of the database than an app needs', 'postgres', { apps: [], env }, (check, system) => {
  check('finds no app that serves in production with more', async () => {
    const { user, url } = await ordinaryUser(system);
    const cases: [what: RegExp, grant: string][] = [
      [/has BYPASSRLS/, `ALTER ROLE ${user} BYPASSRLS`],
      [/may become their owner/, `ALTER ROLE ${user} NOBYPASSRLS; GRANT task_chain TO ${user}`],
    ];
    for (const name of APPS) {
      const keys = name === 'compute-worker' ? { SECRETS_PRIVATE_KEY } : undefined;
      const start = system.startApp(name, { DATABASE_URL: system.databaseUrl, ...keys });
      await expect(start).rejects.toThrow(/is a superuser, .*npm run migrate.*makes a login for each app/s);
    }
    for (const [what, grant] of cases) {
      await withConnection(system.databaseUrl, (client) => client.query(grant));
      await expect(system.startApp('api', { DATABASE_URL: url })).rejects.toThrow(what);
    }
    const logins = { ...loginsOf(system), worker: url };
    await expect(makeLogins(system.databaseUrl, logins)).rejects.toThrow(
      /DATABASE_URL_WORKER names .*, who is a member of .*task_chain/,
    );
    await expect(makeLogins(system.databaseUrl, { ...logins, worker: system.databaseUrl })).rejects.toThrow(
      /DATABASE_URL_WORKER names task_chain, who is a superuser/,
    );
    await withConnection(system.databaseUrl, (client) => client.query(`DROP OWNED BY ${user}; DROP ROLE ${user}`));
  });
});

/** Roles belong to the server, which other tests use: the names are of this database. */
function loginsOf({ databaseUrl }: SystemUnderTest): Record<(typeof PARTS)[number], string> {
  const url = (part: string): string => {
    const login = new URL(databaseUrl);
    login.username = `${part}_${login.pathname.slice(1)}`;
    login.password = `p'w"${part}`;
    return login.href;
  };
  return { api: url('api'), listener: url('listener'), worker: url('worker') };
}

/** A login that is a member of every role of the apps, as every app had before each got its own login. */
async function ordinaryUser({ databaseUrl }: SystemUnderTest): Promise<{ user: string; url: string }> {
  const url = new URL(databaseUrl);
  const user = `ordinary_${url.pathname.slice(1)}`;
  url.username = user;
  url.password = 'pw';
  const roles = 'task_chain_api, task_chain_engine, task_chain_worker';
  await withConnection(databaseUrl, (client) =>
    client.query(`CREATE ROLE ${user} LOGIN PASSWORD 'pw' IN ROLE ${roles}`),
  );
  return { user, url: url.href };
}
