/** Checks of what a party's process sends. Its code may be hostile: nothing it says is believed where the worker acts on it. */
import { realpath, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isOpenedEntry, isPartyResult } from '#libs/chain-domain';
import { TaskFailure, type JsonObject } from '../contract/task-type.js';
import { isInside, refuseReserved, type FileRoots } from './input-files.js';
import { LINEAGE_FILE } from './lineage.js';
import { ARTIFACT_NAME } from './output-files.js';
import { NEUTRAL, type FromParty, type WrittenFile } from './party-link.js';
import { artifactFolder } from './process-rights.js';
import { tableOutput } from './table-outputs.js';

const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const FITS: { readonly [Kind in FromParty['kind']]: (message: Record<string, unknown>) => boolean } = {
  progress: ({ fraction, stage }) => Number.isFinite(fraction) && isText(stage),
  log: ({ level, message }) => ['debug', 'info', 'warn', 'error'].includes(level as string) && isText(message),
  opened: ({ entry }) => isOpenedEntry(entry),
  temporary: ({ path }) => isText(path),
  written: ({ file }) => isObject(file) && fitsFile(file),
  outside: () => true,
  statements: () => true,
  done: (message) =>
    'value' in message && (message.own === null || isPartyResult(message.own)) && isCount(message.sentBytes),
  failed: ({ failure }) => isObject(failure) && fitsFailure(failure),
};

const fitsFile = ({ temporary, final, artifact, table }: Record<string, unknown>): boolean =>
  isText(temporary) &&
  isText(final) &&
  (artifact === undefined ||
    (isObject(artifact) &&
      isText(artifact.name) &&
      isText(artifact.mediaType) &&
      isCount(artifact.sizeBytes) &&
      isText(artifact.sha256) &&
      /^[0-9a-f]{64}$/.test(artifact.sha256))) &&
  (table === undefined || (isObject(table) && isText(table.target)));

const fitsFailure = ({ code, message, retryable, details }: Record<string, unknown>): boolean =>
  isText(code) &&
  /^[A-Z][A-Z0-9_]{0,63}$/.test(code) &&
  isText(message) &&
  typeof retryable === 'boolean' &&
  isObject(details) &&
  (details.places === undefined || (Array.isArray(details.places) && details.places.every(isText)));

/** The message of a party's process; undefined if it is none. */
export function readFromParty(message: unknown): FromParty | undefined {
  if (!isObject(message) || !isText(message.kind) || !Object.hasOwn(FITS, message.kind)) return undefined;
  return FITS[message.kind as FromParty['kind']](message) ? (message as FromParty) : undefined;
}

/** A line that a process had no right to send. */
export function violation(party: string, what: string): TaskFailure {
  const details: JsonObject = { party };
  return new TaskFailure('PROTOCOL_VIOLATION', `The process of party ${party} ${what}.`, false, details);
}

/**
 * A complete file as the worker itself derives it from where it lies. Throws TaskFailure PROTOCOL_VIOLATION unless it is an output
 * of this run: below the party's folder, or among its artifacts of this task.
 */
export async function provenFile(roots: FileRoots, token: string, file: WrittenFile): Promise<WrittenFile> {
  const { temporary, final, artifact, table } = file;
  const stranger = violation(roots.party, 'named a file that is no output of its run');
  const isPair = dirname(temporary) === dirname(final) && resolve(final) === final && isTemporary(temporary, token);
  if (!isPair) throw stranger;
  if (artifact) {
    const name = basename(final);
    const expected = roots.party === NEUTRAL ? name : `${roots.party}/${name}`;
    if (artifact.name !== expected || !ARTIFACT_NAME.test(name) || final !== join(artifactFolder(roots), name))
      throw stranger;
    if (!(await isReallyInside(artifactFolder(roots), temporary))) throw stranger;
    return { temporary, final, artifact };
  }
  if (final === join(artifactFolder(roots), LINEAGE_FILE) && (await isReallyInside(artifactFolder(roots), temporary))) {
    return { temporary, final };
  }
  if (!table || roots.root === null || !(await isReallyInside(roots.root, temporary))) throw stranger;
  const realRoot = await realpath(roots.root);
  refuseReserved(roots.party, table.target, realRoot, final);
  return { temporary, final, table: tableOutput(roots, table.target, relative(realRoot, final)) };
}

/** Removes a temporary file that a process named, if it is one of its run. */
export async function removeTemporary(roots: FileRoots, token: string, path: string): Promise<void> {
  if (!isTemporary(path, token)) return;
  const folders = [artifactFolder(roots), ...(roots.root === null ? [] : [roots.root])];
  for (const folder of folders) if (await isReallyInside(folder, path)) await rm(path, { force: true });
}

function isTemporary(path: string, token: string): boolean {
  const name = basename(path);
  return resolve(path) === path && name.startsWith('.') && name.endsWith('.tmp') && name.includes(`.${token}`);
}

async function isReallyInside(root: string, path: string): Promise<boolean> {
  const [realRoot, folder] = await Promise.all(
    [root, dirname(path)].map((each) => realpath(each).catch(() => undefined)),
  );
  return realRoot !== undefined && folder !== undefined && isInside(realRoot, folder);
}
