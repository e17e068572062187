import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SkipReason } from './skip.js';

/** Mounts a file system of $1 MB at $2 and becomes the rest of the arguments. */
const MOUNT = 'mount -t tmpfs -o "size=$1m,mode=755" tmpfs "$2" && shift 2 && exec "$@"';

/**
 * A command that runs a program with a small disk at `folder`: a file system that nobody else sees and that goes with the program.
 * Whoever is not root needs user namespaces for it.
 */
export function onSmallDisk(folder: string, megabytes: number, program: readonly string[]): [string, string[]] {
  const own = process.getuid?.() === 0 ? [] : ['--user', '--map-current-user', '--keep-caps'];
  return ['unshare', [...own, '--mount', 'sh', '-c', MOUNT, 'sh', String(megabytes), folder, ...program]];
}

/** Why no program can have such a disk here; false where it can. */
export function noSmallDisk(): SkipReason {
  const folder = mkdtempSync(join(tmpdir(), 'task-chain-disk-'));
  try {
    const { status, stderr } = spawnSync(...onSmallDisk(folder, 1, ['true']), { encoding: 'utf8' });
    return status !== 0 && `a file system cannot be mounted here: ${stderr?.trim() || 'no unshare'}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
