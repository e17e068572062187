import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { readHostPort } from '#libs/network';
import { isPrivateKey, isPublicKey, type SecretsConfig } from '../secrets/secret-sealing.js';
import { readCelery, type CeleryConfig } from './celery-config.js';
import { readKuscia, type KusciaConfig } from './kuscia-config.js';
import { readNodeCa, type NodeCa } from './node-ca.js';
import { ConfigError, ValueReader, type Environment } from './config-values.js';
import { consoleSignInFault, KEY_EXAMPLE, readSignIn, type SignInConfig } from './sign-in-config.js';

const ENGINES = ['native', 'secretflow', 'celery', 'kuscia'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Everything that the environment decides. Folders are absolute; a port of 0 means "any free one". */
export interface Config {
  readonly nodeEnv: 'development' | 'production' | 'test';
  /** Address on which every app listens. */
  readonly host: string;
  readonly port: number;
  readonly listenerPort: number;
  readonly workerPort: number;
  /** Unset only in the launcher, which then starts PostgreSQL itself. */
  readonly databaseUrl: string | undefined;
  /** The logins that `migrate` makes and the launcher gives to each app. None: all apps use `databaseUrl`. */
  readonly logins: DatabaseLogins | undefined;
  /** Set: BullMQ on Redis or Valkey, single, behind Sentinel or as a cluster. Unset: BullMQ on PostgreSQL. */
  readonly redisUrl: string | undefined;
  readonly dataDir: string;
  /** Party `p` reads and writes tables below `<dataRoot>/<p>`. */
  readonly dataRoot: string;
  readonly artifactRoot: string;
  /** Slots of each task type that `concurrencyByType` does not name. */
  readonly workerConcurrency: number;
  /** Runs that only wait for others, and hold no slot of their type. */
  readonly remoteSlots: number;
  /** Slots by task type in lower case, e.g. `{psi: 1}`. */
  readonly concurrencyByType: Readonly<Record<string, number>>;
  /** The task types that a worker runs; undefined: all. */
  readonly workerTypes: readonly string[] | undefined;
  readonly logLevel: LogLevel;
  /** Whether the `diagnostic` task type is offered. */
  readonly diagnosticTasks: boolean;
  /** How long a stopping worker lets its tasks finish. */
  readonly workerDrainSeconds: number;
  /** Finished chains are removed after this many days; 0 keeps them for ever. */
  readonly retentionDays: number;
  /** Requests that one address may send the API, a second; 0: as many as it likes. */
  readonly rateLimit: number;
  /** Chains are refused while this many tasks of all tenants wait; 0: never. */
  readonly maxWaitingTasks: number;
  /** Whether webhooks may go to private addresses, loopback among them. */
  readonly webhooksToPrivate: boolean;
  /** Whether `http` tasks may call private addresses. */
  readonly httpTasksToPrivate: boolean;
  /** The commands that `script` tasks may run, as JSON, or the file of them; undefined where none may. */
  readonly scriptTasks: string | undefined;
  /** The Python of an environment with SPU; undefined where the engine `secretflow` is not set up. */
  readonly secretflowPython: string | undefined;
  /** The Python of an environment with SecretFlow's components; undefined where they are not set up. */
  readonly secretflowComponentsPython: string | undefined;
  /** Components that run though nobody has reviewed what they send, by id. */
  readonly secretflowComponents: readonly string[];
  /** The brokers of fleets of Celery workers; undefined where the engine `celery` is not set up. */
  readonly celery: CeleryConfig | undefined;
  /** The nodes of Kuscia; undefined where the engine `kuscia` is not set up. */
  readonly kuscia: KusciaConfig | undefined;
  /** The engine of tasks that name none, of tenants that have no other. */
  readonly engineDefault: (typeof ENGINES)[number];
  /** Where users reach the API, without a slash at the end: links in webhooks begin with it. Empty: they are paths. */
  readonly publicUrl: string;
  readonly signIn: SignInConfig;
  readonly secrets: SecretsConfig;
  /** What admits sites of parties; undefined: none can join. */
  readonly nodeCa: NodeCa | undefined;
  /** Where a worker listens for sites; undefined: it does not. */
  readonly nodePort: number | undefined;
  /** `host:port` of each relay, where sites that cannot reach each other meet; none: where they are connected. */
  readonly nodeRelays: readonly string[];
}

/** A PostgreSQL URL for each app: of a login that is a member of the app's role and nothing more. */
export interface DatabaseLogins {
  readonly api: string;
  readonly listener: string;
  readonly worker: string;
}

/** The configuration of an app: the database is known. */
export interface AppConfig extends Config {
  readonly databaseUrl: string;
}

const PREFIX = 'WORKER_CONCURRENCY_';
const SLOTS_MEND = 'Set the number of tasks of one type that a worker runs at once, e.g. 4.';
const PAIR_EXAMPLE = 'task-chain secrets keygen';
const LOGIN_EXAMPLE = 'postgres://login:password@host:5432/task_chain';
const PUBLIC_EXAMPLE = 'PUBLIC_URL=https://chains.example.com';
const DATABASE_EXAMPLE = 'DATABASE_URL=postgres://user:password@host:5432/task_chain';

/** Slots of each task type when nothing is set: one per core, 2 to 16. Each busy slot may use a whole core. */
export function defaultWorkerConcurrency(cores = availableParallelism()): number {
  return Math.min(16, Math.max(2, cores));
}

/** Reads the whole configuration. Throws one ConfigError that lists every wrong variable. */
export function readConfig(env: Environment = process.env): Config {
  const reader = new ValueReader(env);
  const config = read(reader, env);
  if (reader.faults.length > 0) throw new ConfigError(reader.faults);
  return config;
}

/** As readConfig, for an app started by itself: DATABASE_URL must be there. */
export function readAppConfig(env: Environment = process.env): AppConfig {
  const reader = new ValueReader(env);
  const { databaseUrl, ...config } = read(reader, env);
  if (reader.text('DATABASE_URL') === undefined && !reader.faults.some((fault) => fault.startsWith('DATABASE_URL'))) {
    reader.faults.push(`DATABASE_URL is not set. Write ${DATABASE_EXAMPLE}, or use npm start, which brings its own.`);
  }
  if (databaseUrl === undefined || reader.faults.length > 0) throw new ConfigError(reader.faults);
  return Object.freeze({ ...config, databaseUrl });
}

/** Throws ConfigError in production without an admin key and an issuer: no user could sign in. */
export function requireSignIn({ nodeEnv, signIn }: Config): void {
  if (nodeEnv !== 'production' || signIn.adminKey !== undefined || signIn.oidc !== undefined) return;
  throw new ConfigError([
    `ADMIN_API_KEY is not set, and neither is OIDC_ISSUER: in production no user could sign in. Make a key by ${KEY_EXAMPLE}.`,
  ]);
}

/** Throws ConfigError where the issuer could sign nobody in to the console, although it is told to. */
export function requireConsoleSignIn({ nodeEnv, publicUrl, signIn }: Config): void {
  const fault = consoleSignInFault(signIn, publicUrl, nodeEnv === 'production');
  if (fault !== undefined) throw new ConfigError([fault]);
}

/** Throws ConfigError in production where the API could open what it seals: only workers may. */
export function requireNoPrivateKey({ nodeEnv, secrets }: Config): void {
  if (nodeEnv !== 'production' || (secrets.privateKeys.length === 0 && secrets.symmetricKeys.length === 0)) return;
  throw new ConfigError([
    'SECRETS_PRIVATE_KEY, SECRETS_KEY or SECRETS_KEY_PREVIOUS is set: they open secrets, which only workers may. Take them away from the API and give it SECRETS_PUBLIC_KEY.',
  ]);
}

/** As readAppConfig, for an app's first line: wrong configuration ends the process with its message and nothing else. */
export function configOrExit(...checks: readonly ((config: AppConfig) => void)[]): AppConfig {
  try {
    const config = readAppConfig();
    for (const check of checks) check(config);
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** The number of tasks of `type` that a worker runs at once. `WORKER_CONCURRENCY_SS_LR` sets it for type `ss_lr` or `ss-lr`. */
export function concurrencyOf(config: Config, type: string): number {
  return config.concurrencyByType[type.toLowerCase().replace(/[^a-z0-9]/g, '_')] ?? config.workerConcurrency;
}

/** Adds the variables of a `.env` file to the environment; what is already set stays. No file: nothing happens. */
export function loadEnvFile(file = resolve('.env'), env: NodeJS.ProcessEnv = process.env): void {
  if (!existsSync(file)) return;
  for (const [name, value] of Object.entries(parseEnv(readFileSync(file, 'utf8')))) env[name] ??= value;
}

function read(reader: ValueReader, env: Environment): Config {
  const port = (name: string, fallback: number) =>
    reader.integer(
      name,
      fallback,
      0,
      65_535,
      `Set a port number, e.g. ${name}=${fallback || 3001}, or 0 for a free one.`,
    );
  const dataDir = resolve(reader.text('DATA_DIR') ?? '.data');
  const dataRoot = resolve(reader.text('DATA_ROOT') ?? join(dataDir, 'tables'));
  const nodeEnv = reader.choice('NODE_ENV', 'development', ['development', 'production', 'test']);
  const production = nodeEnv === 'production';
  return Object.freeze({
    nodeEnv,
    host: readHost(reader),
    port: port('PORT', 3000),
    listenerPort: port('LISTENER_PORT', 0),
    workerPort: port('WORKER_PORT', 0),
    databaseUrl: reader.url('DATABASE_URL', ['postgres:', 'postgresql:'], true, DATABASE_EXAMPLE),
    logins: readLogins(reader),
    redisUrl: reader.redisUrl('REDIS_URL'),
    dataDir,
    dataRoot,
    artifactRoot: resolve(reader.text('ARTIFACT_ROOT') ?? join(dataDir, 'artifacts')),
    workerConcurrency: reader.integer('WORKER_CONCURRENCY', defaultWorkerConcurrency(), 1, 1024, SLOTS_MEND),
    remoteSlots: reader.integer('REMOTE_SLOTS', 8, 0, 1024, SLOTS_MEND),
    concurrencyByType: readConcurrencyByType(reader, env),
    workerTypes: reader
      .text('WORKER_TYPES')
      ?.split(',')
      .map((type) => type.trim())
      .filter(Boolean),
    logLevel: reader.choice('LOG_LEVEL', 'info', LOG_LEVELS),
    diagnosticTasks: reader.choice('DIAGNOSTIC_TASKS', production ? 'off' : 'on', ['on', 'off']) === 'on',
    workerDrainSeconds: reader.integer(
      'WORKER_DRAIN_SECONDS',
      20,
      0,
      86_400,
      'Set the seconds that a stopping worker lets its tasks finish.',
    ),
    retentionDays: reader.integer(
      'RETENTION_DAYS',
      0,
      0,
      36_500,
      'Set the days to keep finished chains, or 0 for ever.',
    ),
    rateLimit: reader.integer(
      'RATE_LIMIT',
      1_000,
      0,
      1_000_000,
      'Set requests a second of one address, or 0 for no limit.',
    ),
    maxWaitingTasks: reader.integer(
      'MAX_WAITING_TASKS',
      1_000_000,
      0,
      1_000_000_000,
      'Set the tasks that may wait in all, or 0 for no limit.',
    ),
    webhooksToPrivate: reader.choice('WEBHOOK_ALLOW_PRIVATE', 'off', ['on', 'off']) === 'on',
    httpTasksToPrivate: reader.choice('HTTP_TASK_ALLOW_PRIVATE', 'off', ['on', 'off']) === 'on',
    scriptTasks: reader.text('SCRIPT_TASKS'),
    ...readEngines(reader, dataRoot),
    publicUrl: (reader.url('PUBLIC_URL', ['https:', 'http:'], false, PUBLIC_EXAMPLE) ?? '').replace(/\/+$/, ''),
    signIn: readSignIn(reader, production),
    secrets: readSecrets(reader),
    nodeCa: readNodeCa(reader, KEY_EXAMPLE),
    nodePort: reader.text('NODE_PORT') === undefined ? undefined : port('NODE_PORT', 7444),
    nodeRelays: readRelays(reader),
  });
}

function readRelays(reader: ValueReader): readonly string[] {
  const text = reader.text('NODE_RELAYS');
  const relays = text?.split(',').map((each) => each.trim()) ?? [];
  if (relays.every((each) => readHostPort(each) !== undefined)) return relays;
  reader.wrong('NODE_RELAYS', text!, 'is no list of addresses', 'Write host:port, with commas between several.');
  return [];
}

function readEngines(
  reader: ValueReader,
  dataRoot: string,
): Pick<
  Config,
  'secretflowPython' | 'secretflowComponentsPython' | 'secretflowComponents' | 'celery' | 'kuscia' | 'engineDefault'
> {
  const secretflowPython = reader.text('SECRETFLOW_PYTHON');
  const celery = readCelery(reader, dataRoot);
  const engineDefault = reader.choice('ENGINE_DEFAULT', 'native', ENGINES);
  if (engineDefault === 'secretflow' && secretflowPython === undefined) {
    const mend = 'Run npm run engine:secretflow, and set SECRETFLOW_PYTHON as it says.';
    reader.wrong('ENGINE_DEFAULT', engineDefault, 'is not set up', mend);
  }
  if (engineDefault === 'celery' && celery === undefined)
    reader.wrong('ENGINE_DEFAULT', engineDefault, 'is not set up', 'Set CELERY_BROKERS.');
  const kuscia = readKuscia(reader, dataRoot);
  if (engineDefault === 'kuscia' && kuscia === undefined)
    reader.wrong('ENGINE_DEFAULT', engineDefault, 'is not set up', 'Set KUSCIA_API.');
  const secretflowComponentsPython = reader.text('SECRETFLOW_COMPONENTS_PYTHON');
  if (secretflowComponentsPython !== undefined && secretflowPython === undefined) {
    const mend = 'Set SECRETFLOW_PYTHON as well: npm run engine:secretflow -- --components prints both.';
    reader.wrong('SECRETFLOW_COMPONENTS_PYTHON', secretflowComponentsPython, 'stands alone', mend);
  }
  const secretflowComponents = readComponents(reader);
  return { secretflowPython, secretflowComponentsPython, secretflowComponents, celery, kuscia, engineDefault };
}

/** `domain/name:version`, as GET /task-types lists them. */
const COMPONENT_ID = /^[a-z_.]+\/[a-z_]+:\d+\.\d+\.\d+$/;

function readComponents(reader: ValueReader): readonly string[] {
  const text = reader.text('SECRETFLOW_COMPONENTS');
  const ids = text?.split(',').map((each) => each.trim()) ?? [];
  if (ids.every((id) => COMPONENT_ID.test(id))) return ids;
  const mend = 'Write domain/name:version, with commas between several.';
  reader.wrong('SECRETFLOW_COMPONENTS', text!, 'is no list of components', mend);
  return [];
}

function readLogins(reader: ValueReader): DatabaseLogins | undefined {
  const url = (part: string) =>
    reader.url(`DATABASE_URL_${part}`, ['postgres:', 'postgresql:'], true, `DATABASE_URL_${part}=${LOGIN_EXAMPLE}`);
  const api = url('API');
  const listener = url('LISTENER');
  const worker = url('WORKER');
  if (api && listener && worker) return { api, listener, worker };
  if (api || listener || worker) {
    reader.faults.push('DATABASE_URL_API, DATABASE_URL_LISTENER and DATABASE_URL_WORKER go together: set all three.');
  }
  return undefined;
}

function readSecrets(reader: ValueReader): SecretsConfig {
  const publicKey = reader.text('SECRETS_PUBLIC_KEY');
  if (publicKey !== undefined && !isPublicKey(publicKey)) {
    // Not shown: it may be the private key, in the wrong place.
    reader.faults.push(`SECRETS_PUBLIC_KEY is not a public key of age (age1…). Make a pair by ${PAIR_EXAMPLE}.`);
  }
  // As age-keygen writes files: comments, and a key on each line.
  const lines = reader.text('SECRETS_PRIVATE_KEY')?.split(/[\n,]/) ?? [];
  const privateKeys = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  if (!privateKeys.every(isPrivateKey)) {
    reader.faults.push(
      `SECRETS_PRIVATE_KEY holds something else than private keys of age, one a line. Make a pair by ${PAIR_EXAMPLE}.`,
    );
  }
  const keys = ['SECRETS_KEY', 'SECRETS_KEY_PREVIOUS'].map((name) => reader.key(name, KEY_EXAMPLE));
  const symmetricKeys = keys.filter((key) => key !== undefined);
  return Object.freeze({ ...(publicKey !== undefined && { publicKey }), privateKeys, symmetricKeys });
}

function readHost(reader: ValueReader): string {
  const host = reader.text('HOST') ?? '127.0.0.1';
  if (!/^[A-Za-z0-9._:-]+$/.test(host)) {
    reader.wrong('HOST', host, 'is not a host name or address', 'Set e.g. 127.0.0.1, or 0.0.0.0 for every interface.');
  }
  return host;
}

function readConcurrencyByType(reader: ValueReader, env: Environment): Readonly<Record<string, number>> {
  const slots: Record<string, number> = {};
  for (const name of Object.keys(env).filter((key) => key.startsWith(PREFIX))) {
    const number = reader.integer(name, 0, 1, 1024, SLOTS_MEND);
    if (number > 0) slots[name.slice(PREFIX.length).toLowerCase()] = number;
  }
  return Object.freeze(slots);
}
