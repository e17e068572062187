import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { diskFull } from '../contract/disk-full.js';
import { TaskFailure, type Artifact, type TaskRun } from '../contract/task-type.js';
import { isInside, placeInRoot, refuseReserved, type FileRoots } from './input-files.js';
import { NEUTRAL, type WrittenFile } from './party-link.js';
import type { OutputRows } from './row-sets.js';
import { refuseToReplace, tableOutput, takeNames, type TableOutput } from './table-outputs.js';

export interface OutputRequest {
  /**
   * Path as the task's parameters give it: absent, or `artifact:<name>`, makes an artifact of this run; anything else
   * is a path below the party's data folder.
   */
  readonly target?: string | undefined;
  /** Name of the artifact where `target` gives none, e.g. `table.csv`. */
  readonly name: string;
  readonly mediaType: string;
  /** The size in bytes to state of an artifact, where the true one would say what only the party may know. */
  readonly statedBytes?: number | undefined;
  /** Of a table with a row for each of some rows that the party has opened: which. */
  readonly rows?: OutputRows | undefined;
}

/** A file being written under a temporary name. Abandon it by failing: the coordinator removes what is not finished. */
export interface OutputFile {
  /** What later tasks call it: `artifact:<chain>/<task>/<party>/<name>`, or the path as given. */
  readonly reference: string;
  write(chunk: Uint8Array | string): Promise<void>;
  /** Closes the file. It gets its final name when the whole task has succeeded. */
  finish(): Promise<{ sizeBytes: number; sha256: string }>;
}

/** Records each temporary file before it is made, and each complete one. */
export interface OutputLedger {
  temporary(path: string): Promise<void> | void;
  written(file: WrittenFile): void;
}

/** What names an artifact of a task. */
export const ARTIFACT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const BUFFER_BYTES = 256 * 1024;

interface Place {
  readonly final: string;
  readonly reference: string;
  readonly artifactName?: string;
  /** Set for a path below the party's folder. */
  readonly table?: TableOutput;
}

async function place(roots: FileRoots, request: OutputRequest): Promise<Place> {
  const { target } = request;
  if (target !== undefined && !target.startsWith('artifact:')) return placeTable(roots, target);
  // A full reference to this run's own artifact is as good as its bare name.
  const own = `artifact:${roots.chainId}/${roots.taskId}/${roots.party === NEUTRAL ? '' : `${roots.party}/`}`;
  const name =
    target === undefined ? request.name : target.slice(target.startsWith(own) ? own.length : 'artifact:'.length);
  if (!ARTIFACT_NAME.test(name)) {
    throw new TaskFailure(
      'INVALID_PARAMS',
      `Party ${roots.party}: ${JSON.stringify(target ?? name)} is no name for an artifact: use letters, digits, ".", "_" and "-".`,
    );
  }
  const artifactName = roots.party === NEUTRAL ? name : `${roots.party}/${name}`;
  const final = join(resolve(roots.artifactRoot), roots.chainId, roots.taskId, artifactName);
  await mkdir(dirname(final), { recursive: true });
  return { final, reference: `artifact:${roots.chainId}/${roots.taskId}/${artifactName}`, artifactName };
}

async function placeTable(roots: FileRoots, target: string): Promise<Place> {
  const { root, path } = placeInRoot(roots, target);
  const outside = new TaskFailure(
    'PATH_OUTSIDE_ROOT',
    `Party ${roots.party}: ${target} leads outside the party's data folder through a symbolic link, or is that folder.`,
  );
  if (path === root) throw outside;
  const realRoot = await realpath(root).catch(async () => {
    await mkdir(root, { recursive: true });
    return realpath(root);
  });
  // The nearest folder that exists is proven inside before any folder is made in it.
  let folder = dirname(path);
  let real: string | undefined;
  while (real === undefined) {
    real = await realpath(folder).catch(() => undefined);
    if (real === undefined) folder = dirname(folder);
  }
  if (!isInside(realRoot, real)) throw outside;
  refuseReserved(roots.party, target, realRoot, join(real, relative(folder, path)));
  if (folder !== dirname(path) || !(await stat(folder)).isDirectory()) {
    await mkdir(dirname(path), { recursive: true }).catch((error: NodeJS.ErrnoException) => {
      throw unwritable(roots.party, `the folder of ${target} cannot be made`, error);
    });
  }
  const final = join(await realpath(dirname(path)), basename(path));
  if (!isInside(realRoot, final)) throw outside;
  if ((await stat(final).catch(() => undefined))?.isDirectory()) {
    throw new TaskFailure('NOT_A_FILE', `Party ${roots.party}: ${target} is a directory; name a file to write.`);
  }
  const table = tableOutput(roots, target, relative(realRoot, final));
  await refuseToReplace(final, table);
  return { final, reference: target, table };
}

function unwritable(party: string, what: string, error: NodeJS.ErrnoException): TaskFailure {
  const message = `Party ${party}: ${what} (${error.code ?? 'unknown'}).`;
  return diskFull(error, `Party ${party}`) ?? new TaskFailure('FILE_UNWRITABLE', message);
}

/**
 * Starts an output of a party (or of no party). Throws TaskFailure PATH_OUTSIDE_ROOT, PATH_RESERVED, NOT_A_FILE,
 * OUTPUT_EXISTS, FILE_UNWRITABLE, DISK_FULL.
 */
export async function createOutput(
  roots: FileRoots,
  request: OutputRequest,
  token: string,
  ledger: OutputLedger,
): Promise<OutputFile> {
  const { final, reference, artifactName, table } = await place(roots, request);
  const prefix = `.${basename(final).slice(0, 100)}.${tagOf(roots)}.`;
  await removeEarlier(dirname(final), prefix, token);
  const temporary = join(dirname(final), `${prefix}${token}.tmp`);
  await ledger.temporary(temporary);
  const handle = await open(temporary, 'w', 0o640).catch((error: NodeJS.ErrnoException) => {
    throw unwritable(roots.party, `${reference} cannot be written`, error);
  });
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  const flush = async (): Promise<void> => {
    if (heldBytes === 0) return;
    const bytes = Buffer.concat(held);
    held = [];
    heldBytes = 0;
    hash.update(bytes);
    sizeBytes += bytes.byteLength;
    await handle.writeFile(bytes);
  };
  return {
    reference,
    async write(chunk) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk); // a copy: the caller may use its buffer again
      held.push(bytes);
      heldBytes += bytes.byteLength;
      if (heldBytes >= BUFFER_BYTES) await flush();
    },
    async finish() {
      await flush();
      await handle.close();
      const sha256 = hash.digest('hex');
      const artifact: Artifact | undefined =
        artifactName === undefined
          ? undefined
          : { name: artifactName, mediaType: request.mediaType, sizeBytes: request.statedBytes ?? sizeBytes, sha256 };
      ledger.written({ temporary, final, ...(artifact && { artifact }), ...(table && { table }) });
      return { sizeBytes, sha256 };
    },
  };
}

/** A temporary file beside the task's artifacts that gets no name of its own. `temporary` is told of it before it is made. */
export async function createScratch(
  roots: FileRoots,
  token: string,
  temporary: OutputLedger['temporary'],
): Promise<FileHandle> {
  const task = join(resolve(roots.artifactRoot), roots.chainId, roots.taskId);
  const folder = roots.party === NEUTRAL ? task : join(task, roots.party);
  await mkdir(folder, { recursive: true });
  const prefix = `.scratch.${tagOf(roots)}.`;
  await removeEarlier(folder, prefix, token);
  const path = join(folder, `${prefix}${token}-${randomBytes(6).toString('hex')}.tmp`);
  await temporary(path);
  return open(path, 'wx+', 0o600);
}

/** Tells one task's temporary files from another's in the same folder. */
export function tagOf({ chainId, taskId }: FileRoots): string {
  return createHash('sha256').update(`${chainId}/${taskId}`).digest('hex').slice(0, 12);
}

/** Removes what an earlier attempt of this task left when its process was killed. Tokens begin with the attempt. */
export async function removeEarlier(folder: string, prefix: string, token: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix) || !name.endsWith('.tmp')) continue;
    if (Number.parseInt(name.slice(prefix.length), 10) < Number.parseInt(token, 10)) {
      await rm(join(folder, name), { force: true });
    }
  }
}

/**
 * Gives complete files their final names: all of a task, or none. Throws TaskFailure OUTPUT_CONFLICT when two claim one
 * name, and OUTPUT_EXISTS when one would replace a file that the task did not write.
 */
export async function publish(files: readonly WrittenFile[]): Promise<void> {
  requireOwnNames(files);
  await takeNames(files.flatMap(({ table, ...file }) => (table ? [{ ...file, table }] : [])));
  for (const file of files) await rename(file.temporary, file.final);
}

/** Makes sure that complete files could get their final names now. Throws as `publish`. */
export async function requireNames(files: readonly WrittenFile[]): Promise<void> {
  requireOwnNames(files);
  for (const { final, table } of files) if (table) await refuseToReplace(final, table);
}

function requireOwnNames(files: readonly WrittenFile[]): void {
  if (new Set(files.map((file) => file.final)).size === files.length) return;
  throw new TaskFailure('OUTPUT_CONFLICT', 'Two outputs of the task have the same path; give each its own.');
}

/**
 * Writes an artifact that every party may read, from the thread that calls: for small reports that hold only what may
 * leave the parties.
 */
export async function writeSharedArtifact(
  run: Pick<TaskRun, 'artifactRoot' | 'chainId' | 'taskId' | 'attempt' | 'hold'>,
  request: OutputRequest,
  content: string | Uint8Array,
): Promise<{ reference: string; artifact: Artifact }> {
  const roots: FileRoots = { ...run, party: NEUTRAL, root: null };
  const files: WrittenFile[] = [];
  const temporaries: string[] = [];
  try {
    const output = await createOutput(roots, request, `${run.attempt}-shared`, {
      temporary: (path) => void temporaries.push(path),
      written: (file) => files.push(file),
    });
    await output.write(content);
    await output.finish();
    if (run.hold) run.hold(files);
    else await publish(files);
    return { reference: output.reference, artifact: files[0]!.artifact! };
  } catch (error) {
    for (const path of temporaries) await rm(path, { force: true });
    throw error;
  }
}
