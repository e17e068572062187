// Makes sure that node_modules is what package-lock.json says. Node built-ins only: it runs before npm ci.
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm, quietly, Refusal, ROOT } from './steps.mjs';

/** Refuses a Node that package.json's engines leave out. */
export function checkNode(version = process.versions.node, range = readJson('package.json').engines.node) {
  const parts = numbers(version);
  const fits = range.split('||').some((part) => {
    const wanted = part.trim();
    const floor = numbers(wanted.replace(/^[^\d]*/, ''));
    const atLeast = compare(parts, floor) >= 0;
    return wanted.startsWith('^') ? atLeast && parts[0] === floor[0] : atLeast;
  });
  if (!fits) throw new Refusal(`Node ${version} does not do: this project needs Node ${range}. See https://nodejs.org`);
}

/** Runs `npm ci` in `folder` when its node_modules is missing or not that of its lockfile, and never otherwise. Says what it did. */
export async function ensureInstalled(folder = ROOT) {
  const modules = join(folder, 'node_modules');
  const stampFile = join(modules, '.task-chain-install.json');
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  const stamp = JSON.stringify({
    lock: createHash('sha256').update(lock).digest('hex'),
    platform: `${process.platform}-${process.arch}`,
  });
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return 'up to date';
  const already = matches(JSON.parse(lock), join(modules, '.package-lock.json'));
  if (!already) {
    if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) {
      // npm ci would empty the folder that it points to, which is somebody else's.
      throw new Refusal('node_modules is a link, and not what package-lock.json wants: run npm ci where it points to');
    }
    const [command, args] = npm(
      'ci',
      `--prefix=${folder}`,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    );
    await quietly(command, args, { env: { NODE_ENV: 'development' } });
  }
  try {
    writeFileSync(stampFile, stamp);
  } catch {
    // installed by another user: compared anew each time
  }
  return already ? 'up to date' : 'npm ci';
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

function readJson(name) {
  return JSON.parse(readFileSync(join(ROOT, name), 'utf8'));
}

function numbers(version) {
  return version.split('.').map((part) => Number.parseInt(part, 10));
}

function compare(a, b) {
  for (let i = 0; i < 3; i++) if ((a[i] ?? 0) !== (b[i] ?? 0)) return (a[i] ?? 0) - (b[i] ?? 0);
  return 0;
}
