import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeFolder } from './node-folder.js';
import { Refusal } from './refusal.js';
import type { SiteStore } from './site-store.js';
import type { ReadArtifact } from './task-file.js';

/**
 * What tells a file from any other that has had its name: `<size>:<time of the last change, ns>`. It stays where the file is renamed, or copied
 * with its times. Undefined where there is none.
 */
export function stampOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.size}:${found.mtimeNs}`;
}

/**
 * Makes sure that what a task reads here of earlier tasks lies here, and that the runs left it which the site has noted: an accept counts for
 * these, and the other sites get their sessions. A file of no party need not be here, since another site may be the one that reads it.
 * Throws Refusal.
 */
export function requireInputs(
  { artifactRoot }: Pick<NodeFolder, 'artifactRoot'>,
  party: string,
  store: SiteStore,
  reads: readonly ReadArtifact[],
): void {
  for (const { maker, path } of reads) {
    const isOwn = path.startsWith(`${party}/`);
    if (!isOwn && path.includes('/')) continue;
    const stamp = stampOf(join(artifactRoot, maker, path));
    if (stamp === store.made(maker)?.files[path] && (!isOwn || stamp !== undefined)) continue;
    const why =
      stamp === undefined
        ? 'does not lie here, or not yet. Try again once it does.'
        : `was not left by a run that ended here: run ${maker} again.`;
    throw new Refusal(`The task reads artifact:${maker}/${path}, which ${why}`);
  }
}
