import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.js';
import { guarded } from './guard.js';
import { ensureDatabase } from './postgres-admin.js';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { openCluster, serverEnvironment, type Cluster } from './postgres-cluster.js';
import { clearStalePidFile, findPostmaster, stopPostmaster } from './postmaster.js';
import { serverUser, type ServerUser } from './server-user.js';

export interface EmbeddedPostgresOptions {
  /** Holds `postgres/` (the cluster), `postgres.password` and `logs/postgres.log`. Made when missing. */
  readonly dataDir: string;
  /** On 127.0.0.1; unset: a free one. */
  readonly port?: number;
  /** False (for tests): commits outlive a killed server as usual, but not a power cut. */
  readonly durable?: boolean;
  /** 200 by default. */
  readonly maxConnections?: number;
  /** How to treat a server that already runs on the cluster: use it (default), or stop it and start another. */
  readonly running?: 'reuse' | 'restart';
  /** Made if it does not exist; its URL is `url`. */
  readonly database?: string;
  /** More variables for the server's processes, for tests. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** `postgres://…` of the requested database. Holds the password. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** The folder of the cluster: `<dataDir>/postgres`, or another one if the server's user cannot enter that. */
  readonly cluster: string;
  /** It ran before and was not started by this call. */
  readonly reused: boolean;
  /** The user it runs as, when that is not this process's own. */
  readonly user: string | undefined;
  /** Settles when the server has ended, with its exit code; never for a reused one. */
  readonly exited: Promise<number | null>;
  /** The URL of another database of the same server. */
  urlOf(database: string): string;
  /** Fast shutdown; resolves when the process is gone, well within a second. */
  stop(): Promise<void>;
}

const DATABASE = 'task_chain';
const START_TIMEOUT_MS = 30_000;

/**
 * Starts PostgreSQL on 127.0.0.1 from the programs that npm installed, in its own process group, so that
 * Ctrl-C does not reach it. It ends with this process. Works as root too: the server then runs as another user. Rejects with the server's
 * last log lines when it does not come up.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, durable = true, database = DATABASE } = options;
  const user = serverUser(join(dataDir, 'postgres'));
  const binaries = await findPostgresBinaries(user);
  const cluster = await openCluster(dataDir, binaries, user, durable);
  const server = (await reusable(options, cluster)) ?? (await start(options, binaries, cluster, user));
  const urlOf = (name: string) => `postgres://task_chain:${cluster.password}@127.0.0.1:${server.port}/${name}`;
  const stop = () => stopPostmaster(server.pid);
  try {
    await ensureDatabase(urlOf('postgres'), database);
  } catch (error) {
    if (server.child) await stop();
    throw error;
  }
  return {
    url: urlOf(database),
    port: server.port,
    pid: server.pid,
    cluster: cluster.folder,
    reused: !server.child,
    user: user?.name,
    exited: server.child ? exitOf(server.child) : new Promise(() => {}),
    urlOf,
    stop,
  };
}

interface Server {
  readonly pid: number;
  readonly port: number;
  readonly child?: ChildProcess;
}

/** The server that a killed launcher left, or that a running one uses, if it may be used; else none is left. */
async function reusable(options: EmbeddedPostgresOptions, cluster: Cluster): Promise<Server | undefined> {
  let found = findPostmaster(cluster.folder);
  const wanted = options.running !== 'restart' && (options.port === undefined || options.port === found?.port);
  if (found && wanted) {
    const until = performance.now() + 5000;
    while (found && !found.ready && performance.now() < until) {
      await delay(20);
      found = findPostmaster(cluster.folder);
    }
    if (found?.ready) return { pid: found.pid, port: found.port };
  }
  if (found) await stopPostmaster(found.pid);
  clearStalePidFile(cluster.folder);
  return undefined;
}

async function start(
  options: EmbeddedPostgresOptions,
  binaries: PostgresBinaries,
  cluster: Cluster,
  user: ServerUser | undefined,
): Promise<Server> {
  mkdirSync(join(options.dataDir, 'logs'), { recursive: true });
  const logFile = join(options.dataDir, 'logs', 'postgres.log');
  for (let tries = 1; ; tries++) {
    const port = options.port ?? (await freePort());
    const child = spawnServer(binaries.postgres, cluster, user, settings(port, options), logFile, options.env);
    if (await isReady(child, cluster)) return { pid: child.pid!, port, child };
    // A free port can be taken by another process before the server has it.
    if (options.port !== undefined || tries === 3 || !lastLines(logFile).includes('could not bind')) {
      throw new Error(`PostgreSQL did not start on port ${port}; the end of ${logFile}:\n${lastLines(logFile)}`);
    }
  }
}

function settings(port: number, { durable = true, maxConnections = 200 }: EmbeddedPostgresOptions): string[] {
  const values: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: maxConnections,
    timezone: 'UTC',
    log_timezone: 'UTC',
    synchronous_commit: 'on',
    fsync: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function spawnServer(
  postgres: string,
  cluster: Cluster,
  user: ServerUser | undefined,
  args: string[],
  logFile: string,
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const log = openSync(logFile, 'a');
  const as = user ? { uid: user.uid, gid: user.gid } : {};
  try {
    const options: SpawnOptions = {
      ...as,
      cwd: '/',
      env: { ...serverEnvironment(), ...env },
      detached: true,
      stdio: ['ignore', log, log],
    };
    return guarded(() => spawn(postgres, ['-D', cluster.folder, ...args], options), 'INT');
  } finally {
    closeSync(log);
  }
}

/** True once the server takes connections, false if it ends before. A server that does neither is killed. */
async function isReady(child: ChildProcess, cluster: Cluster): Promise<boolean> {
  let ended = false;
  child.once('exit', () => (ended = true));
  child.once('error', () => (ended = true));
  const until = performance.now() + START_TIMEOUT_MS;
  while (!ended && performance.now() < until) {
    const found = findPostmaster(cluster.folder);
    if (found?.pid === child.pid && found?.ready) return true;
    await delay(5);
  }
  if (!ended && child.pid !== undefined) await stopPostmaster(child.pid);
  return false;
}

function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

function lastLines(file: string, count = 15): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
}
