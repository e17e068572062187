import { createHash, createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openInput, readOwnedFolder } from '#libs/compute';
import { canonicalJson, usesOf } from '#libs/consent';
import { stampOf } from './inputs.js';
import type { NodeFolder } from './node-folder.js';
import { Refusal } from './refusal.js';
import { isServing, type SharedTask } from './task-file.js';

/** What a site commits to before a run, and what shows later that it did. */
export interface Commitment {
  /** `sha256:<hex>` under the key: an HMAC of the canonical files. */
  readonly data: string;
  /** In hex. New in every run: nobody sees whether two runs read the same. */
  readonly key: string;
  /** By name, as the task has it: the SHA-256 in hex; null where it could not be read. */
  readonly files: Readonly<Record<string, string | null>>;
  /** Throws Refusal where a file is another one by now than the one that was committed to. */
  requireSame(): void;
}

/** `sha256:<hex>` of files under a key, as an accept has it. */
export const commitmentTo = (files: Commitment['files'], key: string): string =>
  `sha256:${createHmac('sha256', Buffer.from(key, 'hex')).update(canonicalJson(files)).digest('hex')}`;

/** Commits to the files that a task reads of the party at this site. Nothing of them leaves by it. */
export async function commit(folder: NodeFolder, party: string, task: SharedTask): Promise<Commitment> {
  const roots = {
    ...{ party, root: join(folder.dataRoot, party), artifactRoot: folder.artifactRoot },
    ...{ chainId: task.statement.chain_id, taskId: task.statement.task_id },
  };
  const names = usesOf(task.params.task_config, party, task.type.type).inputs;
  const files: Record<string, string | null> = {};
  const stamps = new Map<string, { readonly name: string; readonly stamp: string | undefined }>();
  for (const name of [...names].sort()) {
    files[name] = null;
    // What cannot be read, the program of the party says in its words.
    const file = await openInput(roots, await pathOf(name)).catch(() => undefined);
    if (!file) continue;
    try {
      stamps.set(file.path, { name, stamp: stampOf(file.path) });
      const hash = createHash('sha256');
      await pipeline(file.handle.createReadStream({ start: 0, autoClose: false }), hash);
      files[name] = hash.digest('hex');
    } finally {
      await file.close();
    }
  }
  const key = randomBytes(32).toString('hex');
  const requireSame = (): void => {
    // What serves has read its tables at its start: for days its owner may bring others for the next one.
    if (isServing(task)) return;
    for (const [path, { name, stamp }] of stamps)
      if (stampOf(path) !== stamp) throw new Refusal(`${name} was changed while the task ran: run it again.`);
  };
  return { data: commitmentTo(files, key), key, files, requireSame };

  async function pathOf(name: string): Promise<string> {
    if (!name.startsWith('dataset:')) return name;
    const owned = await readOwnedFolder(party, roots.root, await folder.statements());
    const found = owned?.datasets.find((each) => `dataset:${each.party}/${each.name}@${each.version}` === name);
    return found?.file ?? name;
  }
}
