import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Backend, StatusChannel, TaskQueues } from '#libs/queues';
import { openTestQueues, type TestQueues } from '#libs/testing';
import { AppProcess, type Crash, type Role } from './app-process.js';
import type { BackendKind, Services } from './services.js';

const API_KEY = 'the-admin-key-of-tests-and-of-nothing-else';
/** The header of a request to a system's API. */
export const SIGNED = { authorization: `Bearer ${API_KEY}` };

export interface SystemOptions {
  readonly apis?: number;
  readonly listeners?: number;
  readonly workers?: number;
  /** Tasks that each worker runs at once. */
  readonly slots?: number;
  /** Replaces the database's URL for processes of one role: a way through a proxy. */
  readonly databaseUrlOf?: (role: Role, url: string) => string;
  /** The same for Redis. */
  readonly redisUrlOf?: (role: Role, url: string) => string;
  /** More variables for one process, for its first start only. */
  readonly firstStart?: (name: string) => NodeJS.ProcessEnv;
  /** Unset: that of the services. */
  readonly backend?: BackendKind;
  /** More variables for every process. */
  readonly env?: NodeJS.ProcessEnv;
  /** The built files that every process starts from; unset: those of this build. */
  readonly dist?: string;
  /** Changes the database before the first process starts. */
  readonly prepare?: (databaseUrl: string) => Promise<void>;
  /** Options for Node of one process, such as `--cpu-prof`. */
  readonly nodeOptionsOf?: (name: string) => readonly string[];
}

/** Apps as processes over a fresh database, and what a test looks at them with. */
export class System {
  readonly apis: AppProcess[] = [];
  readonly listeners: AppProcess[] = [];
  readonly workers: AppProcess[] = [];
  readonly db: pg.Pool;
  readonly backend: Backend;
  readonly channel: StatusChannel;
  readonly queues: TaskQueues;

  private constructor(
    readonly services: Services,
    readonly databaseUrl: string,
    private readonly redisUrl: string | undefined,
    private readonly opened: TestQueues,
    private readonly options: SystemOptions,
  ) {
    this.db = new pg.Pool({
      connectionString: databaseUrl,
      max: 6,
      connectionTimeoutMillis: 5_000,
      application_name: 'faults',
    });
    this.db.on('error', () => undefined);
    this.db.on('connect', (client) => client.on('error', () => undefined));
    ({ backend: this.backend, channel: this.channel, queues: this.queues } = opened);
  }

  static async start(services: Services, options: SystemOptions = {}): Promise<System> {
    const databaseUrl = await services.freshDatabase();
    await options.prepare?.(databaseUrl);
    const redisUrl = options.backend === 'postgres' ? undefined : services.redisUrl;
    const opened = await openTestQueues({ redisUrl, databaseUrl, maxConnections: 16 });
    const system = new System(services, databaseUrl, redisUrl, opened, options);
    const { apis = 1, listeners = 2, workers = 2, slots = 8 } = options;
    for (let i = 0; i < apis; i++) system.add(system.apis, 'api', slots);
    for (let i = 0; i < listeners; i++) system.add(system.listeners, 'status-listener', slots);
    for (let i = 0; i < workers; i++) system.add(system.workers, 'compute-worker', slots);
    try {
      await Promise.all(system.all.map((app) => app.start(options.firstStart?.(app.name))));
      await Promise.all(system.all.map((app) => app.ready()));
    } catch (error) {
      await system.stop();
      throw error;
    }
    return system;
  }

  /** One worker more. */
  async addWorker(slots: number): Promise<AppProcess> {
    const worker = this.add(this.workers, 'compute-worker', slots);
    await worker.start();
    await worker.ready();
    return worker;
  }

  get all(): AppProcess[] {
    return [...this.apis, ...this.listeners, ...this.workers];
  }

  /** Unexpected ends. */
  get crashes(): Crash[] {
    return this.all.flatMap((app) => app.crashes);
  }

  /** Rows of one statement; tried again while the database is away. */
  async rows<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
    for (let attempt = 0; ; attempt++) {
      try {
        return (await this.db.query<Row>(sql, values)).rows;
      } catch (error) {
        const { code } = error as { code?: string };
        const bug = code !== undefined && /^(22|23|42)/.test(code);
        if (bug || attempt > 100) throw error;
        await delay(100);
      }
    }
  }

  async count(sql: string, values: unknown[] = []): Promise<number> {
    return Number((await this.rows<{ n: string }>(`SELECT count(*) AS n FROM (${sql}) AS counted`, values))[0]!.n);
  }

  /** Waits until `check` holds, looking every `everyMs`; false after `timeoutMs`. */
  async until(check: () => Promise<boolean>, timeoutMs: number, everyMs = 50): Promise<boolean> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      if (await check()) return true;
      if (performance.now() > end) return false;
      await delay(everyMs);
    }
  }

  /** Waits until every one of these chains has ended; false after `timeoutMs`. */
  allEnded(chainIds: readonly string[], timeoutMs: number): Promise<boolean> {
    const sql = `SELECT FROM task_chains WHERE chain_id = ANY ($1) AND status NOT IN ('SUCCESS','FAILURE','CANCELLED')`;
    return this.until(async () => (await this.count(sql, [chainIds])) === 0, timeoutMs, 100);
  }

  private add(list: AppProcess[], role: Role, slots: number): AppProcess {
    const same = (_: Role, url: string): string => url;
    const { databaseUrlOf = same, redisUrlOf = same, nodeOptionsOf = () => [], env: more } = this.options;
    const name = `${role}-${list.length + 1}`;
    const env: NodeJS.ProcessEnv = {
      PATH: process.env.PATH,
      NODE_ENV: 'test',
      LOG_LEVEL: 'warn',
      DATABASE_URL: databaseUrlOf(role, this.databaseUrl),
      DATA_DIR: this.services.folder,
      ADMIN_API_KEY: API_KEY,
      RATE_LIMIT: '1000000',
      WORKER_CONCURRENCY: '1',
      WORKER_CONCURRENCY_DIAGNOSTIC: String(slots),
      ...(this.redisUrl !== undefined && { REDIS_URL: redisUrlOf(role, this.redisUrl) }),
      ...more,
    };
    const app = new AppProcess(role, name, env, join(this.services.folder, `${name}.log`), nodeOptionsOf(name));
    if (this.options.dist !== undefined) app.dist = this.options.dist;
    list.push(app);
    return app;
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await Promise.all(this.all.filter((app) => app.pid > 0).map((app) => app.stop(signal)));
    await this.opened.close();
    await this.db.end();
  }
}
