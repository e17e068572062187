// Installs and builds what is missing or out of date. Node's own modules only: it runs before npm ci.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STAMP = join(ROOT, 'dist', '.build-stamp');
const SOURCES = ['apps', 'bench', 'clients/typescript/src', 'launcher', 'libs', 'migrations', 'test', 'tools'];
const CONSOLE = 'apps/console';
const CONSOLE_BUILT = join(ROOT, 'dist', CONSOLE);
const CONSOLE_STAMP = join(ROOT, 'dist', '.console-stamp');
const SETTINGS = ['package.json', 'package-lock.json', 'tsconfig.json', 'nest-cli.json', 'tools/bundle-apps.mjs'];

/** Refuses a Node that package.json's engines leave out. npm's engine-strict would refuse Node 20 for a tool of ours. */
export function checkNode(version = process.versions.node, range = readJson('package.json').engines.node) {
  const [major, minor] = version.split('.').map(Number);
  const fits = range.split('||').some((part) => {
    const [floor, least] = part
      .replace(/[^\d.]/g, '')
      .split('.')
      .map(Number);
    return (major === floor && minor >= least) || (major > floor && !part.includes('^'));
  });
  if (!fits) throw new Error(`Node ${version} does not do: this project needs Node ${range}. See https://nodejs.org`);
}

const readJson = (name) => JSON.parse(readFileSync(join(ROOT, name), 'utf8'));

/** Runs `npm ci` where node_modules is not that of the lockfile. */
export async function ensureInstalled(folder = ROOT) {
  const modules = join(folder, 'node_modules');
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  if (matches(lock, join(modules, '.package-lock.json'))) return;
  // npm ci would empty the folder that a link points to, which is somebody else's.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink())
    throw new Error('node_modules is a link, and not what package-lock.json wants: run npm ci where it points to');
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const env = { ...process.env, NODE_ENV: 'development' };
  const install = [...npm, 'ci', `--prefix=${folder}`, '--ignore-scripts', '--loglevel=error'];
  await run('installing (npm ci)', install, env);
}

/** Whether what npm noted as installed is what the lockfile wants; packages for other platforms may be missing. */
export function matches(lock, installedFile) {
  if (!existsSync(installedFile)) return false;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages ?? {};
  const wanted = Object.entries(lock.packages).filter(([path]) => path !== '');
  const missing = wanted.some(([path, { version, optional }]) => {
    const found = installed[path];
    return found ? found.version !== version : !optional;
  });
  return !missing && Object.keys(installed).every((path) => path in lock.packages);
}

/** Builds what differs from what dist/ was built from, the console beside all else, and removes what has no source any more. */
export async function ensureBuilt() {
  removeStale();
  // One that fails does not leave the other behind.
  const ended = await Promise.allSettled([ensureServer(), ensureConsole()]);
  const failed = ended.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
}

async function ensureServer() {
  const sources = SOURCES.flatMap((folder) => filesBelow(join(ROOT, folder), /\.(ts|tsx|json)$/));
  const own = sources.filter((path) => !path.startsWith(join(ROOT, CONSOLE)));
  await unlessCurrent(STAMP, [...SETTINGS.map((name) => join(ROOT, name)), ...own], async () => {
    await run('building', [process.execPath, join(ROOT, 'node_modules/.bin/nest'), 'build', '--path', 'tsconfig.json']);
    await run('bundling', [process.execPath, join(ROOT, 'tools/bundle-apps.mjs')]);
  });
}

async function ensureConsole() {
  const shown = [CONSOLE, 'clients/typescript/src'].flatMap((folder) => filesBelow(join(ROOT, folder), /./));
  if (!existsSync(CONSOLE_BUILT)) rmSync(CONSOLE_STAMP, { force: true });
  await unlessCurrent(CONSOLE_STAMP, [join(ROOT, 'package-lock.json'), ...shown], async () => {
    const vite = join(ROOT, 'node_modules/.bin/vite');
    // Whatever the apps run as: else React comes in its build for development.
    const env = { ...process.env, NODE_ENV: 'production' };
    await run('building the console', [process.execPath, vite, 'build', '--logLevel=warn', CONSOLE], env);
  });
}

/** Builds unless the stamp is that of these files. */
async function unlessCurrent(file, sources, build) {
  const hash = createHash('sha256');
  for (const path of sources)
    hash
      .update(`${relative(ROOT, path)}\0`)
      .update(readFileSync(path))
      .update('\0');
  const stamp = hash.digest('hex');
  if (existsSync(file) && readFileSync(file, 'utf8') === stamp) return;
  rmSync(file, { force: true });
  await build();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, stamp);
}

/** Removes what was built from sources that are gone: a test that no longer exists must not run. */
export function removeStale(dist = join(ROOT, 'dist')) {
  for (const path of filesBelow(dist, /\.(js|js\.map|d\.ts)$/)) {
    // Vite empties its folder itself.
    if (relative(dist, path).startsWith(CONSOLE)) continue;
    const source = join(ROOT, relative(dist, path).replace(/\.(js|js\.map|d\.ts)$/, ''));
    if (!existsSync(`${source}.ts`) && !existsSync(`${source}.tsx`)) rmSync(path);
  }
}

function filesBelow(folder, pattern) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !path.includes('node_modules'))
    .sort();
}

async function run(what, [command, ...args], env = process.env) {
  process.stderr.write(`${what} …\n`);
  const started = performance.now();
  try {
    await promisify(execFile)(command, args, { cwd: ROOT, env, maxBuffer: 2 ** 26 });
  } catch (error) {
    throw new Error(`${what} failed\n${error.stdout ?? ''}${error.stderr ?? error.message}`);
  }
  process.stderr.write(`${what}: ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}
