import { constants } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { TaskFailure } from '../contract/task-type.js';

/** Where the files of a party, or of no party, lie. `root` is null where there are no tables. */
export interface FileRoots {
  readonly party: string;
  readonly root: string | null;
  readonly artifactRoot: string;
  readonly chainId: string;
  readonly taskId: string;
  /** References to artifacts of other chains that were handed down to the task: it reads these as its own chain's. */
  readonly handed?: readonly string[] | undefined;
}

/** A regular, non-empty file that the party may read. */
export interface InputFile {
  /** As the task's parameters name it: for messages. */
  readonly label: string;
  /** File name of the last part, for the default name of an output. */
  readonly name: string;
  /** Real path, every symbolic link resolved. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly handle: FileHandle;
  close(): Promise<void>;
}

const ARTIFACT = /^artifact:([^/]+)\/([^/]+)\/(.+)$/;
/** What may be one part of a path: the id of a chain or a task, or the name of an artifact. */
export const SAFE_PART = /^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,200}(?:\[[A-Za-z0-9._-]{1,62}\])?$/;

export function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/**
 * Throws PATH_RESERVED for what has a name that begins with a dot at the top of the party's folder: the party's policy
 * lies there. Both paths are real, so that neither a link nor another spelling leads around it.
 */
export function refuseReserved(party: string, label: string, realRoot: string, real: string): void {
  if (!relative(realRoot, real).startsWith('.')) return;
  throw new TaskFailure(
    'PATH_RESERVED',
    `Party ${party}: ${label} leads to a name that begins with a dot, which no task reads or writes. Give the file another name.`,
  );
}

/** `path` made absolute against `root`, by text alone. Throws PATH_OUTSIDE_ROOT. */
export function placeInRoot(roots: FileRoots, path: string): { root: string; path: string } {
  const { party, root } = roots;
  const outside = (why: string): TaskFailure =>
    new TaskFailure(
      'PATH_OUTSIDE_ROOT',
      `Party ${party}: ${why}. Give a path below the party's own data folder, absolute or relative to it.`,
    );
  if (path.includes('\0')) throw outside('a path holds a NUL character');
  if (path === '') throw outside('a path is empty');
  if (root === null) throw outside(`${path} is a table, and this work belongs to no party`);
  if (path.split(/[\\/]/)[0]?.startsWith('~')) throw outside(`${path} starts with "~", which is not expanded`);
  const place = resolve(root, path);
  if (!isInside(resolve(root), place)) throw outside(`${path} lies outside the party's data folder`);
  return { root: resolve(root), path: place };
}

/** Where an `artifact:` reference lies, if this party may read it. Null for a path that is no reference. */
export function placeArtifact(roots: FileRoots, reference: string): { root: string; path: string } | null {
  if (!reference.startsWith('artifact:')) return null;
  const [, chainId, taskId, name] = ARTIFACT.exec(reference) ?? [];
  const parts = name?.split('/') ?? [];
  if (!chainId || !taskId || parts.length > 2 || ![chainId, taskId, ...parts].every((part) => SAFE_PART.test(part))) {
    throw new TaskFailure(
      'PATH_OUTSIDE_ROOT',
      `Party ${roots.party}: ${JSON.stringify(reference)} is no artifact reference; it reads artifact:<chain_id>/<task_id>/<name>.`,
    );
  }
  if (chainId !== roots.chainId && roots.handed?.includes(reference) !== true) {
    throw new TaskFailure(
      'PATH_OUTSIDE_ROOT',
      `Party ${roots.party}: ${reference} belongs to another chain, and was not handed down to this task by a parameter with x-artifact.`,
    );
  }
  if (parts.length === 2 && parts[0] !== roots.party) {
    throw new TaskFailure(
      'PATH_OUTSIDE_ROOT',
      `Party ${roots.party}: ${reference} belongs to party ${parts[0]}, and only that party may open it.`,
    );
  }
  const root = resolve(roots.artifactRoot);
  return { root, path: join(root, chainId, taskId, ...parts) };
}

/** `root` with its links resolved. A party's process may not look at the artifact root: its coordinator gives it a resolved one. */
function realRootOf(root: string): Promise<string> {
  return realpath(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_ACCESS_DENIED') return root;
    throw error;
  });
}

/**
 * Opens a file of the party. Throws TaskFailure PATH_OUTSIDE_ROOT, PATH_RESERVED, FILE_NOT_FOUND, NOT_A_FILE,
 * EMPTY_FILE or FILE_UNREADABLE, naming the party and the path as it was given.
 */
export async function openInput(roots: FileRoots, label: string): Promise<InputFile> {
  const artifact = placeArtifact(roots, label);
  const { root, path } = artifact ?? placeInRoot(roots, label);
  const failure = (code: string, why: string): TaskFailure =>
    new TaskFailure(code, `Party ${roots.party}: ${label} ${why}.`);
  const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
    throw ['ENOENT', 'ENOTDIR'].includes(error.code ?? '')
      ? failure('FILE_NOT_FOUND', 'does not exist')
      : failure('FILE_UNREADABLE', `cannot be reached (${error.code ?? 'unknown'})`);
  });
  const realRoot = await realRootOf(root);
  if (!isInside(realRoot, real)) {
    throw failure('PATH_OUTSIDE_ROOT', "leads outside the party's data folder through a symbolic link");
  }
  if (artifact === null) refuseReserved(roots.party, label, realRoot, real);
  // O_NONBLOCK: opening a FIFO must not wait for a writer. O_NOFOLLOW: the name must still be what was resolved.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
  const handle = await open(real, flags).catch((error: NodeJS.ErrnoException) => {
    throw failure('FILE_UNREADABLE', `cannot be opened (${error.code ?? 'unknown'})`);
  });
  try {
    const stats = await handle.stat();
    if (stats.isDirectory()) throw failure('NOT_A_FILE', 'is a directory, not a file');
    if (!stats.isFile()) throw failure('NOT_A_FILE', 'is a pipe, socket or device, not a regular file');
    if (stats.size === 0) throw failure('EMPTY_FILE', 'is empty');
    return { label, name: basename(path), path: real, sizeBytes: stats.size, handle, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
