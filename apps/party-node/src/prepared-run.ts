import { existsSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createHmac } from 'node:crypto';
import { join, relative } from 'node:path';
import { nameFiles, type Artifact } from '#libs/compute';
import { canonicalJson } from '#libs/consent';
import { missingVote, readVote, resultHash, sha256, signVote } from '#libs/peers';
import { stampOf } from './inputs.js';
import type { NodeFolder } from './node-folder.js';
import type { Ready } from './run-task.js';
import { withStore, type Prepared, type PreparedFile, type SiteStore } from './site-store.js';

/** Signs that this site's part of a run is complete, and keeps it. From then on the control plane decides what becomes of it, and no time does. */
export async function prepareRun(folder: NodeFolder, member: string, run: string, ready: Ready): Promise<void> {
  const { left, maker, made, members, task } = ready;
  const { artifacts = [], ...outcome } = left ?? {};
  const told = await keyed(folder, artifacts);
  const vote = await signVote(
    {
      ...{ kind: 'prepared', member, run, session: made.session, task },
      result: resultHash(left?.result ?? null),
      files: sha256(canonicalJson(told)),
    },
    await folder.ownKey(),
  );
  const files = ready.files.map((file): PreparedFile => {
    const [temporary, final] = [relative(folder.path, file.temporary), relative(folder.path, file.final)];
    const held = temporary.replace(/\.tmp$/, '.held');
    return { temporary, held, stamp: stampOf(file.temporary)!, file: { ...file, final } };
  });
  const answer = { run, state: 'PREPARED', result: left?.result ?? null, artifacts: told, vote } as const;
  const prepared: Prepared = {
    maker,
    made,
    members,
    answer,
    outcome: left && (outcome as Omit<typeof left, 'artifacts'>),
    files,
  };
  await withStore(folder.path, (store) => store.prepare(run, prepared));
  holdFiles(folder, prepared);
}

/** The first member that has not signed what this site has; undefined: all have. */
export async function unvoted({ answer, members }: Prepared, votes: readonly string[]): Promise<string | undefined> {
  const { run = '', session = '', task = '', result = null } = (await readVote(answer.vote))?.vote ?? {};
  return missingVote(votes, members, { run, session, task, result });
}

/** Keeps the files of a run from what sweeps behind killed ones; false: one of them is gone. Whoever was killed over it may do it again. */
export function holdFiles({ path }: Pick<NodeFolder, 'path'>, { files }: Prepared): boolean {
  for (const { temporary, held } of files)
    if (existsSync(join(path, temporary))) renameSync(join(path, temporary), join(path, held));
    else if (!existsSync(join(path, held))) return false;
  return true;
}

/**
 * Gives the files of a run their names, since it counts. What the site notes of them comes first: wherever this is cut off, they are not those
 * that it has noted, and no task reads them until this was done again. Throws where a file is gone, or a person has put another one in its place.
 */
export async function nameRun(folder: NodeFolder, store: SiteStore, run: string, prepared: Prepared): Promise<void> {
  const { maker, made, files, outcome } = prepared;
  const at = (path: string): string => join(folder.path, path);
  const left = files.filter(({ held }) => existsSync(at(held)));
  const gone = files.find((each) => !left.includes(each) && stampOf(at(each.file.final)) !== each.stamp);
  if (gone) throw new Error(`${gone.file.final}, which the run had prepared, is gone`);
  if (outcome) store.keepMade(maker, made);
  await nameFiles(
    left.map(({ held, file }) => ({ ...file, temporary: at(held), final: at(file.final) })),
    [folder.dataRoot, folder.artifactRoot],
  );
  // An earlier run of the task counts no more, whatever became of it.
  for (const other of store.preparedOf([maker]))
    if (other !== run) await dropRun(folder, store, other, store.prepared(other)!);
  store.settle(run, 'DONE', outcome ?? undefined);
}

/** Drops what a run had prepared, since it came to nothing. */
export async function dropRun(folder: NodeFolder, store: SiteStore, run: string, { files }: Prepared): Promise<void> {
  for (const { temporary, held } of files)
    for (const path of [temporary, held]) await rm(join(folder.path, path), { force: true });
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
