import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guarded, guardFolder } from './guard.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { canEnter, reachableFolder, type ServerUser } from './server-user.js';

/** A cluster on disk: its folder and its superuser's password. */
export interface Cluster {
  readonly folder: string;
  readonly password: string;
}

/**
 * Finds the cluster of `dataDir`, creating a missing one: UTF8, C.UTF-8, passwords by SCRAM only. It lies in
 * `<dataDir>/postgres`, or, where the server's user can't enter that, in a folder named by
 * `<dataDir>/postgres.location`. The password is in `<dataDir>/postgres.password`, which only this user can read.
 */
export async function openCluster(
  dataDir: string,
  binaries: PostgresBinaries,
  user: ServerUser | undefined,
  durable: boolean,
): Promise<Cluster> {
  mkdirSync(dataDir, { recursive: true });
  const folder = clusterFolder(dataDir, user);
  const passwordFile = join(dataDir, 'postgres.password');
  if (existsSync(join(folder, 'PG_VERSION'))) {
    if (existsSync(passwordFile)) return { folder, password: readFileSync(passwordFile, 'utf8').trim() };
    throw new Error(`${passwordFile} is missing, and ${folder} can't be opened without it: restore it, or remove both`);
  }
  const password = randomBytes(24).toString('base64url');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  await makeCluster(folder, password, binaries, user, durable);
  return { folder, password };
}

/** The folder of the cluster of `dataDir`. Makes the folder's parent reachable, but not the cluster. */
function clusterFolder(dataDir: string, user: ServerUser | undefined): string {
  if (canEnter(dataDir, user)) return join(dataDir, 'postgres');
  const pointer = join(dataDir, 'postgres.location');
  if (existsSync(pointer)) return readFileSync(pointer, 'utf8').trim();
  const folder = join(reachableFolder(), `cluster-${randomBytes(6).toString('hex')}`);
  writeFileSync(pointer, `${folder}\n`);
  return folder;
}

async function makeCluster(
  folder: string,
  password: string,
  { initdb }: PostgresBinaries,
  user: ServerUser | undefined,
  durable: boolean,
): Promise<void> {
  // Made aside and renamed, so that a start which is interrupted leaves nothing half-made.
  const partial = `${folder}.${process.pid}`;
  const secrets = mkdtempSync(join(tmpdir(), 'task-chain-init-'));
  const passwordFile = join(secrets, 'password');
  const release = [partial, secrets].map(guardFolder);
  try {
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { mode: 0o700 });
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (user) for (const path of [partial, secrets, passwordFile]) chownSync(path, user.uid, user.gid);
    const options = ['--username=task_chain', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8'];
    options.push('--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions');
    if (!durable) options.push('--no-sync');
    const as = user ? { uid: user.uid, gid: user.gid } : {};
    // Its own process group: the launcher handles Ctrl-C and waits for this process to end.
    const spawnOptions = { ...as, cwd: '/', env: serverEnvironment(), detached: true };
    await new Promise<void>((resolve, reject) => {
      const ended: Parameters<typeof execFile>[3] = (error, _, stderr) =>
        error ? reject(new Error(String(stderr).trim() || error.message, { cause: error })) : resolve();
      guarded(() => execFile(initdb, ['-D', partial, ...options], spawnOptions, ended), 'KILL');
    });
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw new Error(`PostgreSQL's data folder ${folder} could not be made: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    rmSync(secrets, { recursive: true, force: true });
    for (const each of release) each();
  }
}

/** The environment of the server's programs, without the PG... variables of the user's shell. */
export function serverEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC', ...windowsEssentials() };
}

function windowsEssentials(): Record<string, string> {
  const root = process.env.SystemRoot;
  return root ? { SystemRoot: root } : {};
}
