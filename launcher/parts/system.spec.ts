import { fork, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { freePort, guarded, isAlive } from '#libs/local-postgres';

/** An app as the launcher sees one: healthy on its port, and of the behaviour that its name in BEHAVIOUR asks for. */
const STAND_IN = `
import { createServer } from 'node:http';
import { existsSync, writeFileSync } from 'node:fs';
const name = process.argv[1].match(/([a-z]+)\\.mjs$/)[1];
const behaviour = process.env['BEHAVIOUR_' + name.toUpperCase()];
if (behaviour === 'dies') { console.error('no luck today'); process.exit(3); }
const mark = process.env.DATA_DIR + '/' + name + '.once';
if (behaviour === 'dies-once' && !existsSync(mark)) { writeFileSync(mark, ''); process.exit(3); }
writeFileSync(process.env.DATA_DIR + '/' + name + '.key', process.env.ADMIN_API_KEY ?? 'none');
console.log(JSON.stringify({ level: 'info', time: new Date().toISOString(), app: name, msg: 'hello' }));
const port = Number({ api: process.env.PORT, listener: process.env.LISTENER_PORT, worker: process.env.WORKER_PORT }[name]);
const server = createServer((_, response) => response.end('{}')).listen(port, process.env.HOST);
if (behaviour !== 'hangs' && behaviour !== 'deaf') process.on('SIGTERM', () => { console.log('bye'); server.closeAllConnections(); process.exit(0); });
else process.on('SIGTERM', () => {});
process.on('disconnect', () => behaviour !== 'deaf' && process.exit(0));
`;

const launcherScript = (folder: string) => `
import { runLauncher } from ${JSON.stringify(new URL('./run-launcher.js', import.meta.url).href)};
const app = (name, portVariable) => ({ name, portVariable, script: ${JSON.stringify(folder)} + '/' + name + '.mjs' });
process.exitCode = await runLauncher(
  (config) => ({
    config,
    apps: [app('api', 'PORT'), app('listener', 'LISTENER_PORT'), app('worker', 'WORKER_PORT')],
    migrate: async (url) => process.send({ migrated: new URL(url).pathname }),
    say: (words) => process.send({ say: words }),
    onLine: (app, line) => process.send({ line: app + ': ' + line }),
    policy: { firstDelayMs: 20, maxDelayMs: 100, maxEnds: 3, windowMs: 30000 },
  }),
  async (system) => void process.send({ ready: system.url, pids: system.pids(), keys: [system.apiKey, system.localKey?.key] }),
  (words) => process.send({ complaint: words }),
);
process.disconnect();
`;

interface Message {
  ready?: string;
  keys?: (string | null)[];
  pids?: Record<string, number>;
  say?: string;
  line?: string;
  migrated?: string;
  complaint?: string;
}

describe('the launcher', () => {
  const root = mkdtempSync(join(tmpdir(), 'tc-launcher-'));
  chmodSync(root, 0o755);
  for (const name of ['api', 'listener', 'worker']) writeFileSync(join(root, `${name}.mjs`), STAND_IN);
  writeFileSync(join(root, 'launcher.mjs'), launcherScript(root));
  const launched: Launched[] = [];
  let folders = 0;
  const launch = (env: NodeJS.ProcessEnv = {}) => {
    const dataDir = env.DATA_DIR ?? join(root, `data-${++folders}`);
    const one = new Launched(join(root, 'launcher.mjs'), {
      PATH: process.env.PATH,
      PORT: '0',
      ...env,
      DATA_DIR: dataDir,
    });
    launched.push(one);
    return one;
  };
  afterEach(async () => {
    for (const one of launched.splice(0)) await one.end();
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`starts everything, and on ${signal} stops it within 5 s with exit code 0`, async () => {
      const client = { OIDC_CLIENT_ID: 'console', OIDC_CLIENT_SECRET: 'a secret of the console'.replaceAll(' ', '-') };
      const one = launch({ OIDC_ISSUER: 'https://login.example.com', OIDC_AUDIENCE: 'tc', ...client });
      const { ready, pids } = await one.message((m) => m.ready !== undefined);
      expect((await fetch(`${ready}/health/live`)).status).toBe(200);
      if (process.platform === 'linux') {
        const environmentOf = (app: string) => readFileSync(`/proc/${pids![app]}/environ`, 'utf8').split('\0');
        const environment = environmentOf('worker');
        expect(environmentOf('api')).toContain(`OIDC_CLIENT_SECRET=${client.OIDC_CLIENT_SECRET}`);
        const secrets =
          /^(DATABASE_URL|REDIS_URL|ADMIN_API_KEY|OIDC_CLIENT_SECRET|CELERY_BROKERS|NODE_CA_KEY|SECRETS_[A-Z_]*KEY|SECRETS_[A-Z_]*KEY_PREVIOUS)(_FILE)?=/;
        const file = join(one.dataDir, 'worker', 'DATABASE_URL');
        expect(environment.filter((each) => secrets.test(each)).sort()).toEqual([
          `DATABASE_URL_FILE=${file}`,
          `SECRETS_PRIVATE_KEY_FILE=${join(one.dataDir, 'worker', 'SECRETS_PRIVATE_KEY')}`,
        ]);
        expect(statSync(file).mode & 0o777).toBe(0o600);
      }
      const urlFile = join(one.dataDir, 'url');
      expect(readFileSync(urlFile, 'utf8')).toBe(`${ready}\n`);
      const postmaster = one.postmaster();
      const started = performance.now();
      one.child.kill(signal);
      expect(await one.exit).toBe(0);
      expect(performance.now() - started).toBeLessThan(5000);
      expect([...Object.values(pids!), postmaster].filter(isAlive)).toEqual([]);
      expect(existsSync(urlFile)).toBe(false);
      expect(one.heard.find((m) => m.migrated)).toEqual({ migrated: '/task_chain' });
      expect(readFileSync(join(one.dataDir, 'logs', 'api.log'), 'utf8')).toMatch(/"hello"[^]*\nbye\n$/);
      // The database was there until the last app had ended.
      expect(readFileSync(join(one.dataDir, 'logs', 'postgres.log'), 'utf8')).toContain('database system is shut down');
    });
  }

  it('kills an app that does not stop, still within 5 s', async () => {
    const one = launch({ BEHAVIOUR_WORKER: 'hangs' });
    const { pids } = await one.message((m) => m.ready !== undefined);
    const started = performance.now();
    one.child.kill('SIGTERM');
    expect(await one.exit).toBe(0);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(Object.values(pids!).filter(isAlive)).toEqual([]);
  });

  it('hurries when it is asked twice', async () => {
    const one = launch({ BEHAVIOUR_WORKER: 'hangs' });
    await one.message((m) => m.ready !== undefined);
    const started = performance.now();
    one.child.kill('SIGINT');
    setTimeout(() => one.child.kill('SIGINT'), 700);
    expect(await one.exit).toBe(0);
    expect(performance.now() - started).toBeLessThan(2500);
  });

  it('starts an app again that dies', async () => {
    const one = launch({ BEHAVIOUR_LISTENER: 'dies-once' });
    await one.message((m) => m.ready !== undefined);
    expect(one.heard).toContainEqual({ say: 'listener ended (code 3); starting it again in 0.02 s' });
    const { pids } = one.heard.find((m) => m.ready)!;
    process.kill(pids!.worker!, 'SIGKILL');
    await one.message((m) => m.say === 'worker ended (SIGKILL); starting it again in 0.02 s');
    await one.message((m) => m.line?.startsWith('worker: ') === true, 2);
  });

  it('stops everything, showing the last lines, when an app keeps dying as it starts', async () => {
    const one = launch({ BEHAVIOUR_WORKER: 'dies' });
    expect(await one.exit).toBe(1);
    const complaint = one.heard.find((m) => m.complaint)?.complaint;
    expect(complaint).toContain('worker ended 3 times within 30 s (the last time with code 3). Its last lines:');
    expect(complaint).toContain('  no luck today');
    expect(one.postmaster()).toBe(0);
  });

  it('stops cleanly when asked to before it is up', async () => {
    const one = launch();
    await one.message((m) => m.say !== undefined || m.migrated !== undefined);
    one.child.kill('SIGINT');
    expect(await one.exit).toBe(0);
    expect(one.postmaster()).toBe(0);
  });

  it('starts its database again, on the same port, and stops with an error when that keeps dying', async () => {
    const one = launch();
    await one.message((m) => m.ready !== undefined);
    const port = one.postmasterPort();
    for (let end = 1; end <= 3; end++) {
      process.kill(one.postmaster(), 'SIGKILL');
      if (end === 3) break;
      await one.message((m) => m.say === 'PostgreSQL runs again', end);
      expect(one.postmasterPort()).toBe(port);
    }
    expect(await one.exit).toBe(1);
    expect(one.heard.find((m) => m.complaint)?.complaint).toMatch(
      /PostgreSQL ended \(code null\) 3 times: see .*postgres\.log/,
    );
    expect(one.heard).toContainEqual({ say: 'PostgreSQL ended (code null); starting it again in 0.02 s' });
  });

  it('leaves a data folder that another one has alone, and works beside it in its own folder', async () => {
    const first = launch();
    await first.message((m) => m.ready !== undefined);
    const second = launch({ DATA_DIR: first.dataDir });
    expect(await second.exit).toBe(1);
    const complaint = second.heard.find((m) => m.complaint)?.complaint;
    expect(complaint).toContain(`${first.dataDir} is in use by the launcher with pid ${first.child.pid}.`);
    const third = launch();
    await third.message((m) => m.ready !== undefined);
    expect(isAlive(first.postmaster())).toBe(true);
  });

  it('takes over after a launcher that was killed, whose apps end by themselves', async () => {
    const first = launch();
    const { pids } = await first.message((m) => m.ready !== undefined);
    const orphan = first.postmaster();
    first.child.kill('SIGKILL');
    await first.exit;
    const second = launch({ DATA_DIR: first.dataDir });
    await second.message((m) => m.ready !== undefined);
    expect(isAlive(orphan)).toBe(false);
    expect(Object.values(pids!).filter(isAlive)).toEqual([]);
  });

  it('leaves nothing when it is killed', async () => {
    const one = launch({ BEHAVIOUR_WORKER: 'deaf' });
    const { pids } = await one.message((m) => m.ready !== undefined);
    const left = [...Object.values(pids!), one.postmaster()];
    one.child.kill('SIGKILL');
    await one.exit;
    for (const until = performance.now() + 30_000; performance.now() < until && left.some(isAlive);) await delay(50);
    expect(left.filter(isAlive)).toEqual([]);
  });

  it('makes an admin key at the first start, keeps it for the owner alone, and tells only the API of it', async () => {
    const first = launch();
    const [apiKey, localKey] = (await first.message((m) => m.ready !== undefined)).keys!;
    const of = (app: string): string => readFileSync(join(first.dataDir, `${app}.key`), 'utf8');
    expect(localKey).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect([apiKey, of('api'), of('listener'), of('worker')]).toEqual([localKey, localKey, 'none', 'none']);
    expect(statSync(join(first.dataDir, 'api-key')).mode & 0o777).toBe(0o600);
    await first.end();
    const second = launch({ DATA_DIR: first.dataDir });
    expect((await second.message((m) => m.ready !== undefined)).keys).toEqual([localKey, localKey]);
    await second.end();
    const given = 'a-key-that-was-configured-by-somebody';
    const third = launch({ DATA_DIR: first.dataDir, ADMIN_API_KEY: given, NODE_ENV: 'production' });
    expect((await third.message((m) => m.ready !== undefined)).keys![0]).toBe(given);
    expect([of('api'), of('worker')]).toEqual([given, 'none']);
  });

  it('refuses to start in production without a key or an issuer', async () => {
    const one = launch({ NODE_ENV: 'production' });
    expect(await one.exit).toBe(1);
    expect(one.heard[0]?.complaint).toContain('ADMIN_API_KEY is not set, and neither is OIDC_ISSUER');
  });

  it('says which variable is wrong, or which port is taken', async () => {
    const wrong = launch({ PORT: 'http' });
    expect(await wrong.exit).toBe(1);
    expect(wrong.heard[0]?.complaint).toContain('PORT="http" is not a whole number');
    const first = launch({ PORT: String(await freePort()) });
    const { ready } = await first.message((m) => m.ready !== undefined);
    const port = new URL(ready!).port;
    const taken = launch({ PORT: port });
    expect(await taken.exit).toBe(1);
    expect(taken.heard[0]?.complaint).toContain(`PORT=${port} is in use`);
  });
});

/** A launcher in its own process, and what it has said. */
class Launched {
  readonly child: ChildProcess;
  readonly dataDir: string;
  readonly heard: Message[] = [];
  readonly exit: Promise<number | null>;
  private readonly waiting = new Set<() => void>();

  constructor(script: string, env: NodeJS.ProcessEnv & { DATA_DIR: string }) {
    this.dataDir = env.DATA_DIR;
    mkdirSync(this.dataDir, { recursive: true });
    this.child = guarded(() => fork(script, { env, cwd: this.dataDir, detached: true }), 'TERM');
    this.child.on('message', (message: Message) => {
      this.heard.push(message);
      this.waiting.forEach((check) => check());
    });
    this.exit = new Promise((resolve) => this.child.once('exit', (code) => resolve(code)));
  }

  /** The first (or `count`-th) message that fits, waiting for it; rejects when the launcher ends without it. */
  async message(fits: (message: Message) => boolean, count = 1): Promise<Message> {
    const found = () => this.heard.filter(fits)[count - 1];
    const come = new Promise<Message>((resolve) => {
      const check = () => {
        const message = found();
        if (message) resolve(message);
      };
      this.waiting.add(check);
      check();
    });
    const gone = this.exit.then((code) => {
      const last = found();
      if (last) return last;
      throw new Error(`the launcher ended with code ${code}, having said ${JSON.stringify(this.heard)}`);
    });
    return Promise.race([come, gone]);
  }

  /** The pid of the database's server, 0 when none runs. */
  postmaster(): number {
    return this.pidFileLine(0);
  }

  postmasterPort(): number {
    return this.pidFileLine(3);
  }

  private pidFileLine(at: number): number {
    try {
      return Number(readFileSync(join(this.dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[at]);
    } catch {
      return 0;
    }
  }

  async end(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    await this.exit;
  }
}
