import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { DockerfileParser, type Copy, type From } from 'dockerfile-ast';
import { validate, ValidationSeverity } from 'dockerfile-utils';
import { parse } from 'yaml';
import { SECRET_NAMES } from '#libs/platform';
import { variables } from './variables.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

describe('docker/Dockerfile', () => {
  const text = read('docker/Dockerfile');
  const dockerfile = DockerfileParser.parse(text);
  const last = (keyword: string): string[] => {
    const found = dockerfile.getInstructions().filter((each) => each.getKeyword() === keyword);
    return found.at(-1)!.getArguments().map(String);
  };

  it('has no fault that a linter sees', () => {
    const settings = {
      deprecatedMaintainer: ValidationSeverity.ERROR,
      instructionWorkdirRelative: ValidationSeverity.ERROR,
    };
    expect(validate(text, settings).map(({ message }) => message)).toEqual([]);
  });

  it('takes a Node that package.json allows, of one version', () => {
    const [, version] = /^ARG NODE_IMAGE=node:(24\.\d+\.\d+)-bookworm-slim$/m.exec(text) ?? [];
    expect(Number(version?.split('.')[1])).toBeGreaterThanOrEqual(11);
  });

  it('copies what is there and what .dockerignore lets through', () => {
    const let_ = read('.dockerignore')
      .split('\n')
      .filter((row) => row.startsWith('!'))
      .map((row) => row.slice(1));
    const copies = dockerfile.getCOPYs().filter((copy: Copy) => copy.getFlags().length === 0);
    const sources = copies.flatMap((copy) => copy.getArguments().slice(0, -1).map(String));
    expect(sources.length).toBeGreaterThan(8);
    for (const source of sources)
      expect([source, existsSync(join(ROOT, source)), let_.includes(source)]).toEqual([source, true, true]);
    const stages = dockerfile.getFROMs().map((from: From) => from.getBuildStage());
    const from = dockerfile
      .getCOPYs()
      .flatMap((copy) => copy.getFlags())
      .map((flag) => flag.getValue());
    expect(from.filter((stage) => !stages.includes(stage))).toEqual([]);
  });

  it('copies what the build stage compiles: every alias and every folder of tsconfig.json', () => {
    const [build] = dockerfile.getFROMs();
    const end = dockerfile.getFROMs()[1]!.getRange().start.line;
    expect(build!.getBuildStage()).toBe('build');
    const copied = dockerfile
      .getCOPYs()
      .filter((copy) => copy.getRange().start.line < end)
      .flatMap((copy) => copy.getArguments().slice(0, -1).map(String));
    const { compilerOptions, include } = JSON.parse(read('tsconfig.json')) as {
      compilerOptions: { paths: Record<string, string[]> };
      include: string[];
    };
    const aliases = Object.values((JSON.parse(read('package.json')) as { imports: Record<string, string> }).imports);
    const sources = [
      ...include,
      ...Object.values(compilerOptions.paths).flat(),
      ...aliases.map((path) => path.replace('/dist/', '/')),
    ].map((path) => path.replace(/^\.\//, '').replace(/\/?\*.*/, ''));
    const missing = sources.filter((path) => !copied.some((each) => path === each || path.startsWith(`${each}/`)));
    // Tests, benchmark and development tools are in tsconfig.json and not in the image.
    expect(missing).toEqual(['test', 'bench', 'tools']);
  });

  it('runs as a user by number, without a shell, and knows its health', () => {
    expect(last('USER')).toEqual(['10001:10001']);
    expect(JSON.parse(last('ENTRYPOINT').join(' '))).toEqual(['node', '--enable-source-maps', 'docker/entrypoint.mjs']);
    expect(last('HEALTHCHECK').join(' ')).toContain('["node", "docker/healthcheck.mjs"]');
  });

  it('sets variables that there are', () => {
    const names = dockerfile.getENVs().flatMap((env) => env.getProperties().map((property) => property.getName()));
    expect(names.filter((name) => !variables.has(name))).toEqual([]);
  });

  describe('the image with SecretFlow', () => {
    const stage = (name: string): string =>
      text.split(/^(?=FROM )/m).find((each) => each.split('\n')[0]!.endsWith(` AS ${name}`))!;

    it('is built by its name alone: without a target there is no Python', () => {
      const last_ = text
        .split(/^(?=FROM )/m)
        .at(-1)!
        .trim();
      expect(last_).toBe('FROM runtime');
      expect(stage('runtime')).not.toMatch(/python/i);
      expect(stage('secretflow').split('\n')[0]).toBe('FROM runtime AS secretflow');
      // As the account of the other one.
      expect([...stage('secretflow').matchAll(/^USER (.+)$/gm)].at(-1)![1]).toBe('10001:10001');
    });

    it('takes the locks that are there, of its Python, by hashes alone, and names both environments', () => {
      const [, tag] = /^ARG PYTHON_IMAGE=python:3\.(10)\.\d+-slim-bookworm$/m.exec(text)!;
      const packages = stage('secretflow-packages');
      const installs = [...packages.matchAll(/(\S+)\/bin\/pip install ([^&]+?)-r \/(\S+)/g)];
      expect(installs.map(([, venv]) => venv)).toEqual(['/opt/engines/spu', '/opt/engines/components']);
      for (const [, venv, options, lock] of installs) {
        expect(packages).toContain(`python3.${tag!} -m venv ${venv!} `);
        expect(options).toContain('--require-hashes --no-deps --only-binary :all:');
        expect([lock, existsSync(join(ROOT, lock!)), lock!.endsWith(`cp3${tag!}.lock`)]).toEqual([lock, true, true]);
      }
      expect(stage('secretflow')).toContain('COPY --from=secretflow-packages /opt/engines /opt/engines');
      const named = [...stage('secretflow').matchAll(/(SECRETFLOW\w+)=(\S+)\/bin\/python/g)].map(([, name, at]) => [
        name,
        at,
      ]);
      expect(named).toEqual([
        ['SECRETFLOW_PYTHON', '/opt/engines/spu'],
        ['SECRETFLOW_COMPONENTS_PYTHON', '/opt/engines/components'],
      ]);
    });
  });

  it('starts programs that are built', () => {
    const programs = [...read('docker/entrypoint.mjs').matchAll(/'([a-z-]+\/[a-z/-]+\.m?js)'/g)].map(
      ([, path]) => path!,
    );
    expect(programs).toHaveLength(9);
    for (const path of programs) expect([path, existsSync(join(ROOT, 'dist', path))]).toEqual([path, true]);
  });
});

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly depends_on?: object;
}

describe('docker/compose.yml', () => {
  const text = read('docker/compose.yml');
  const compose = parse(text, { merge: true }) as {
    services: Record<string, Service>;
    volumes: object;
    secrets: Record<string, { file: string }>;
  };
  const services = Object.entries(compose.services);
  const ours = ['api', 'status-listener', 'compute-worker', 'migrate'];
  const folder = mkdtempSync(join(tmpdir(), 'tc-compose-'));
  const make = (): string => String(execFileSync('sh', [join(folder, 'make-secrets.sh')], { stdio: 'pipe' }));
  /** The content of the file by which a service is given a variable. */
  const given = (name: string, variable: string): string => {
    const { environment = {}, secrets = [] } = compose.services[name]!;
    const secret = secrets.find((each) => environment[`${variable}_FILE`] === `/run/secrets/${each}`)!;
    return readFileSync(join(folder, compose.secrets[secret]!.file), 'utf8').trim();
  };
  beforeAll(() => {
    copyFileSync(join(ROOT, 'docker/make-secrets.sh'), join(folder, 'make-secrets.sh'));
    make();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('gives each app its program and variables that there are', () => {
    for (const name of ours) {
      const { command, environment, ...rest } = compose.services[name]!;
      expect(command).toEqual([name]);
      expect(rest).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
      expect(Object.keys(environment!).filter((variable) => !variables.has(variable))).toEqual([]);
    }
  });

  it('puts no secret into an environment or a command: each service has files, all of which it uses', () => {
    const open =
      /\$\{(?!TASK_CHAIN_VERSION|SECRETS_PUBLIC_KEY|SCRIPT_TASKS|SECRETFLOW_|CELERY_QUEUE|CELERY_DATA_ROOT|KUSCIA_|REMOTE_SLOTS|ENGINE_DEFAULT|PUBLIC_URL|OIDC_(?!CLIENT_SECRET))|pass(word)? ?=|:\/\/[^"/]*@/i;
    for (const [name, { secrets = [], ...service }] of services) {
      const names = Object.keys(service.environment ?? {});
      expect([name, names.filter((each) => SECRET_NAMES.has(each) || /PASSWORD$|AUTH$/.test(each))]).toEqual([
        name,
        [],
      ]);
      expect([name, open.exec(JSON.stringify(service))]).toEqual([name, null]);
      const used = JSON.stringify(service).matchAll(/\/run\/secrets\/([a-z.-]+)/g);
      expect([...new Set([...used].map(([, file]) => file))].sort()).toEqual([...secrets].sort());
    }
    const files = services.flatMap(([, { secrets = [] }]) => secrets);
    expect([...new Set(files)].sort()).toEqual(Object.keys(compose.secrets).sort());
  });

  it('has its secrets made by docker/make-secrets.sh, for its user alone, at random and once', () => {
    const made = join(folder, 'secrets');
    const paths = Object.values(compose.secrets).flatMap(({ file }) => (file.startsWith('./secrets/') ? [file] : []));
    expect(readdirSync(made).sort()).toEqual(paths.map((path) => path.slice('./secrets/'.length)).sort());
    expect(statSync(made).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(made)) expect(statSync(join(made, file)).mode & 0o777).toBe(0o444);
    const password = (url: string): string => new URL(url).password;
    const passwords = [
      ...ours.map((name) => password(given(name, 'DATABASE_URL'))),
      password(given('api', 'REDIS_URL')),
      given('api', 'ADMIN_API_KEY'),
    ];
    expect(new Set(passwords).size).toBe(6);
    for (const each of passwords) expect(each).toMatch(/^[0-9a-f]{48}$/);
    expect(readFileSync(join(made, 'postgres-password'), 'utf8')).toBe(`${passwords[3]}\n`);
    expect(readFileSync(join(made, 'valkey.conf'), 'utf8')).toBe(`requirepass ${passwords[4]}\n`);
    expect([given('compute-worker', 'SECRETS_KEY'), given('compute-worker', 'SECRETS_KEY_PREVIOUS')]).toEqual(['', '']);
    expect(make()).toContain('is there already');
    expect(given('api', 'ADMIN_API_KEY')).toBe(passwords[5]);
  });

  it('takes passwords from docker/.env, and refuses those that cannot stand in a URL', () => {
    rmSync(join(folder, 'secrets'), { recursive: true });
    writeFileSync(join(folder, '.env'), 'REDIS_PASSWORD=a@b\n');
    expect(make).toThrow(/letters and digits alone/);
    expect(readdirSync(folder).sort()).toEqual(['.env', 'make-secrets.sh']);
    writeFileSync(join(folder, '.env'), 'REDIS_PASSWORD=mine1\nWORKER_DATABASE_PASSWORD=\nSECRETS_KEY=a+/=\n');
    make();
    expect(given('status-listener', 'REDIS_URL')).toBe('redis://:mine1@valkey:6379');
    expect(given('compute-worker', 'SECRETS_KEY')).toBe('a+/=');
    expect(given('compute-worker', 'DATABASE_URL')).toMatch(/:[0-9a-f]{48}@/);
  });

  it('mounts tables at workers alone, artifacts read-only at the API, and neither where schemas are migrated', () => {
    const mounts = Object.entries(compose.services).flatMap(([name, { volumes = [] }]) =>
      volumes.filter((volume) => /data\/(tables|artifacts)|^(tables|artifacts)/.test(volume)).map((at) => [name, at]),
    );
    expect(mounts).toEqual([
      ['api', 'artifacts:/data/artifacts:ro'],
      ['status-listener', 'artifacts:/data/artifacts'],
      ['compute-worker', 'tables:/data/tables'],
      ['compute-worker', 'artifacts:/data/artifacts'],
    ]);
  });

  it('gives each app its own login, which migrate makes, and the owner to migrate alone', () => {
    const urls = ours.map((name) => given(name, 'DATABASE_URL'));
    expect(urls.map((url) => new URL(url).username)).toEqual([
      'chain_api',
      'chain_listener',
      'chain_worker',
      'task_chain',
    ]);
    const names = ['DATABASE_URL_API', 'DATABASE_URL_LISTENER', 'DATABASE_URL_WORKER'];
    expect(names.map((name) => given('migrate', name))).toEqual(urls.slice(0, 3));
  });

  it('gives the admin key to the API and to who makes the key of Prometheus, which has that key alone', () => {
    const holders = services.filter(([, service]) => service.secrets?.includes('admin-api-key'));
    expect(holders.map(([name]) => name)).toEqual(['api', 'metrics-key']);
    const made = compose.services['metrics-key']!;
    expect(made).toMatchObject({ command: ['metrics-key', '/data/metrics-key/task-chain.key'], read_only: true });
    expect(made.volumes).toEqual(['metrics-key:/data/metrics-key']);
    const { volumes, depends_on, secrets } = compose.services['prometheus']!;
    expect(volumes).toContain('metrics-key:/etc/prometheus/key:ro');
    expect([secrets, depends_on]).toEqual([
      undefined,
      { 'metrics-key': { condition: 'service_completed_successfully' } },
    ]);
  });

  it('gives the private keys of secrets to the worker alone, and the public one to the API', () => {
    const holders = (name: string) => ours.filter((each) => name in compose.services[each]!.environment!);
    for (const name of ['SECRETS_PRIVATE_KEY_FILE', 'SECRETS_KEY_FILE', 'SECRETS_KEY_PREVIOUS_FILE'])
      expect([name, holders(name)]).toEqual([name, ['compute-worker']]);
    expect(holders('SECRETS_PUBLIC_KEY')).toEqual(['api']);
  });

  it('gives the API alone what people sign in by at a provider, its secret as a file', () => {
    const { environment } = compose.services['api']!;
    const names = Object.keys(environment!).filter((name) => name.startsWith('OIDC_'));
    const known = [...variables].filter((name) => /^OIDC_/.test(name) && !name.endsWith('_FILE'));
    expect(names.map((name) => name.replace(/_FILE$/, '')).sort()).toEqual(known.sort());
    expect(environment!['OIDC_CLIENT_SECRET_FILE']).toBe('/run/secrets/oidc-client-secret');
    for (const name of ours.filter((each) => each !== 'api'))
      expect([name, JSON.stringify(compose.services[name]).match(/oidc/i)]).toEqual([name, null]);
  });

  it('needs none of what docker/.env may set', () => {
    const script = read('docker/make-secrets.sh');
    const asked = new Set(
      [...(text + script + read('docker/compose.parties.yml')).matchAll(/\$\{([A-Z_]+):/g)].map(([, name]) => name!),
    );
    asked.delete('TASK_CHAIN_VERSION');
    const example = [...read('docker/.env.example').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [
      name,
      value,
    ]);
    expect(example).toEqual(expect.arrayContaining([...asked].map((name) => [name, ''])));
    expect(example).toHaveLength(asked.size);
    expect(text).not.toContain(':?');
  });

  it('mounts what is there, names services and volumes that there are, and pins every image', () => {
    const { services, volumes } = compose;
    for (const [name, service] of Object.entries(services)) {
      for (const volume of service.volumes ?? []) {
        const [source = ''] = volume.split(':');
        const there = source.startsWith('.') ? existsSync(resolve(ROOT, 'docker', source)) : source in volumes;
        expect([name, volume, there]).toEqual([name, volume, true]);
      }
      for (const other of Object.keys(service.depends_on ?? {})) expect(services).toHaveProperty([other]);
      expect(service.image).toMatch(/:(\d|v\d|\$\{TASK_CHAIN_VERSION)/);
    }
  });

  it('lets Prometheus scrape each app where it listens, with the key that it asks for', () => {
    const dockerfile = read('docker/Dockerfile');
    const port = (name: string): string => new RegExp(`\\b${name}=(\\d+)`).exec(dockerfile)![1]!;
    const targets = [
      `api:${port('PORT')}`,
      `status-listener:${port('LISTENER_PORT')}`,
      `compute-worker:${port('WORKER_PORT')}`,
    ];
    const prometheus = parse(read('deploy/prometheus/prometheus.yml')) as {
      rule_files: string[];
      scrape_configs: { static_configs: { targets: string[] }[]; authorization?: { credentials_file: string } }[];
    };
    expect(
      prometheus.scrape_configs.flatMap(({ static_configs }) => static_configs.flatMap((each) => each.targets)),
    ).toEqual(targets);
    const { volumes } = compose.services['prometheus']!;
    const mounted = volumes!.map((volume) => volume.split(':')[1]);
    const needed = prometheus.rule_files.map((file) => join('/etc/prometheus', file));
    const key = prometheus.scrape_configs[0]!.authorization!.credentials_file;
    expect(mounted).toEqual(expect.arrayContaining([...needed, dirname(key)]));
    expect(dirname(needed[0]!)).toBe('/etc/prometheus');
  });
});

describe('docker/compose.parties.yml', () => {
  const text = read('docker/compose.parties.yml');
  const compose = parse(text, { merge: true }) as {
    name: string;
    services: Record<string, Service>;
    volumes: object;
    secrets: Record<string, { file: string }>;
  };
  const sites = Object.entries(compose.services);
  const defaultOf = (text: string): string => text.replaceAll(/\$\{[A-Z_]+:-([^}]*)\}/g, '$1');

  it('runs three sites as restricted as the apps, from the same image, each connected outwards', () => {
    const app = (parse(read('docker/compose.yml'), { merge: true }) as typeof compose).services['api']!;
    expect(sites.map(([name]) => name)).toEqual(['bank-a', 'bank-b', 'lab']);
    for (const [, { command, image, ...site }] of sites) {
      expect(image).toBe(app.image);
      // A service that ends with code 2 would be started again and again: --stay ends with none.
      const address = '${NODE_ADDRESS:-host.docker.internal:7444}';
      expect(command).toEqual(['party-node', 'connect', address, '--folder', '/data/site', '--stay']);
      expect(site).toMatchObject({
        ...{ restart: 'unless-stopped', extra_hosts: ['host.docker.internal:host-gateway'] },
      });
      expect(read('docker/entrypoint.mjs')).toContain(`'${command![0]}': 'apps/party-node/bundle/main.mjs'`);
      const restricted = { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] };
      expect(site).toMatchObject({ ...restricted, tmpfs: ['/tmp'], healthcheck: { disable: true } });
      // What names secrets, the database or the queue of the control plane is none of a site's business.
      expect([site.environment, site.depends_on]).toEqual([undefined, undefined]);
    }
  });

  it('is a separate project: down or up of one leaves the other alone', () => {
    const { name } = parse(read('docker/compose.yml')) as { name: string };
    expect([name, compose.name]).toEqual(['task-chain', 'task-chain-parties']);
  });

  it('gives each site a folder and an invitation of its own', () => {
    for (const [name, { volumes, secrets }] of sites) {
      expect(volumes!.map(defaultOf)).toEqual([`site-${name}:/data/site`]);
      expect(secrets).toEqual([`invitation-${name}`]);
      const variable = name.toUpperCase().replace('-', '_');
      expect(volumes).toEqual([`\${${variable}_SITE:-site-${name}}:/data/site`]);
      expect(compose.secrets[secrets![0]!]).toEqual({ file: `\${${variable}_INVITATION_PATH:-/dev/null}` });
    }
    expect(Object.keys(compose.volumes)).toEqual(sites.map(([name]) => `site-${name}`));
    expect(Object.keys(compose.secrets)).toEqual(sites.map(([name]) => `invitation-${name}`));
    expect(read('docker/Dockerfile')).toMatch(/mkdir -p .*\/data\/site/);
  });

  it('opens ports on loopback alone, unless it is told another address', () => {
    const ports = sites.flatMap(([, site]) => (site as { ports?: string[] }).ports ?? []).map(defaultOf);
    expect(ports).toEqual(['127.0.0.1:7443:7443', '127.0.0.1:7445:7443']);
  });

  it('starts the program of a site, which reads its own arguments', () => {
    const entrypoint = join(ROOT, 'docker/entrypoint.mjs');
    const said = execFileSync(process.execPath, [entrypoint, 'party-node', '--help'], { encoding: 'utf8' });
    expect(said).toContain('Usage: task-chain-node');
  });
});
