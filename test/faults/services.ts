import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import {
  guarded,
  guardFolder,
  startEmbeddedPostgres,
  withConnection,
  type EmbeddedPostgres,
} from '#libs/local-postgres';
import { migrateQueues } from '#libs/queues';
import { runMigrations } from '#libs/repositories';
import { ensureRedisServer, keptPort, takeBaseBackup } from '#libs/testing';

export type BackendKind = 'redis' | 'postgres';

const TEMPLATE = 'faults_template';

/** A PostgreSQL that flushes to disk and, for that backend, a Redis that keeps nothing: both can be broken at will. */
export class Services {
  private redis: ChildProcess | undefined;
  /** Redis writes what it holds to its append-only file. */
  private appends = false;
  private readonly folderIsGone: () => void;

  private constructor(
    readonly kind: BackendKind,
    readonly folder: string,
    private server: EmbeddedPostgres,
    private readonly redisPath: string | undefined,
    private readonly redisPort: number,
  ) {
    this.folderIsGone = guardFolder(folder);
  }

  /** Why a backend can't be tested here, or false. */
  static async skip(kind: BackendKind): Promise<string | false> {
    if (kind === 'postgres') return false;
    const found = await ensureRedisServer();
    return 'reason' in found ? found.reason : false;
  }

  /** `settings` are PostgreSQL's, beside the ones that the product sets. */
  static async start(kind: BackendKind, settings: Readonly<Record<string, string>> = {}): Promise<Services> {
    const folder = mkdtempSync(join(tmpdir(), 'task-chain-faults-'));
    chmodSync(folder, 0o755);
    const server = await startEmbeddedPostgres({ dataDir: folder, port: await keptPort(), database: TEMPLATE });
    await runMigrations(server.url);
    await migrateQueues(server.url);
    const found = kind === 'redis' ? await ensureRedisServer() : { reason: '' };
    const path = 'path' in found ? found.path : undefined;
    const services = new Services(kind, folder, server, path, await keptPort());
    if (Object.keys(settings).length > 0) await services.alterPostgres(settings);
    if (kind === 'redis') await services.startRedis();
    return services;
  }

  get postgresPort(): number {
    return this.server.port;
  }

  get postgresPid(): number {
    return this.server.pid;
  }

  get redisPid(): number | undefined {
    return this.redis?.pid;
  }

  get redisUrl(): string | undefined {
    return this.kind === 'redis' ? `redis://127.0.0.1:${this.redisPort}` : undefined;
  }

  /** A new database with the schema and no rows; Redis is emptied. */
  async freshDatabase(): Promise<string> {
    const url = await this.createDatabase(TEMPLATE);
    if (this.kind === 'redis') await this.flushRedis();
    return url;
  }

  /** A new database without anything. */
  emptyDatabase(): Promise<string> {
    return this.createDatabase('template0');
  }

  /** Removes a database, whoever is connected to it. */
  async dropDatabase(url: string): Promise<void> {
    const name = new URL(url).pathname.slice(1);
    await this.asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }

  /** As `pg_ctl restart -m immediate`: every session is cut without a word, and the log is replayed. `env` is more for the server. */
  async restartPostgres(env: Readonly<Record<string, string>> = {}): Promise<void> {
    process.kill(this.server.pid, 'SIGQUIT');
    await this.startPostgres(env);
  }

  /** kill -9 of all its processes, and a start. Call it without waiting for anything: they are gone when it returns. */
  restartKilledPostgres(): Promise<void> {
    process.kill(-this.server.pid, 'SIGKILL');
    return this.startPostgres();
  }

  private async startPostgres(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const { port } = this.server;
    await this.server.exited;
    this.server = await startEmbeddedPostgres({ dataDir: this.folder, port, database: TEMPLATE, env });
  }

  /** A copy of all of PostgreSQL as it is now, while it runs: the folder for `restorePostgres`. */
  async backUpPostgres(): Promise<string> {
    const copy = join(this.folder, 'backup');
    rmSync(copy, { recursive: true, force: true });
    await takeBaseBackup(this.server.url, this.server.cluster, copy);
    return copy;
  }

  /** Stops PostgreSQL at once, puts `copy` in the place of what it has, and starts it. */
  async restorePostgres(copy: string): Promise<void> {
    const { port, cluster } = this.server;
    process.kill(this.server.pid, 'SIGQUIT');
    await this.server.exited;
    rmSync(cluster, { recursive: true });
    renameSync(copy, cluster);
    this.server = await startEmbeddedPostgres({ dataDir: this.folder, port, database: TEMPLATE });
  }

  /** Changes a setting of PostgreSQL that needs no restart. */
  async configure(name: string, value: string): Promise<void> {
    await this.asAdmin(`ALTER SYSTEM SET ${name} = '${value}'`);
    await this.asAdmin('SELECT pg_reload_conf()');
  }

  private async createDatabase(template: string): Promise<string> {
    const name = `faults_${randomBytes(4).toString('hex')}`;
    await this.asAdmin(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    return this.server.urlOf(name);
  }

  private async alterPostgres(settings: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(settings)) await this.asAdmin(`ALTER SYSTEM SET ${name} = '${value}'`);
    await this.server.stop();
    this.server = await startEmbeddedPostgres({ dataDir: this.folder, port: this.server.port, database: TEMPLATE });
  }

  private async asAdmin(sql: string): Promise<void> {
    await withConnection(this.server.urlOf('postgres'), (client) => client.query(sql));
  }

  async flushRedis(): Promise<void> {
    await this.withRedis((redis) => redis.flushall());
  }

  async withRedis<T>(use: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.redisUrl!, { lazyConnect: true });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      return await use(redis);
    } finally {
      redis.disconnect();
    }
  }

  /** kill -9: whatever it held is gone. */
  async killRedis(): Promise<void> {
    const child = this.redis!;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** Starts Redis again, empty; whether it is to find what it held after a kill. */
  async keepRedis(keep: boolean): Promise<void> {
    await this.killRedis();
    this.appends = keep;
    rmSync(this.appendFolder, { recursive: true, force: true });
    await this.startRedis();
  }

  /** Cuts this share off the end of the append-only file of a Redis that was killed. */
  truncateAof(share: number): void {
    const [name] = readdirSync(this.appendFolder).filter((file) => file.endsWith('.incr.aof'));
    const file = join(this.appendFolder, name!);
    truncateSync(file, Math.floor(statSync(file).size * (1 - share)));
  }

  private get appendFolder(): string {
    return join(this.folder, 'appendonlydir');
  }

  async startRedis(): Promise<void> {
    const options = ['--port', String(this.redisPort), '--bind', '127.0.0.1', '--save', ''];
    options.push('--appendonly', this.appends ? 'yes' : 'no', '--appendfsync', 'everysec');
    const start = (): ChildProcess => spawn(this.redisPath!, [...options, '--dir', this.folder], { stdio: 'ignore' });
    this.redis = guarded(start, 'KILL');
    const until = performance.now() + 10_000;
    for (;;) {
      try {
        return void (await this.withRedis((redis) => redis.ping()));
      } catch (error) {
        if (performance.now() > until) throw error;
        await delay(10);
      }
    }
  }

  async stop(): Promise<void> {
    this.redis?.kill('SIGKILL');
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    this.folderIsGone();
  }
}
