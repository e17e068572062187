import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE, layDrivers, run } from './peer-packages.js';

/** Where Celery lies and the Python that finds it there. */
export interface InstalledCelery {
  readonly cwd: string;
  readonly python: string;
  readonly env: Readonly<Record<string, string>>;
}

const PINNED = ['celery[redis]==5.7.0', 'kombu==5.7.0', 'redis==6.4.0'];
/** In the version of this Debian; the driver reports it. */
const DEBIAN =
  'celery kombu redis billiard vine amqp click click-didyoumean click-plugins click-repl prompt-toolkit wcwidth tz dateutil six packaging typing-extensions async-timeout';
const INSTALL_MS = 300_000;

/**
 * Celery below the cache's folder: by pip in exact versions, or where there is no pip from Debian's packages, which are
 * unpacked and not installed, so that no root is needed. Rejects with the reason of the second way.
 */
export async function installCelery(): Promise<InstalledCelery> {
  const cwd = join(CACHE, 'celery');
  const stamp = join(cwd, 'installed.json');
  let found = readStamp(stamp);
  if (found === undefined) {
    rmSync(cwd, { recursive: true, force: true });
    mkdirSync(cwd, { recursive: true });
    found = await byPip(cwd).catch(() => fromDebian(cwd));
    writeFileSync(stamp, JSON.stringify({ wanted: PINNED, ...found }));
  }
  layDrivers(cwd);
  return { cwd, python: found.python, env: { PYTHONPATH: found.path } };
}

interface Found {
  readonly python: string;
  readonly path: string;
}

function readStamp(file: string): Found | undefined {
  if (!existsSync(file)) return undefined;
  const stamp = JSON.parse(readFileSync(file, 'utf8')) as Found & { wanted: string[] };
  return stamp.wanted.join() === PINNED.join() ? stamp : undefined;
}

async function byPip(cwd: string): Promise<Found> {
  const path = join(cwd, 'lib');
  const options = ['--quiet', '--disable-pip-version-check', '--no-input', '--target', path];
  await run('python3', ['-m', 'pip', 'install', ...options, ...PINNED], { timeout: INSTALL_MS });
  return { python: 'python3', path };
}

async function fromDebian(cwd: string): Promise<Found> {
  const packages = DEBIAN.split(' ').map((name) => `python3-${name}`);
  await run('apt-get', ['download', '-q', ...packages], { cwd, timeout: INSTALL_MS });
  for (const file of await readdir(cwd)) {
    if (!file.endsWith('.deb')) continue;
    await run('dpkg-deb', ['-x', file, 'root'], { cwd, timeout: INSTALL_MS });
    rmSync(join(cwd, file));
  }
  return { python: '/usr/bin/python3', path: join(cwd, 'root/usr/lib/python3/dist-packages') };
}
