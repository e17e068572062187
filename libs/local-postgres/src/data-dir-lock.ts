import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { birthmark, isAlive } from './process-identity.js';

/** Another running launcher has the folder. The message says which, and what to do. */
export class DataDirInUseError extends Error {
  constructor(
    readonly dataDir: string,
    readonly pid: number,
  ) {
    super(
      `${dataDir} is in use by the launcher with pid ${pid}. ` +
        `Stop that one (kill ${pid}), or set DATA_DIR to another folder and PORT to another port.`,
    );
    this.name = 'DataDirInUseError';
  }
}

interface Owner {
  readonly pid: number;
  readonly birthmark: string;
}

/**
 * Takes a data folder for this process and returns what gives it back. Throws DataDirInUseError while another
 * process that lives has it; what a killed one left is taken over.
 */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, 'launcher.lock');
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify({ pid: process.pid, birthmark: birthmark(process.pid) } satisfies Owner));
  try {
    // link() either makes the name or fails: no reader ever sees a half-written lock.
    for (let tries = 0; !link(own, file); tries++) {
      const owner = readOwner(file);
      if (owner && isRunning(owner)) throw new DataDirInUseError(dataDir, owner.pid);
      if (tries > 20) throw new Error(`${file} can be neither taken nor read: remove it and start again`);
      clearStale(file, `${own}.stale`);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return () => {
    if (readOwner(file)?.pid === process.pid) rmSync(file, { force: true });
  };
}

/** The pid of the launcher that has `dataDir`, if one lives. */
export function dataDirOwner(dataDir: string): number | undefined {
  const owner = readOwner(join(dataDir, 'launcher.lock'));
  return owner && isRunning(owner) ? owner.pid : undefined;
}

/** Removes a dead owner's lock, but not one that a third process has put there meanwhile. */
function clearStale(file: string, aside: string): void {
  try {
    renameSync(file, aside);
  } catch {
    return; // somebody else was quicker
  }
  const moved = readOwner(aside);
  if (moved && isRunning(moved)) link(aside, file);
  rmSync(aside, { force: true });
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

function isRunning(owner: Owner): boolean {
  return isAlive(owner.pid) && birthmark(owner.pid) === owner.birthmark;
}
