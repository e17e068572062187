import { statfs } from 'node:fs/promises';
import { TaskFailure } from './task-type.js';

/** A full disk, or a quota of it that is used up; `SQLITE_FULL` as the store of a site tells it. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL']);
/** With less room than this no task begins. */
const LEAST_BYTES = 1024 * 1024;
/** Room that was seen counts for so long, ms: a look took a sixth of the time of a worker that runs a thousand small tasks a second. */
const ROOM_MS = 1_000;
/** When each folder's disk was last seen to have room, of performance.now(). */
const roomSeen = new Map<string, number>();

/** The failure DISK_FULL of an error that a full disk has caused; undefined of any other. `who` had no room. */
export function diskFull(error: unknown, who = 'The worker'): TaskFailure | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && FULL.has(code) ? noRoom(who, code) : undefined;
}

/**
 * Throws TaskFailure DISK_FULL where a folder's disk has no room: a task that is tried again reads no data and opens nothing
 * before there is. `now` is of performance.now().
 */
export async function requireDiskRoom(folders: readonly string[], now = performance.now()): Promise<void> {
  for (const folder of folders) {
    if (now - (roomSeen.get(folder) ?? -Infinity) < ROOM_MS) continue;
    const disk = await statfs(folder).catch(() => undefined);
    // Some file systems count nothing, and say 0.
    if (disk !== undefined && disk.blocks !== 0) {
      const noInode = disk.files > 0 && disk.ffree === 0;
      if (noInode || disk.bavail * disk.bsize < LEAST_BYTES) throw noRoom('The worker', 'ENOSPC');
    }
    roomSeen.set(folder, now);
  }
}

const noRoom = (who: string, code: string): TaskFailure =>
  new TaskFailure(
    'DISK_FULL',
    `${who} has no room on the disk (${code}). The task is tried again when there may be.`,
    true,
  );
