import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { makeRunners, type Finding } from '#libs/compute';
import { findPostgresBinaries } from '#libs/local-postgres';
import { ConfigError, consoleSignInFault, discoverIssuer, loadEnvFile, readConfig, type Config } from '#libs/platform';

// `npm run doctor`: what this machine has for the engines and the system, what is missing, and what to install. Exit code 1
// when something is missing that is needed.
const run = promisify(execFile);

/** The version that a program reports; undefined if it does not run. */
async function versionOf(path: string): Promise<string | undefined> {
  const said = await run(path, ['--version']).catch(() => undefined);
  return said && (/\d+(\.\d+)+/.exec(said.stdout + said.stderr)?.[0] ?? 'of no version');
}

/** The first of these programs that is on the PATH. */
async function program(...names: string[]): Promise<string | null> {
  for (const name of names) {
    const version = await versionOf(name);
    if (version !== undefined) return `${name} ${version}`;
  }
  return null;
}

/** A folder, or the nearest one above it that exists, may be written to. */
async function writable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    return true;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(folder) !== folder;
    return missing && writable(dirname(folder));
  }
}

async function needed(config: Config): Promise<Finding[]> {
  const { dataRoot, artifactRoot, databaseUrl } = config;
  const findings: Finding[] = [
    { what: 'Node.js', found: process.versions.node, mend: '' },
    {
      what: 'PostgreSQL',
      found: databaseUrl === undefined ? await embeddedPostgres() : 'DATABASE_URL',
      mend: 'run npm ci for the embedded one, or set DATABASE_URL to a server of your own',
    },
  ];
  for (const [what, folder] of Object.entries({ DATA_ROOT: dataRoot, ARTIFACT_ROOT: artifactRoot })) {
    const found = (await writable(folder)) ? folder : null;
    findings.push({ what, found, mend: `${folder} cannot be written to: give this user the right, or set ${what}` });
  }
  for (const engine of makeRunners(config).filter(({ unset }) => unset === undefined)) {
    for (const finding of await engine.needs())
      findings.push({ ...finding, what: `engine ${engine.name}: ${finding.what}` });
  }
  if (config.celery !== undefined || config.kuscia !== undefined) {
    const found = `${config.remoteSlots} tasks of a worker wait for fleets and nodes beside its slots`;
    findings.push({ what: 'REMOTE_SLOTS', found, mend: '' });
  }
  return [...findings, ...(await issuer(config))];
}

/** Whether the OpenID Connect issuer answers as it must, and where it is to sign people in to the console, whether it can. */
async function issuer({ nodeEnv, publicUrl, signIn }: Config): Promise<Finding[]> {
  const { oidc } = signIn;
  if (oidc === undefined) return [];
  const found = await discoverIssuer(oidc.issuer).catch((error: Error) => error.message);
  if (typeof found === 'string') return [{ what: 'OIDC_ISSUER', found: null, mend: `${found}: check the address` }];
  const named: Finding = { what: 'OIDC_ISSUER', found: oidc.issuer, mend: '' };
  if (oidc.client === undefined) return [named];
  const methods = found.code_challenge_methods_supported;
  const lacks = [
    ...(found.authorization_endpoint && found.token_endpoint ? [] : ['no authorization_endpoint or token_endpoint']),
    ...(methods === undefined || methods.includes('S256') ? [] : ['no PKCE by S256']),
  ];
  const mend =
    lacks.length > 0
      ? `the issuer has ${lacks.join(' and ')}: choose a client of one that has, or unset OIDC_CLIENT_ID`
      : // npm start knows its own address, and makes a key.
        publicUrl === ''
        ? undefined
        : consoleSignInFault({ ...signIn, adminKey: signIn.adminKey ?? 'made' }, publicUrl, nodeEnv === 'production');
  const at = `${publicUrl || 'the address of npm start'}/api/v1/session/oidc/callback`;
  const client = {
    what: 'OIDC_CLIENT_ID',
    found: mend === undefined ? `${oidc.client.id}, which comes back to ${at}` : null,
  };
  return [named, { ...client, mend: mend ?? '' }];
}

async function useful(config: Config): Promise<Finding[]> {
  const engines = makeRunners(config).flatMap(({ name, unset }) =>
    unset === undefined
      ? []
      : [
          {
            what: `engine ${name}`,
            found: null,
            mend: `nobody needs it: ${name === 'secretflow' ? 'run npm run engine:secretflow, and ' : ''}set ${unset}`,
          },
        ],
  );
  return [
    ...engines,
    {
      what: 'Redis or Valkey',
      found: config.redisUrl === undefined ? await program('valkey-server', 'redis-server') : 'REDIS_URL',
      mend: 'without one the queue lies in PostgreSQL, which is slower: install valkey-server, set REDIS_URL',
    },
    {
      what: 'age',
      found: await program('age', 'rage'),
      mend: 'opens what the type encrypt makes: install age on the machine that holds the private key',
    },
  ];
}

async function embeddedPostgres(): Promise<string | null> {
  const binaries = await findPostgresBinaries(undefined).catch(() => undefined);
  const version = binaries && (await versionOf(binaries.postgres));
  return version === undefined ? null : `embedded ${version}`;
}

function line({ what, found, mend }: Finding, missing: string): string {
  return found === null ? `${missing.padEnd(8)}${what}: ${mend}` : `${'found'.padEnd(8)}${what}: ${found}`;
}

async function doctor(): Promise<boolean> {
  loadEnvFile();
  const config = readConfig();
  const must = await needed(config);
  const may = await useful(config);
  const lines = [...must.map((each) => line(each, 'MISSING')), ...may.map((each) => line(each, 'none'))];
  const healthy = must.every(({ found }) => found !== null);
  const ready = makeRunners(config).flatMap(({ name, unset }) => (unset === undefined ? [name] : []));
  lines.push(healthy ? `ready: engines ${ready.join(', ')}` : 'not ready: see MISSING');
  process.stdout.write(`${lines.join('\n')}\n`);
  return healthy;
}

try {
  process.exitCode = (await doctor()) ? 0 : 1;
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
