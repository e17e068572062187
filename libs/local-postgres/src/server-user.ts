import { chmodSync, lstatSync, mkdirSync, readFileSync, statSync, type Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** The user that runs PostgreSQL, which refuses to run as root. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/**
 * Undefined: the server runs as this process's own user. As root: the folder's owner if it is not root,
 * else `postgres`, else `nobody`.
 */
export function serverUser(dataDir: string): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = knownUsers();
  const owner = statOf(dataDir)?.uid ?? 0;
  const user =
    (owner === 0 ? undefined : users.find(({ uid }) => uid === owner)) ??
    users.find(({ name }) => name === 'postgres') ??
    users.find(({ name }) => name === 'nobody');
  if (user) return user;
  throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody: set DATABASE_URL');
}

/** Whether the user may enter `folder`: search permission on it and on every folder above. */
export function canEnter(folder: string, user: ServerUser | undefined): boolean {
  if (!user) return true;
  for (let path = resolve(folder); ; path = dirname(path)) {
    const stats = statOf(path);
    if (stats && !maySearch(stats, user)) return false;
    if (path === dirname(path)) return true;
  }
}

/**
 * A folder of this project that any user can enter, for what can't stay in place: /var/lib/task-chain for root on
 * Linux (it outlives a restart), else one of our own in the temporary folder.
 */
export function reachableFolder(): string {
  const uid = process.getuid?.();
  const candidates = [join(tmpdir(), `task-chain-${uid ?? 'user'}`)];
  if (uid === 0 && process.platform === 'linux') candidates.unshift('/var/lib/task-chain');
  for (const folder of candidates) {
    try {
      mkdirSync(folder, { recursive: true });
      const stats = lstatSync(folder);
      // In a shared temporary folder another user may have put something there first.
      if (!stats.isDirectory() || (uid !== undefined && stats.uid !== uid)) continue;
      chmodSync(folder, 0o755);
      if (canEnter(folder, { uid: 65_534, gid: 65_534, name: 'nobody' })) return folder;
    } catch {
      continue; // read-only, or not ours: the next one
    }
  }
  throw new Error(`no folder that PostgreSQL's user can enter (tried ${candidates.join(', ')}): set DATA_DIR`);
}

function maySearch(stats: Stats, user: ServerUser): boolean {
  if (stats.uid === user.uid) return (stats.mode & 0o100) !== 0;
  return (stats.mode & (stats.gid === user.gid ? 0o010 : 0o001)) !== 0;
}

function knownUsers(): ServerUser[] {
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
    return lines.flatMap((line) => {
      const [name, , uid, gid] = line.split(':');
      return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
    });
  } catch {
    return [];
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
