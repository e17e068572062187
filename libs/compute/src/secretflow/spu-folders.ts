import { randomBytes } from 'node:crypto';
import { readdir, realpath, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { TaskRun } from '../contract/task-type.js';
import { accountsOf } from '../party/accounts.js';
import type { FileRoots } from '../party/input-files.js';
import { artifactFolder } from '../party/process-rights.js';
import type { Account } from '../party/start-guarded.js';

/** Names the folder of a run, followed by its attempt. */
const PREFIX = '.spu-';

/** Of a party at another site, whose arguments are used there alone. */
const ELSEWHERE = { home: '', account: undefined };

/** Where a party's processes meet in one run, and whom they run as. */
interface SpuFolder {
  readonly home: string;
  readonly account: Account | undefined;
}

/**
 * Runs `work` with a folder for each party, among its artifacts of the task: its process of the worker makes it. They are gone when `work` ends, and so is what
 * an earlier attempt left when its worker was killed.
 */
export async function withSpuFolders<T>(
  {
    chainId,
    taskId,
    attempt,
    ...run
  }: Pick<TaskRun, 'chainId' | 'taskId' | 'attempt' | 'artifactRoot' | 'dataRoot' | 'site'>,
  parties: readonly string[],
  work: (folderOf: (party: string) => SpuFolder) => Promise<T>,
): Promise<T> {
  const artifactRoot = await realpath(run.artifactRoot).catch(() => resolve(run.artifactRoot));
  const rootsOf = (party: string): FileRoots => ({
    ...{ party, root: resolve(join(run.dataRoot, party)), artifactRoot, chainId, taskId },
  });
  // At a site there is a folder of its party alone.
  const here = parties.filter((party) => run.site === undefined || party === run.site.party);
  const accounts = await accountsOf(here.map(rootsOf));
  const token = randomBytes(6).toString('hex');
  const folders = new Map<string, SpuFolder>();
  for (const party of here) {
    const own = artifactFolder(rootsOf(party));
    await removeEarlier(own, attempt);
    folders.set(party, { home: join(own, `${PREFIX}${attempt}-${token}`), account: accounts.get(party) });
  }
  try {
    return await work((party) => folders.get(party) ?? ELSEWHERE);
  } finally {
    for (const { home } of folders.values()) await rm(home, { recursive: true, force: true });
  }
}

async function removeEarlier(folder: string, attempt: number): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    if (name.startsWith(PREFIX) && Number.parseInt(name.slice(PREFIX.length), 10) < attempt)
      await rm(join(folder, name), { recursive: true, force: true });
}
