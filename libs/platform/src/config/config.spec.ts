import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { ConfigError } from './config-values.js';
import {
  concurrencyOf,
  defaultWorkerConcurrency,
  loadEnvFile,
  readAppConfig,
  readConfig,
  requireNoPrivateKey,
  requireConsoleSignIn,
  requireSignIn,
} from './config.js';

function faultsOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('the configuration was accepted');
}

describe('configuration', () => {
  it('takes secrets from files, and says what is wrong with one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    try {
      const url = 'postgres://a:b@host:5432/tc';
      const env = {
        DATABASE_URL_FILE: file('database', `${url}\n`),
        REDIS_URL_FILE: file('redis', 'redis://:c@host:6379'),
        ADMIN_API_KEY_FILE: file('admin', 'k'.repeat(32)),
        SECRETS_KEY_PREVIOUS_FILE: file('unset', '\n'),
        DATABASE_URL_API_FILE: file('api', 'postgres://api:b@host:5432/tc'),
        DATABASE_URL_LISTENER_FILE: file('listener', 'postgres://listener:b@host:5432/tc'),
        DATABASE_URL_WORKER_FILE: file('worker', 'postgres://worker:b@host:5432/tc'),
      };
      const config = readAppConfig(env);
      expect(config).toMatchObject({ databaseUrl: url, redisUrl: 'redis://:c@host:6379' });
      expect(Object.values(config.logins!).map((login) => new URL(login).username)).toEqual([
        'api',
        'listener',
        'worker',
      ]);
      expect(config.signIn.adminKey).toBe('k'.repeat(32));
      expect(config.secrets).toEqual(readConfig({}).secrets);
      expect(
        faultsOf(() => readAppConfig({ ...env, DATABASE_URL: url }))
          .split('\n')
          .slice(1),
      ).toEqual(['  DATABASE_URL and DATABASE_URL_FILE are both set: use one.']);
      expect(faultsOf(() => readAppConfig({ DATABASE_URL_FILE: join(folder, 'none') }))).toMatch(
        /:\n {2}DATABASE_URL_FILE=.*none" cannot be read: ENOENT[^\n]*$/,
      );
      expect(faultsOf(() => readAppConfig({ DATABASE_URL_FILE: env.SECRETS_KEY_PREVIOUS_FILE }))).toContain(
        'DATABASE_URL is not set',
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('takes private keys as age-keygen writes them, and tells the API that it may hold none', async () => {
    const key = await generateX25519Identity();
    const publicKey = await identityToRecipient(key);
    const read = (SECRETS_PRIVATE_KEY: string) => readConfig({ NODE_ENV: 'production', SECRETS_PRIVATE_KEY });
    const file = `# created: today\n# public key: ${publicKey}\n${key}\n`;
    expect(read(file + key).secrets).toEqual({ privateKeys: [key, key], symmetricKeys: [] });
    expect(() => requireNoPrivateKey(read(file))).toThrow(/which only workers may/);
    expect(() => requireNoPrivateKey(readConfig({ SECRETS_PRIVATE_KEY: key }))).not.toThrow();
    const api = readConfig({ NODE_ENV: 'production', SECRETS_PUBLIC_KEY: publicKey });
    expect(api.secrets.publicKey).toBe(publicKey);
    requireNoPrivateKey(api);
    expect(faultsOf(() => read(publicKey))).toContain('SECRETS_PRIVATE_KEY holds something else');
    const wrong = faultsOf(() => readConfig({ SECRETS_PUBLIC_KEY: key, SECRETS_PRIVATE_KEY: key.slice(0, -1) }));
    expect(wrong).toContain('SECRETS_PUBLIC_KEY is not a public key');
    expect(wrong).not.toContain(key.slice(0, 20));
  });

  it('has a default for everything but the database', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      nodeEnv: 'development',
      host: '127.0.0.1',
      port: 3000,
      listenerPort: 0,
      workerPort: 0,
      databaseUrl: undefined,
      redisUrl: undefined,
      dataDir: resolve('.data'),
      dataRoot: resolve('.data/tables'),
      artifactRoot: resolve('.data/artifacts'),
      remoteSlots: 8,
      workerConcurrency: defaultWorkerConcurrency(),
      concurrencyByType: {},
      logLevel: 'info',
      diagnosticTasks: true,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('offers diagnostic in production only where that is asked for', () => {
    expect(readConfig({ NODE_ENV: 'production' }).diagnosticTasks).toBe(false);
    expect(readConfig({ NODE_ENV: 'production', DIAGNOSTIC_TASKS: 'on' }).diagnosticTasks).toBe(true);
  });

  it('takes a login for each app, or none', () => {
    const url = (name: string) => `postgres://${name}:pw@db:5432/task_chain`;
    const env = { DATABASE_URL_API: url('a'), DATABASE_URL_LISTENER: url('l'), DATABASE_URL_WORKER: url('w') };
    expect(readConfig(env).logins).toEqual({ api: url('a'), listener: url('l'), worker: url('w') });
    expect(readConfig({}).logins).toBeUndefined();
    expect(faultsOf(() => readConfig({ ...env, DATABASE_URL_WORKER: '' }))).toContain('go together: set all three');
  });

  it('takes an empty value as unset', () => {
    expect(readConfig({ PORT: '', LOG_LEVEL: ' ', DATABASE_URL: '' })).toMatchObject({ port: 3000, logLevel: 'info' });
  });

  it('puts tables and artifacts below DATA_DIR by default', () => {
    const config = readConfig({ DATA_DIR: '/srv/tc', ARTIFACT_ROOT: '/mnt/artifacts' });
    expect(config).toMatchObject({ dataDir: '/srv/tc', dataRoot: '/srv/tc/tables', artifactRoot: '/mnt/artifacts' });
  });

  it('lists every wrong variable at once, with the mend', () => {
    const message = faultsOf(() =>
      readConfig({ PORT: 'http', LOG_LEVEL: 'loud', WORKER_CONCURRENCY: '0', DIAGNOSTIC_TASKS: 'yes', HOST: 'a b' }),
    );
    expect(message.split('\n')).toEqual([
      'Wrong configuration (5 variables):',
      '  HOST="a b" is not a host name or address. Set e.g. 127.0.0.1, or 0.0.0.0 for every interface.',
      '  PORT="http" is not a whole number from 0 to 65535. Set a port number, e.g. PORT=3000, or 0 for a free one.',
      '  WORKER_CONCURRENCY="0" is not a whole number from 1 to 1024. ' +
        'Set the number of tasks of one type that a worker runs at once, e.g. 4.',
      '  LOG_LEVEL="loud" is not known. Use one of trace, debug, info, warn, error, fatal, silent; unset means info.',
      '  DIAGNOSTIC_TASKS="yes" is not known. Use one of on, off; unset means on.',
    ]);
  });

  for (const port of ['-1', '65536', '3.5', '1e3', '0x10', '99999999999']) {
    it(`refuses PORT=${port}`, () => {
      expect(faultsOf(() => readConfig({ PORT: port }))).toContain(`PORT="${port}"`);
    });
  }

  for (const [name, value, fault] of [
    ['DATABASE_URL', 'postgres://me:hush@:x/db', 'is not a URL'],
    ['DATABASE_URL', 'mysql://me:hush@localhost/db', 'does not begin with postgres:// or postgresql://'],
    ['DATABASE_URL', 'postgres://me:hush@localhost', 'names no database'],
    ['REDIS_URL', 'http://:hush@localhost', 'does not begin with redis:// or rediss://'],
  ] as const) {
    it(`says that ${name} ${fault}, and never shows it`, () => {
      const message = faultsOf(() => readConfig({ [name]: value }));
      expect(message).toContain(`${name} ${fault}`);
      expect(message).not.toContain('hush');
    });
  }

  it('takes Redis behind Sentinel and as a cluster', () => {
    for (const url of [
      'rediss://user:hush@host:6380/1',
      'redis-sentinel://:hush@s1:26379,s2,[::1]:26379/mymaster?sentinel_password=x',
      'rediss-sentinel://s1/mymaster',
      'redis-cluster://n1:7000,n2:7000',
    ]) {
      expect(readConfig({ REDIS_URL: url }).redisUrl).toBe(url);
    }
    expect(faultsOf(() => readConfig({ REDIS_URL: 'redis-sentinel://:hush@s1,s2' }))).toMatch(/names no master/);
    for (const url of ['redis-cluster://:hush@', 'redis-cluster://n1,,n2', 'redis-sentinel://a b/m']) {
      expect(faultsOf(() => readConfig({ REDIS_URL: url }))).toMatch(/names no hosts(?!.*hush)/);
    }
  });

  it('counts the slots of a task type', () => {
    const config = readConfig({ WORKER_CONCURRENCY: '6', WORKER_CONCURRENCY_PSI: '1', WORKER_CONCURRENCY_SS_LR: '2' });
    expect(['psi', 'ss_lr', 'ss-lr', 'report'].map((type) => concurrencyOf(config, type))).toEqual([1, 2, 2, 6]);
    expect(faultsOf(() => readConfig({ WORKER_CONCURRENCY_PSI: 'many' }))).toContain('WORKER_CONCURRENCY_PSI="many"');
  });

  it('takes the types of a worker as a list, and all of them without one', () => {
    expect(readConfig({ WORKER_TYPES: ' psi, ss_lr,' }).workerTypes).toEqual(['psi', 'ss_lr']);
    expect(readConfig({ WORKER_TYPES: ' ' }).workerTypes).toBeUndefined();
  });

  it('takes the relays of sites as a list of addresses', () => {
    const NODE_RELAYS = 'relay-0.example.com:7444, [::1]:7445';
    expect(readConfig({ NODE_RELAYS }).nodeRelays).toEqual(['relay-0.example.com:7444', '[::1]:7445']);
    expect(readConfig({}).nodeRelays).toEqual([]);
    for (const wrong of ['relay-0.example.com', 'a:1,', 'a:70000', 'https://a:1'])
      expect(faultsOf(() => readConfig({ NODE_RELAYS: wrong }))).toContain('is no list of addresses');
  });

  it('gives each type a slot for each core, 2 to 16', () => {
    expect([1, 4, 64].map(defaultWorkerConcurrency)).toEqual([2, 4, 16]);
  });

  it('makes an app ask for its database', () => {
    expect(readAppConfig({ DATABASE_URL: 'postgres://localhost/tc' }).databaseUrl).toBe('postgres://localhost/tc');
    expect(faultsOf(() => readAppConfig({ PORT: 'x' }))).toMatch(/PORT="x"[^]*DATABASE_URL is not set/);
    expect(faultsOf(() => readAppConfig({ DATABASE_URL: 'nonsense' }))).not.toContain('is not set');
  });

  it('reads a .env file without overriding what is set', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tc-env-'));
    try {
      writeFileSync(join(folder, '.env'), '# comment\nPORT=4000\nHOST="::1"\n');
      const env: NodeJS.ProcessEnv = { PORT: '5000' };
      loadEnvFile(join(folder, '.env'), env);
      loadEnvFile(join(folder, 'missing'), env);
      expect(env).toEqual({ PORT: '5000', HOST: '::1' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  describe('of sign-in', () => {
    const key = 'k'.repeat(32);
    const oidc = { OIDC_ISSUER: 'https://login.example.com/realms/tc', OIDC_AUDIENCE: 'task-chain' };

    it('takes an admin key and an issuer, and a path to its roles', () => {
      expect(readConfig({}).signIn).toEqual({ adminKey: undefined, oidc: undefined });
      expect(readConfig({ ADMIN_API_KEY: key, ...oidc, OIDC_ROLES_CLAIM: 'realm_access.roles' }).signIn).toEqual({
        adminKey: key,
        oidc: {
          issuer: 'https://login.example.com/realms/tc',
          audience: 'task-chain',
          rolesClaim: ['realm_access', 'roles'],
        },
      });
    });

    it('refuses a short key without showing it, and an issuer without its audience', () => {
      const message = faultsOf(() => readConfig({ ADMIN_API_KEY: 'hunter2', OIDC_ISSUER: oidc.OIDC_ISSUER }));
      expect(message).toContain('ADMIN_API_KEY is not 32 or more printable characters');
      expect(message).not.toContain('hunter2');
      expect(message).toContain('Set OIDC_ISSUER and OIDC_AUDIENCE together');
    });

    it('takes roles in production by a map alone, and an issuer by https alone', () => {
      const production = { NODE_ENV: 'production', ...oidc };
      const OIDC_ROLE_MAP = '{"cn=tc,ou=groups":"admin"}';
      expect(readConfig({ ...production, OIDC_ROLE_MAP }).signIn.oidc!.roleMap).toEqual({ 'cn=tc,ou=groups': 'admin' });
      expect(faultsOf(() => readConfig(production))).toContain('OIDC_ROLE_MAP is not set');
      for (const map of ['admin', '{}', '[]', '"admin"', '{"tc":"root"}', '{"tc":["admin"]}'])
        expect(faultsOf(() => readConfig({ ...oidc, OIDC_ROLE_MAP: map }))).toContain('does not map names to roles');
      const OIDC_ISSUER = 'http://login.example.com';
      expect(readConfig({ ...oidc, OIDC_ISSUER }).signIn.oidc!.issuer).toBe(OIDC_ISSUER);
      expect(faultsOf(() => readConfig({ ...production, OIDC_ROLE_MAP, OIDC_ISSUER }))).toContain(
        'OIDC_ISSUER does not begin with https://',
      );
    });

    it('takes a client for the console, and says what that lacks', () => {
      const OIDC_CLIENT_SECRET = 's'.repeat(16);
      const PUBLIC_URL = 'https://chains.example.com/';
      const given = { ...oidc, OIDC_CLIENT_ID: 'console', OIDC_CLIENT_SECRET, OIDC_SCOPES: 'openid roles', PUBLIC_URL };
      const client = { id: 'console', secret: OIDC_CLIENT_SECRET, scope: 'openid roles' };
      expect(readConfig(given).signIn.oidc!.client).toEqual(client);
      expect(readConfig({ ...oidc, OIDC_CLIENT_ID: 'c' }).signIn.oidc!.client).toEqual({ id: 'c', scope: 'openid' });
      for (const [wrong, fault] of [
        [{ OIDC_CLIENT_ID: 'c' }, 'OIDC_CLIENT_ID is set, and OIDC_ISSUER is not'],
        [{ ...oidc, OIDC_CLIENT_SECRET }, 'OIDC_CLIENT_SECRET is set, and OIDC_CLIENT_ID is not'],
        [{ ...given, OIDC_CLIENT_SECRET: 'hunter2' }, 'OIDC_CLIENT_SECRET is not 16 or more'],
        [{ ...given, OIDC_SCOPES: 'roles' }, 'OIDC_SCOPES="roles" are not scopes with openid among them'],
        [{ ...given, OIDC_SCOPES: 'openid "' }, 'are not scopes'],
      ] as const) {
        expect(faultsOf(() => readConfig(wrong))).toContain(fault);
      }
      const check = (env: object) => requireConsoleSignIn(readConfig({ ...given, ...env }));
      const production = { NODE_ENV: 'production', OIDC_ROLE_MAP: '{"tc":"author"}' };
      check({});
      check(production);
      check({ ...production, PUBLIC_URL: 'http://localhost:3000' });
      check({ PUBLIC_URL: 'http://chains.example.com' });
      check({ OIDC_CLIENT_ID: '', OIDC_CLIENT_SECRET: '', PUBLIC_URL: '' });
      check({ OIDC_CLIENT_SECRET: '', ADMIN_API_KEY: key });
      expect(faultsOf(() => check({ PUBLIC_URL: '' }))).toContain('PUBLIC_URL is not');
      expect(faultsOf(() => check({ OIDC_CLIENT_ID: 'task-chain' }))).toContain('is the same as OIDC_AUDIENCE');
      for (const url of ['http://chains.example.com', 'http://localhost.evil.example', 'http://127.0.0.1@evil.example'])
        expect(faultsOf(() => check({ ...production, PUBLIC_URL: url }))).toContain('does not begin with https://');
      expect(faultsOf(() => check({ OIDC_CLIENT_SECRET: '' }))).toContain('needs OIDC_CLIENT_SECRET or ADMIN_API_KEY');
    });

    it('must be there in production, and nowhere else', () => {
      requireSignIn(readConfig({}));
      requireSignIn(readConfig({ NODE_ENV: 'production', ADMIN_API_KEY: key }));
      requireSignIn(readConfig({ NODE_ENV: 'production', ...oidc, OIDC_ROLE_MAP: '{"tc":"author"}' }));
      expect(faultsOf(() => requireSignIn(readConfig({ NODE_ENV: 'production' })))).toContain(
        'ADMIN_API_KEY is not set',
      );
    });
  });
});
