import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, isPortFree, lockDataDir } from '#libs/local-postgres';
import { requireSignIn, SECRET_NAMES, type Config, type DatabaseLogins, type SecretsConfig } from '#libs/platform';
import { localKey, localLogins, localNodeCa, localSecrets, type LocalKey } from './local-key.js';
import { localUrl, waitUntilReady } from './readiness.js';
import type { RestartPolicy } from './restart-policy.js';
import { SupervisedApp } from './supervised-app.js';
import { SupervisedDatabase } from './supervised-database.js';

/** An app to run; the launcher passes its port in `portVariable`. */
export interface AppDefinition {
  readonly name: string;
  readonly script: string;
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[];
  readonly portVariable: 'PORT' | 'LISTENER_PORT' | 'WORKER_PORT';
}

export interface SystemOptions {
  readonly config: Config;
  readonly apps: readonly AppDefinition[];
  /** Brings the database's schema up to date, and makes the logins of the apps. */
  readonly migrate: (databaseUrl: string, logins: DatabaseLogins | undefined) => Promise<unknown>;
  /** The launcher's own words. */
  readonly say: (words: string) => void;
  /** Each line that an app writes. */
  readonly onLine: (app: string, line: string) => void;
  readonly policy?: RestartPolicy;
  readonly readyTimeoutMs?: number;
}

/** The running system. */
export interface System {
  /** Of the API. */
  readonly url: string;
  /** Opens the API with the role admin; undefined in production where only an OIDC issuer is configured. */
  readonly apiKey: string | undefined;
  /** The same key if this launcher created it. */
  readonly localKey: LocalKey | undefined;
  /** Its database, as the owner of the tables. */
  readonly databaseUrl: string;
  readonly pids: () => Readonly<Record<string, number | undefined>>;
  /** Resolves when it cannot continue: an app or the database keeps ending. */
  readonly failed: Promise<Error>;
}

/** Whose login an app uses. */
const LOGIN_BY_PORT = { PORT: 'api', LISTENER_PORT: 'listener', WORKER_PORT: 'worker' } as const;
const APP_GRACE_MS = 3500;
const READY_TIMEOUT_MS = 60_000;

/**
 * Starts the database (unless DATABASE_URL names one), applies the migrations, starts the apps, and calls `use` once
 * all are ready. When `use` is through, or fails, or `signal` fires, everything is stopped in reverse: apps first,
 * database last. `hurry` kills apps that take their time.
 */
export async function withSystem<T>(
  options: SystemOptions,
  signal: AbortSignal,
  hurry: AbortSignal,
  use: (system: System) => Promise<T>,
): Promise<T> {
  const undo: (() => Promise<void> | void)[] = [];
  try {
    return await use(await start(options, signal, hurry, undo));
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

async function start(
  options: SystemOptions,
  signal: AbortSignal,
  hurry: AbortSignal,
  undo: (() => Promise<void> | void)[],
): Promise<System> {
  const { config, say } = options;
  requireSignIn(config);
  undo.push(lockDataDir(config.dataDir));
  for (const folder of [join(config.dataDir, 'logs'), config.dataRoot, config.artifactRoot]) {
    mkdirSync(folder, { recursive: true });
  }
  const ports = await choosePorts(config);
  const database =
    config.databaseUrl === undefined
      ? await SupervisedDatabase.start({ ...options, dataDir: config.dataDir })
      : undefined;
  if (database) undo.push(() => database.stop());
  const databaseUrl = config.databaseUrl ?? database!.url;
  signal.throwIfAborted();
  const logins = database ? localLogins(config.dataDir, databaseUrl) : config.logins;
  await options.migrate(databaseUrl, logins);
  signal.throwIfAborted();

  const made = config.nodeEnv === 'production' || config.signIn.adminKey ? undefined : localKey(config.dataDir);
  const apiKey = config.signIn.adminKey ?? made?.key;
  const secrets = await localSecrets(config);
  const common = appEnvironment(config, databaseUrl, ports);
  const apps = options.apps.map(({ name, script, nodeOptions, portVariable }) => {
    const whole = {
      ...common,
      ...(logins && { DATABASE_URL: logins[LOGIN_BY_PORT[portVariable]] }),
      // The API seals secrets, the listener passes their names on, the worker opens them.
      ...(portVariable === 'PORT' && {
        ADMIN_API_KEY: apiKey,
        OIDC_CLIENT_SECRET: config.signIn.oidc?.client?.secret,
        ...brokersOf(config),
        SECRETS_PUBLIC_KEY: secrets.publicKey,
        ...localNodeCa(config),
      }),
      ...(portVariable === 'WORKER_PORT' && {
        ...privateKeysOf(secrets),
        ...brokersOf(config),
        ...(config.nodePort !== undefined && localNodeCa(config)),
      }),
    };
    const env = portVariable === 'WORKER_PORT' ? secretsInFiles(whole, join(config.dataDir, 'worker')) : whole;
    const logFile = join(config.dataDir, 'logs', `${name}.log`);
    const onLine = (line: string) => options.onLine(name, line);
    return new SupervisedApp({ name, script, nodeOptions, env, logFile, onLine, say, policy: options.policy });
  });
  undo.push(async () => {
    const kill = () => apps.forEach((app) => app.kill());
    hurry.addEventListener('abort', kill);
    if (hurry.aborted) kill();
    await Promise.all(apps.map((app) => app.stop(APP_GRACE_MS)));
    hurry.removeEventListener('abort', kill);
  });
  const failed = Promise.race([...apps, ...(database ? [database] : [])].map(({ gaveUp }) => gaveUp));

  const timeout = options.readyTimeoutMs ?? READY_TIMEOUT_MS;
  const waiting = new AbortController();
  const either = AbortSignal.any([signal, waiting.signal]);
  const ready = options.apps.map(({ name, portVariable }) =>
    waitUntilReady(name, localUrl(config.host, ports[portVariable]), timeout, either),
  );
  try {
    await Promise.race([Promise.all(ready), failed.then((error) => Promise.reject(error))]);
  } finally {
    waiting.abort();
    await Promise.allSettled(ready);
  }
  const url = localUrl(config.host, ports.PORT);
  // The command line looks here.
  const urlFile = join(config.dataDir, 'url');
  writeFileSync(urlFile, `${url}\n`);
  undo.push(() => rmSync(urlFile, { force: true }));
  const pids = () => Object.fromEntries(options.apps.map(({ name }, i) => [name, apps[i]!.pid]));
  return { url, apiKey, localKey: made, databaseUrl, pids, failed };
}

type Ports = Record<AppDefinition['portVariable'], number>;

async function choosePorts(config: Config): Promise<Ports> {
  const wanted: Ports = { PORT: config.port, LISTENER_PORT: config.listenerPort, WORKER_PORT: config.workerPort };
  for (const [name, port] of Object.entries(wanted) as [keyof Ports, number][]) {
    const free =
      port === 0 || (await isPortFree(config.host, port).catch((error: Error) => explainHost(config, error)));
    if (!free)
      throw new Error(
        `${name}=${port} is in use: stop what listens there, or set ${name} to another (0: any free one)`,
      );
    if (port === 0) wanted[name] = await freePort(config.host);
  }
  return wanted;
}

function explainHost(config: Config, cause: Error): never {
  throw new Error(`can't listen on HOST=${config.host}: ${cause.message}`, { cause });
}

/** Whoever presses Ctrl-C waits for it: the worker's tasks end within the 5 s in which everything does. */
const QUICK_DRAIN_SECONDS = '3';

/** Settings of each app. */
const NOT_COMMON = [
  ...[...SECRET_NAMES].filter((name) => name !== 'REDIS_URL').flatMap((name) => [name, `${name}_FILE`]),
  'SECRETS_PUBLIC_KEY',
];

function privateKeysOf({ privateKeys, symmetricKeys }: SecretsConfig): NodeJS.ProcessEnv {
  const [SECRETS_KEY, SECRETS_KEY_PREVIOUS] = symmetricKeys.map((key) => key.toString('base64'));
  return { SECRETS_PRIVATE_KEY: privateKeys.join('\n') || undefined, SECRETS_KEY, SECRETS_KEY_PREVIOUS };
}

/** The API looks only whether there are some. */
function brokersOf({ celery }: Config): NodeJS.ProcessEnv {
  if (celery === undefined) return {};
  const { brokers } = celery;
  return { CELERY_BROKERS: JSON.stringify(typeof brokers === 'string' ? { '*': brokers } : brokers) };
}

/** Settings of all apps: the launcher's environment, with everything resolved that it chose. */
function appEnvironment(config: Config, databaseUrl: string, ports: Ports): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...Object.fromEntries(NOT_COMMON.map((name) => [name, undefined])),
    HOST: config.host,
    PORT: String(ports.PORT),
    LISTENER_PORT: String(ports.LISTENER_PORT),
    WORKER_PORT: String(ports.WORKER_PORT),
    DATABASE_URL: databaseUrl,
    DATA_DIR: config.dataDir,
    DATA_ROOT: config.dataRoot,
    ARTIFACT_ROOT: config.artifactRoot,
    LOG_LEVEL: config.logLevel,
    SCRIPT_TASKS: config.scriptTasks,
    SECRETFLOW_PYTHON: config.secretflowPython,
    SECRETFLOW_COMPONENTS_PYTHON: config.secretflowComponentsPython,
    SECRETFLOW_COMPONENTS: config.secretflowComponents.join(',') || undefined,
    ENGINE_DEFAULT: config.engineDefault,
    CELERY_QUEUE: config.celery?.queue,
    CELERY_DATA_ROOT: config.celery?.farRoot,
    REMOTE_SLOTS: String(config.remoteSlots),
    PUBLIC_URL: config.publicUrl || localUrl(config.host, ports.PORT),
    WORKER_DRAIN_SECONDS: process.env.WORKER_DRAIN_SECONDS || QUICK_DRAIN_SECONDS,
  };
}

/** An environment without secrets: parties' processes run as the worker's user, which can read the environment it was started with. */
function secretsInFiles(env: NodeJS.ProcessEnv, folder: string): NodeJS.ProcessEnv {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const names = [...SECRET_NAMES].filter((name) => env[name]);
  for (const name of names) writeFileSync(join(folder, name), env[name]!, { mode: 0o600 });
  return {
    ...env,
    ...Object.fromEntries(
      names.flatMap((name) => [[name, undefined] as const, [`${name}_FILE`, join(folder, name)] as const]),
    ),
  };
}
