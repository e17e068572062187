import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { canonicalJson } from '#libs/consent';
import type { FileRoots, InputFile } from './input-files.js';
import type { Owner } from './owner.js';
import { removeEarlier, type OutputLedger } from './output-files.js';
import type { WrittenFile } from './party-link.js';
import type { RowSet } from './row-sets.js';

/** Where a party's artifacts of one task came from. Only the party writes it, and its MAC shows that nobody else did. */
export interface Lineage {
  /** `sha256:<hex>` of the canonical task that made them. */
  readonly task: string;
  /** Names of the datasets that they were made from, directly or through other artifacts. */
  readonly datasets: readonly string[];
  /** The same as `<name>@<version>`, and by name alone where an older record did not know the version. Absent in older records. */
  readonly versions?: readonly string[];
  /** Whether a file that is no dataset went in. */
  readonly plain: boolean;
  /** Digest of each file, by its name. */
  readonly files: Readonly<Record<string, string>>;
  /** The rows of each table, by the name of its file. Absent in older records. */
  readonly rows?: Readonly<Record<string, RowSet>>;
  /** Keys of the standing approvals that cover the task and all that it read. */
  readonly standing?: readonly string[];
}

/** What a file was made of: see {@link Lineage}. */
export interface Source {
  readonly versions: readonly string[];
  readonly plain: boolean;
  /** Of the file, where it is known. */
  readonly digest?: string | undefined;
  /** Of the table, where they are known. */
  readonly rows?: RowSet | undefined;
  /** Of an artifact that a task of the party made: that task, and the standing approvals that covered it. */
  readonly made?: { readonly by: string; readonly standing: readonly string[] };
}
export const PLAIN: Source = { versions: [], plain: true };

/** Names of the datasets of `<name>@<version>`. */
export const namesOf = (versions: readonly string[]): readonly string[] => [
  ...new Set(versions.map((each) => each.split('@')[0]!)),
];

/** The record of a claimed party's artifacts of one task lies beside them. */
export const LINEAGE_FILE = '.lineage.json';

const macOf = (owner: Owner, lineage: Lineage): string =>
  owner.digest(createHash('sha256').update(canonicalJson(lineage)).digest('hex'));

/** Writes the record of the artifacts that the party made in this run. It appears together with them. */
export async function writeLineage(
  roots: FileRoots,
  token: string,
  owner: Owner,
  lineage: Lineage,
  temporary: OutputLedger['temporary'],
): Promise<WrittenFile> {
  const final = join(resolve(roots.artifactRoot), roots.chainId, roots.taskId, roots.party, LINEAGE_FILE);
  const path = `${final}.${token}.tmp`;
  await removeEarlier(dirname(final), `${LINEAGE_FILE}.`, token);
  await temporary(path);
  await writeFile(path, JSON.stringify({ lineage, mac: macOf(owner, lineage) }), { mode: 0o600 });
  return { temporary: path, final };
}

/** The lineage of an artifact of the party. Undefined where its record is missing or forged, or does not fit the file. */
export async function lineageOf(owner: Owner, file: InputFile): Promise<Lineage | undefined> {
  try {
    const text = await readFile(join(dirname(file.path), LINEAGE_FILE), 'utf8');
    const { lineage, mac } = JSON.parse(text) as { lineage: Lineage; mac: string };
    if (macOf(owner, lineage) !== mac) return undefined;
    return lineage.files[file.name] === owner.digest(await sha256Of(file)) ? lineage : undefined;
  } catch {
    return undefined;
  }
}

/** SHA-256 of the whole file, in hex. */
export async function sha256Of({ handle, sizeBytes }: InputFile): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(sizeBytes, 1024 * 1024));
  for (let at = 0; at < sizeBytes;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest('hex');
}
