import type { ApprovalStatement, DatasetStatement, Statement } from '#libs/consent';
import { TaskFailure } from '../contract/task-type.js';
import type { InputFile } from './input-files.js';
import { lineageOf, PLAIN, sha256Of, type Source } from './lineage.js';
import type { Owner } from './owner.js';
import { offeredDataset } from './statements.js';

/** The task of a party that opens a file, by its canonical form. */
export interface Reader {
  readonly party: string;
  readonly owner: Owner;
  readonly statements: ReadonlyMap<string, Statement>;
  readonly chainId: string;
  /** `sha256:<hex>` of the task. */
  readonly task: string;
  /** The tasks whose results it names, and those of other chains whose artifacts were handed down to it: see {@link sourceKey}. */
  readonly from: Readonly<Record<string, string>>;
}

/**
 * What a file was made from. Throws TaskFailure DATASET_CHANGED, DATASET_UNKNOWN, and POLICY_REFUSED where the owner has taken back since what
 * made it.
 */
export async function sourceOf(
  reader: Reader,
  label: string,
  dataset: DatasetStatement | undefined,
  file: InputFile,
): Promise<Source> {
  const { party, owner, statements, from } = reader;
  if (dataset !== undefined) {
    if (owner.digest(await sha256Of(file)) !== dataset.digest) throw changed(party, label);
    return { versions: [`${dataset.name}@${dataset.version}`], plain: false, digest: dataset.digest };
  }
  if (!label.startsWith('artifact:')) return PLAIN;
  const names = label.split('/').slice(2);
  const source = sourceKey(label, reader.chainId);
  if (Object.hasOwn(from, source)) requireKept(reader, label, from[source]!);
  // Artifacts without a party hold only what a task opened to all, and counted as its use: whoever reads one learns nothing more of
  // the data. But the owner can take back only a task that is known.
  if (names.length < 2) return Object.hasOwn(from, source) ? { versions: [], plain: false } : PLAIN;
  const lineage = await lineageOf(owner, file);
  if (lineage === undefined) return PLAIN;
  requireKept(reader, label, lineage.task);
  if (!Object.values(from).includes(lineage.task)) return PLAIN;
  for (const version of lineage.versions ?? []) {
    if (version.includes('@')) offeredDataset(party, statements, `dataset:${party}/${version}`, label);
  }
  const digest = lineage.files[file.name];
  const rows = lineage.rows?.[file.name];
  const made = { by: lineage.task, standing: lineage.standing ?? [] };
  return { versions: lineage.versions ?? lineage.datasets, plain: lineage.plain, digest, rows, made };
}

/**
 * Judges once more what a run has read: of these versions. Throws as {@link sourceOf} does where the owner offers one of them no longer, or has
 * taken back what made the rest.
 */
export function requireSources(
  reader: Pick<Reader, 'party' | 'statements' | 'task' | 'from'>,
  versions: readonly string[],
): void {
  const { party, statements, from } = reader;
  for (const version of versions)
    if (version.includes('@')) offeredDataset(party, statements, `dataset:${party}/${version}`);
  for (const [source, maker] of Object.entries(from)) requireKept(reader, `what ${source} left`, maker);
}

/** What names the task that made an artifact in `from` of a canonical task of a chain. */
export function sourceKey(reference: string, chainId: string): string {
  const [chain = '', task = ''] = reference.slice('artifact:'.length).split('/');
  return chain === chainId ? task : `${chain}/${task}`;
}

/** Refuses what a task made that the owner has taken back since. */
function requireKept(
  { party, statements, task }: Pick<Reader, 'party' | 'statements' | 'task'>,
  label: string,
  maker: string,
): void {
  const taken = [...statements.values()].find(
    (each): each is ApprovalStatement => each.kind === 'approval' && each.task === maker && each.decision !== 'approve',
  );
  if (taken === undefined) return;
  const words = taken.words === undefined ? '' : `: ${taken.words}`;
  const message = `Party ${party}: the owner no longer allows the task that made ${label}${words}.`;
  throw new TaskFailure('POLICY_REFUSED', message, false, { party, task });
}

const changed = (party: string, label: string): TaskFailure =>
  new TaskFailure(
    'DATASET_CHANGED',
    `Party ${party}: the file of ${label} is no longer the one that was registered. The owner registers it as a new version.`,
    false,
    { party, dataset: label },
  );
