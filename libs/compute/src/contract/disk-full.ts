import { statfs } from 'node:fs/promises';
import { TaskFailure } from './task-type.js';

/** A full disk, or a quota of it that is used up; `SQLITE_FULL` as the store of a site tells it. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL']);
/** With less room than this no task begins. */
const LEAST_BYTES = 1024 * 1024;

/** The failure DISK_FULL of an error that a full disk has caused; undefined of any other. `who` had no room. */
export function diskFull(error: unknown, who = 'The worker'): TaskFailure | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && FULL.has(code) ? noRoom(who, code) : undefined;
}

/**
 * Throws TaskFailure DISK_FULL where a folder's disk has no room: a task that is tried again reads no data and opens nothing
 * before there is.
 */
export async function requireDiskRoom(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const disk = await statfs(folder).catch(() => undefined);
    // Some file systems count nothing, and say 0.
    if (disk === undefined || disk.blocks === 0) continue;
    const noInode = disk.files > 0 && disk.ffree === 0;
    if (noInode || disk.bavail * disk.bsize < LEAST_BYTES) throw noRoom('The worker', 'ENOSPC');
  }
}

const noRoom = (who: string, code: string): TaskFailure =>
  new TaskFailure(
    'DISK_FULL',
    `${who} has no room on the disk (${code}). The task is tried again when there may be.`,
    true,
  );
