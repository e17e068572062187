import { existsSync, renameSync, rmSync } from 'node:fs';
import { createHmac } from 'node:crypto';
import { join, relative } from 'node:path';
import { nameFiles, type Artifact } from '#libs/compute';
import { artifactsHash, membersHash, missingVote, readVote, resultHash, signVote, type Vote } from '#libs/peers';
import { stampOf } from './inputs.js';
import type { NodeFolder } from './node-folder.js';
import type { Ready } from './run-task.js';
import { withStore, type Prepared, type PreparedFile, type SiteStore } from './site-store.js';

/** Signs that this site's part of a run is complete, and stores it. From then on only the control plane decides. There is no time-out. */
export async function prepareRun(folder: NodeFolder, member: string, run: string, ready: Ready): Promise<void> {
  const { left, maker, made, members, task } = ready;
  const told = await keyed(folder, left?.artifacts ?? []);
  const vote = await signVote(
    {
      ...{ kind: 'prepared', member, run, session: made.session, task, members: membersHash(members) },
      ...{ result: resultHash(left?.result ?? null), files: artifactsHash(told) },
    },
    await folder.ownKey(),
  );
  const files = ready.files.map((file): PreparedFile => {
    const [temporary, final] = [relative(folder.path, file.temporary), relative(folder.path, file.final)];
    const held = temporary.replace(/\.tmp$/, '.held');
    return { temporary, held, stamp: stampOf(file.temporary)!, file: { ...file, final } };
  });
  const answer = { run, state: 'PREPARED', result: left?.result ?? null, artifacts: told, vote } as const;
  const { artifacts: _, ...outcome } = left ?? { artifacts: [], result: {} };
  await withStore(folder.path, (store) =>
    store.prepare(run, { maker, made, members, answer, outcome: left && outcome, files }),
  );
  holdFiles(folder, files);
}

/** The first member that has not signed what this site has; undefined: all have. */
export async function unvoted({ answer, members }: Prepared, votes: readonly string[]): Promise<string | undefined> {
  const { vote } = (await readVote(answer.vote))!;
  return missingVote(votes, members, vote as Vote);
}

/**
 * Renames the files of a run, so that no later attempt deletes them as leftovers of a killed one. Returns false if a file is missing. It may be
 * called again after a crash.
 */
export function holdFiles({ path }: Pick<NodeFolder, 'path'>, files: readonly PreparedFile[]): boolean {
  for (const { temporary, held } of files)
    if (existsSync(join(path, temporary))) renameSync(join(path, temporary), join(path, held));
    else if (!existsSync(join(path, held))) return false;
  return true;
}

/**
 * Gives the files of a committed run their final names. It stores their stamps first: after a crash in between, the stamps do not match, and no
 * task reads the files until this has run again. If a file is missing, it drops the others and returns the file's name. Throws if another
 * file has the name.
 */
export async function nameRun(
  folder: NodeFolder,
  store: SiteStore,
  run: string,
  { maker, made, files, outcome }: Prepared,
): Promise<string | undefined> {
  const at = (path: string): string => join(folder.path, path);
  const left = files.filter(({ held }) => existsSync(at(held)));
  const gone = files.find((each) => !left.includes(each) && stampOf(at(each.file.final)) !== each.stamp);
  if (outcome) store.keepMade(maker, made);
  if (gone) dropRun(folder, store, run, files);
  else {
    await nameFiles(
      left.map(({ held, file }) => ({ ...file, temporary: at(held), final: at(file.final) })),
      [folder.dataRoot, folder.artifactRoot],
    );
    // An earlier run of the task counts no more, whatever became of it.
    const runs = store.preparedOf([maker]);
    for (const other of runs.slice(0, runs.indexOf(run))) dropRun(folder, store, other, store.prepared(other)!.files);
    store.settle(run, 'DONE', outcome ?? undefined);
  }
  return gone?.file.final;
}

/** Drops what a run had prepared. */
export function dropRun(folder: NodeFolder, store: SiteStore, run: string, files: readonly PreparedFile[]): void {
  for (const { temporary, held } of files)
    for (const path of [temporary, held]) rmSync(join(folder.path, path), { force: true });
  store.settle(run, 'ENDED');
}

/** Others see hashes that tell them nothing of a file, and this site whether it is still the same. */
async function keyed(folder: NodeFolder, artifacts: readonly Artifact[]): Promise<readonly Artifact[]> {
  const key = await folder.hashKey();
  return artifacts.map((each) => ({
    ...each,
    sha256: createHmac('sha256', key).update(each.sha256).digest('hex'),
  }));
}
