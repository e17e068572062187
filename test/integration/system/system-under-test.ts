import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, it } from '@jest/globals';
import {
  createTestDatabase,
  noRedis,
  startTestRedis,
  type TestDatabase,
  type TestRedis,
  describeUnless,
} from '#libs/testing';
import { ApiClient, TEST_API_KEY } from './api-client.js';
import { AppProcess, type AppName } from './app-process.js';

export type BackendKind = 'postgres' | 'redis';
export const BACKENDS: readonly BackendKind[] = ['postgres', 'redis'];

const ALL: readonly AppName[] = ['api', 'status-listener', 'compute-worker'];
const SHOWN_LINES = 25;

export interface SystemOptions {
  /** Started at once; the rest is left to the test. */
  readonly apps?: readonly AppName[];
  /** Settings besides those that every app gets. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The real system, as processes: its own database, its own Redis where that carries the jobs, and the apps. */
export class SystemUnderTest {
  readonly apps: AppProcess[] = [];
  api!: ApiClient;
  private database!: TestDatabase;
  private redis: TestRedis | undefined;
  private folder!: string;

  constructor(
    readonly backend: BackendKind,
    private readonly options: SystemOptions = {},
  ) {}

  get databaseUrl(): string {
    return this.database.url;
  }

  get redisUrl(): string | undefined {
    return this.redis?.url;
  }

  get dataRoot(): string {
    return join(this.folder, 'tables');
  }

  get artifactRoot(): string {
    return join(this.folder, 'artifacts');
  }

  async start(): Promise<void> {
    this.folder = mkdtempSync(join(tmpdir(), 'task-chain-system-'));
    for (const name of ['tables', 'artifacts']) mkdirSync(join(this.folder, name));
    this.database = await createTestDatabase();
    if (this.backend === 'redis') this.redis = await startTestRedis();
    await Promise.all((this.options.apps ?? ALL).map((name) => this.startApp(name)));
  }

  /** Starts one more app and waits until it is healthy; `dist` is another folder to start it from than this one. */
  async startApp(name: AppName, env: Readonly<Record<string, string>> = {}, dist?: string): Promise<AppProcess> {
    const app = this.launch(name, env, dist);
    const { url, port } = await app.ready();
    const base = typeof url === 'string' ? url : `http://127.0.0.1:${String(port)}`;
    await this.healthy(name, base);
    if (name === 'api') this.api = new ApiClient(base);
    return app;
  }

  /** Waits until an app that says it is ready answers so. On a busy machine a check may need longer than its second. */
  private async healthy(name: AppName, base: string): Promise<void> {
    for (;;) {
      const health = await fetch(`${base}/health/ready`);
      if (health.ok) return;
      const said = await health.text();
      if (!said.includes('no answer within')) throw new Error(`${name} says ready and is not: ${said}`);
    }
  }

  /** Starts one more app, and does not wait for it. */
  launch(name: AppName, env: Readonly<Record<string, string>> = {}, dist?: string): AppProcess {
    const app = new AppProcess(name, { ...this.environment(), ...this.options.env, ...env }, dist);
    this.apps.push(app);
    return app;
  }

  /** The running app of this name; with several, the first. */
  app(name: AppName): AppProcess {
    const app = this.apps.find((each) => each.name === name && each.running);
    if (app === undefined) throw new Error(`no ${name} is running`);
    return app;
  }

  /** Stops the apps, then removes all there was. Rejects when something did not end cleanly. */
  async stop(): Promise<void> {
    const ends = await Promise.allSettled(this.apps.map((app) => app.stop()));
    await this.redis?.stop();
    const drop = await Promise.allSettled([this.database?.drop()]);
    if (this.folder) rmSync(this.folder, { recursive: true, force: true });
    const faults = [...ends, ...drop].flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
    if (faults.length > 0) throw new AggregateError(faults, faults.map(String).join('\n'));
  }

  /** What the apps last wrote. */
  lastLines(): string {
    return this.apps.map((app) => `--- ${app.name} ${app.pid}\n${app.lines.slice(-SHOWN_LINES).join('\n')}\n`).join('');
  }

  private environment(): NodeJS.ProcessEnv {
    const { PATH, HOME, NODE_V8_COVERAGE } = process.env;
    return {
      PATH,
      HOME,
      NODE_V8_COVERAGE,
      NODE_ENV: 'test',
      LOG_LEVEL: 'info',
      HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: this.databaseUrl,
      REDIS_URL: this.redisUrl ?? '',
      ADMIN_API_KEY: TEST_API_KEY,
      DATA_DIR: this.folder,
      WORKER_CONCURRENCY: '8',
      WORKER_DRAIN_SECONDS: '3',
    };
  }
}

/** Registers a test; when it fails, what the apps last wrote stands beside it. */
export type Check = (name: string, test: (system: SystemUnderTest) => Promise<void>) => void;

/** A suite on a running system, which is started before its tests and must stop cleanly after them. */
export function describeSystem(
  name: string,
  backend: BackendKind,
  options: SystemOptions,
  tests: (check: Check, system: SystemUnderTest) => void,
): void {
  const skip = backend === 'redis' && skipped;
  describeUnless(skip, `${name} (${backend})`, () => {
    const system = new SystemUnderTest(backend, options);
    beforeAll(() => system.start());
    afterAll(() => system.stop());
    const check: Check = (title, test) =>
      void it(title, async () => {
        try {
          await test(system);
        } catch (error) {
          process.stderr.write(`${title} (${backend}):\n${system.lastLines()}`);
          throw error;
        }
      });
    tests(check, system);
  });
}

/** The same suite on each backend. */
export function describeOnBackends(
  name: string,
  options: SystemOptions,
  tests: (check: Check, system: SystemUnderTest) => void,
): void {
  for (const backend of BACKENDS) describeSystem(name, backend, options, tests);
}

const skipped = await noRedis();
