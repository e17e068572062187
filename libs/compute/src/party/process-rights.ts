import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isInside, placeArtifact, placeInRoot, type FileRoots } from './input-files.js';
import { LINEAGE_FILE } from './lineage.js';
import { tagOf } from './output-files.js';
import { ledgerFile } from './party-ledger.js';
import { NEUTRAL } from './party-link.js';
import { rowsFolder } from './row-sets.js';
import { failuresFile } from './failure-for-others.js';

/** Code that every party's process reads, also where it is linked. Compiled, this file lies five folders below the project's. */
const PROJECT = fileURLToPath(new URL('../../../../../', import.meta.url));
async function codePaths(): Promise<string[]> {
  const [packageFile, ...folders] = await Promise.all(
    ['package.json', 'node_modules', 'dist/libs'].map(async (name) => {
      const path = join(PROJECT, name);
      return [path, await real(path)];
    }),
  );
  return [...packageFile!, ...folders.flat().map(allOf)];
}

/** The file by which sodium-native tells which of its builds to load. */
const ADDON_PROBE = '/etc/alpine-release';

/** The option of Node's permission model, which is an experiment in Node 20. */
const PERMISSION = process.versions.node.startsWith('20.') ? '--experimental-permission' : '--permission';

/** What a process is for, as far as its rights depend on it. */
export interface RightsOf {
  readonly roots: FileRoots;
  readonly program: URL;
  readonly args: unknown;
  /** Whether the process leaves artifacts. Every party may; of the neutral processes only some do. */
  readonly keepsFiles: boolean;
  /** Folders of artifacts that values of the party's own results may name. */
  readonly reads: readonly string[];
  /** Whether its program loads a native addon. */
  readonly addons: boolean;
}

/**
 * Node's options for a party's process: it reads the code, its party's folder and the artifacts that its arguments name; it writes
 * temporary files beside the outputs that they name, and its artifacts of this task. It starts no process and no thread.
 */
export async function rightsOf({ roots, program, args, keepsFiles, reads, addons }: RightsOf): Promise<string[]> {
  const read = new Set([...(await codePaths()), fileURLToPath(program), ...reads.map(allOf)]);
  const write = new Set<string>();
  if (addons) read.add(ADDON_PROBE);
  if (keepsFiles) {
    const folder = allOf(artifactFolder(roots));
    read.add(folder);
    write.add(folder);
  }
  if (roots.root !== null) {
    read.add(allOf(roots.root)).add(allOf(await real(roots.root)));
    write
      .add(ledgerFile(roots.root))
      .add(failuresFile(roots.root))
      .add(allOf(rowsFolder(roots.root)));
  }
  for (const { text, isItem } of textsIn(args)) {
    const artifact = await artifactOf(roots, text);
    for (const path of artifact) read.add(path);
    if (artifact.length > 0 || isItem || roots.root === null) continue; // An item of a list is an input or a column.
    for (const path of await outputsOf(roots, text)) write.add(path);
  }
  const allow = (what: string, paths: ReadonlySet<string>): string[] =>
    withoutCovered([...paths]).map((path) => `--allow-fs-${what}=${path}`);
  return [PERMISSION, ...allow('read', read), ...allow('write', write), ...(addons ? ['--allow-addons'] : [])];
}

/** Where a process keeps its artifacts of this task. */
export function artifactFolder(roots: FileRoots): string {
  const task = join(resolve(roots.artifactRoot), roots.chainId, roots.taskId);
  return roots.party === NEUTRAL ? task : join(task, roots.party);
}

/** A folder and all below it, also where it does not exist yet. */
const allOf = (folder: string): string => join(folder, '*');

/** Node 20 forgets the right to a folder itself when a path below it is named, too. */
function withoutCovered(paths: readonly string[]): string[] {
  const prefixes = paths.filter((path) => path.endsWith('*')).map((path) => path.slice(0, -1));
  return paths.filter((path) => {
    const own = path.endsWith('*') ? path.slice(0, -1) : undefined;
    return !prefixes.some((prefix) => prefix !== own && (path.startsWith(prefix) || `${path}/` === prefix));
  });
}

const real = (path: string): Promise<string> => realpath(path).catch(() => path);

/** The paths of an artifact that the process may read; none where the text names no such artifact. */
async function artifactOf(roots: FileRoots, text: string): Promise<string[]> {
  const place = attempt(() => placeArtifact(roots, text));
  if (!place) return [];
  const target = await real(place.path);
  if (!isInside(await real(place.root), target)) return [];
  return [place.path, target, join(dirname(place.path), LINEAGE_FILE), join(dirname(target), LINEAGE_FILE)];
}

/** The names of the temporary files of an output, and of folders that are made for it; none where the text is no path in the folder. */
async function outputsOf(roots: FileRoots, text: string): Promise<string[]> {
  const place = text.startsWith('artifact:') ? undefined : attempt(() => placeInRoot(roots, text));
  if (!place || place.path === place.root) return [];
  const realRoot = await real(place.root);
  let folder = dirname(place.path);
  let missing: string | undefined;
  for (;;) {
    const found = await realpath(folder).catch(() => undefined);
    if (found !== undefined) {
      if (!isInside(realRoot, found) && isInside(place.root, folder)) return [];
      if (missing !== undefined) return [allOf(missing), allOf(join(found, basename(missing)))];
      const prefix = `.${basename(place.path).slice(0, 100)}.${tagOf(roots)}.*`;
      return [...new Set([join(folder, prefix), join(found, prefix)])];
    }
    missing = folder;
    folder = dirname(folder);
  }
}

function attempt<T>(place: () => T): T | undefined {
  try {
    return place();
  } catch {
    return undefined;
  }
}

/** Every text in a value, and whether it is an item of a list. */
function* textsIn(value: unknown, isItem = false): Generator<{ text: string; isItem: boolean }> {
  if (typeof value === 'string') yield { text: value, isItem };
  else if (Array.isArray(value)) for (const item of value) yield* textsIn(item, true);
  else if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) yield* textsIn(member);
}
