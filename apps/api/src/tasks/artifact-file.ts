import { constants } from 'node:fs';
import { access, open, realpath, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { LINEAGE_FILE } from '#libs/compute';
import { Problem } from '../http/problem.js';

/** `<file>`, or `<party>/<file>`. */
const NAME = /^(?:([A-Za-z][A-Za-z0-9_-]*)\/)?[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Opens an artifact in its own folder: through no link, since a party could lay one that leads to another party's artifacts.
 * Throws ARTIFACT_NOT_FOUND and ARTIFACT_UNREADABLE.
 */
export async function openArtifact(
  artifactRoot: string,
  chainId: string,
  taskId: string,
  name: string,
): Promise<FileHandle> {
  const [isName, party = ''] = NAME.exec(name) ?? [];
  let handle: FileHandle | undefined;
  try {
    if (isName === undefined) throw new Error('not the name of an artifact');
    const folder = join(await realpath(artifactRoot), chainId, taskId, party);
    if ((await realpath(folder)) !== folder) throw new Error('a link leads to its folder');
    const path = join(folder, name.slice(party === '' ? 0 : party.length + 1));
    // O_NONBLOCK: opening a FIFO must not wait for a writer.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    if (!(await handle.stat()).isFile()) throw new Error('not a regular file');
    return handle;
  } catch (error) {
    await handle?.close();
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') {
      throw new Problem(
        'ARTIFACT_UNREADABLE',
        `The API may not read this file (${code}): the worker keeps it for the account of ${party || 'its party'} alone. ` +
          "Take it from the worker's ARTIFACT_ROOT, or ask the operator to let the API's account read it.",
        { cause: error },
      );
    }
    throw new Problem(
      'ARTIFACT_NOT_FOUND',
      "The file is not in the API's artifact store: it was removed, or it lies on the disk of a worker which the API does not share.",
      { cause: error },
    );
  }
}

/** Whether the party's folder had an owner when the task ran, also one that claimed it without this server (`--offline`). */
export async function wasClaimed(
  artifactRoot: string,
  chainId: string,
  taskId: string,
  party: string,
): Promise<boolean> {
  try {
    await access(join(artifactRoot, chainId, taskId, party, LINEAGE_FILE));
    return true;
  } catch (error) {
    // What can't be looked at is taken for claimed.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
