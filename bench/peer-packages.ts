import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** Sources of the peers' drivers; they are not built. */
export const DRIVERS = resolve('bench', 'peers');
/** Peers are installed outside the tree and kept for the next run. */
export const CACHE = process.env.BENCH_CACHE ?? join(homedir(), '.cache', 'task-chain-bench');
const INSTALL_MS = 300_000;

export const run = promisify(execFile);

/** Packages of the npm registry in exact versions. */
export type Packages = Readonly<Record<string, string>>;

/** Some peers want a newer Node than this may be. It comes as a package too. */
const NEWER_NODE = '22.23.3';
const newerNode = (): string => `node-${process.platform}-${process.arch}`;

function isOld(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major < 22 || (major === 22 && minor < 18);
}

/** The Node that runs the drivers in a folder. */
export function nodeFor(folder: string): string {
  const newer = join(folder, 'node_modules', newerNode(), 'bin', 'node');
  return existsSync(newer) ? newer : process.execPath;
}

/** The packages with, on an old Node, a newer one. */
export function withNewerNode(packages: Packages): Packages {
  return isOld() ? { ...packages, [newerNode()]: NEWER_NODE } : packages;
}

/**
 * Installs packages into a folder of the cache, if they are not there yet, and lays the drivers beside them, so that these
 * find them. Their install scripts are not run. Returns the folder; rejects with npm's own words.
 */
export async function installPackages(name: string, packages: Packages): Promise<string> {
  const folder = join(CACHE, name);
  const wanted = `${JSON.stringify({ private: true, dependencies: packages }, null, 2)}\n`;
  const stamp = join(folder, 'installed.json');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), wanted);
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', ['install', ...options], { cwd: folder, timeout: INSTALL_MS });
    writeFileSync(stamp, wanted);
  }
  layDrivers(folder);
  return folder;
}

/** Copies the drivers into a folder. */
export function layDrivers(folder: string): void {
  mkdirSync(folder, { recursive: true });
  cpSync(DRIVERS, folder, { recursive: true });
}
