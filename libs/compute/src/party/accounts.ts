import { chown, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FileRoots } from './input-files.js';
import { NEUTRAL } from './party-link.js';
import { artifactFolder } from './process-rights.js';
import type { Account } from './start-guarded.js';

/** Whom the process of no party runs as beside parties that have separate accounts: it owns nothing. */
const NOBODY: Account = { uid: 65_534, gid: 65_534 };

/**
 * The account of each process, where this one may choose it, as root: of a party the owner of its folder. Where that is root, or
 * the worker is somebody else, a process keeps the worker's account.
 */
export async function accountsOf(all: readonly FileRoots[]): Promise<ReadonlyMap<string, Account>> {
  const accounts = new Map<string, Account>();
  if (process.getuid?.() !== 0) return accounts;
  for (const { party, root } of all) {
    const owner = root === null ? undefined : await stat(root).catch(() => undefined);
    if (owner && owner.uid !== 0) accounts.set(party, { uid: owner.uid, gid: owner.gid });
  }
  if (accounts.size > 0) accounts.set(NEUTRAL, NOBODY);
  return accounts;
}

/** Makes the folder in which a process keeps its artifacts of this task, for its account alone. */
export async function prepareFolder(roots: FileRoots, { uid, gid }: Account): Promise<void> {
  const folder = artifactFolder(roots);
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(folder, { mode: roots.party === NEUTRAL ? 0o755 : 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await chown(folder, uid, gid);
}
