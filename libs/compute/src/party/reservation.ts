import { randomUUID } from 'node:crypto';
import {
  FEW_VALUES,
  bitsOf,
  canonicalJson,
  countsOf,
  overdraftOf,
  type Account,
  type DatasetStatement,
  type OpenedColumn,
  type PolicyStatement,
  type Statement,
} from '#libs/consent';
import { TaskFailure } from '../contract/task-type.js';
import { requireEpsilon } from './epsilon-budget.js';
import { sha256 } from './hashes.js';
import { namesOf } from './lineage.js';
import { exhausted, isAboutRows, type Opened } from './opened.js';
import { requireRowsApart } from './chosen-rows.js';
import { haveRowsKeys } from './key-columns.js';
import type { OpeningEntry, PartyLedger } from './party-ledger.js';
import type { RowSet, RowSets } from './row-sets.js';
import { partsApart } from './sums-apart.js';

/** The run that opens something. */
export interface OpeningRun {
  readonly party: string;
  readonly peers: readonly string[];
  readonly task: string;
  readonly type: string;
  readonly use: string;
  readonly run?: string;
  /** What it has read: `<name>@<version>`. */
  readonly versions: readonly string[];
  /** Of the files that it has read. */
  readonly digests: readonly string[];
  /** The rows of these files, as far as they are known, and the fewest that a figure may cover. */
  readonly rows?: { readonly sets: readonly RowSet[]; readonly least: number; readonly known: Pick<RowSets, 'read'> };
}

/**
 * Notes what a run is about to open, and judges it by the notes before it, so that two tasks at once never pass a limit together. A run counts
 * however it ends: others may have read what it opened before it died, and bring other data to the next try. Returns warnings,
 * and the entry, unless the same is open already. Throws BUDGET_EXHAUSTED,
 * and what {@link requireRowsApart} throws.
 */
export async function reserve(
  ledger: PartyLedger,
  statements: ReadonlyMap<string, Statement>,
  run: OpeningRun,
  opened: Opened,
): Promise<{ readonly entry: OpeningEntry | undefined; readonly warnings: readonly string[] }> {
  const accounts = namesOf(run.versions).map((dataset) => accountOf(statements, dataset));
  const entry = entryOf(run, opened, accounts);
  await ledger.append({ kind: 'open', ...entry });
  const known = await ledger.read();
  const mine = known.openings.findIndex(({ id }) => id === entry.id);
  const before = known.openings.slice(0, mine);
  const same = entry.own ?? entry.same;
  if (same !== undefined && before.some((each) => (each.own ?? each.same) === same)) {
    await ledger.append({ kind: 'void', id: entry.id });
    return { entry: undefined, warnings: [] };
  }
  try {
    // First: whether a budget has room depends on the values of these rows.
    const earlier = before.filter((each) => isOfSame(entry, each)).flatMap(({ rows }) => rows ?? []);
    if (run.rows && entry.rows) await requireRowsApart(run.party, entry.rows, earlier, run.rows);
    for (const account of accounts) {
      const overdraft = overdraftOf(account, areChosen(run) ? asOfOthers(opened) : opened, before);
      if (overdraft !== undefined) throw exhausted(run.party, overdraft);
    }
    requireSumsApart(run, entry, before, statements);
    requireSums(run, entry, before, statements);
    requireEpsilon(run.party, entry, before, (dataset) => policyOf(statements, dataset)?.budget?.epsilon);
  } catch (error) {
    await ledger.append({ kind: 'void', id: entry.id });
    throw error;
  }
  return { entry, warnings: warningsOf(run, entry, before) };
}

function entryOf(run: OpeningRun, opened: Opened, accounts: readonly Account[]): OpeningEntry {
  const { columns, to, members, own, counts, epsilon, keys = [] } = opened;
  const { task, type, use, versions, run: id } = run;
  // A column of any of the datasets keeps its name: an entry is counted in all of them.
  const known = new Set(accounts.flatMap((account) => [...(account.columns ?? [])]));
  return {
    id: randomUUID(),
    at: new Date().toISOString(),
    task,
    type,
    use,
    ...(id !== undefined && { run: id }),
    to: [...(to ?? run.peers)],
    datasets: accounts.map(({ dataset }) => dataset),
    versions,
    ...countsOf(known, opened),
    figures: bitsOf(known, {
      ...opened,
      columns: [...columns.map((each) => ({ ...each, bits: 1 })), ...keys.map((column) => keyColumn(column, counts))],
    }),
    ...(counts && { counts }),
    ...(members && { members: [...members].sort() }),
    ...(epsilon !== undefined && { epsilon }),
    ...(run.rows && (isAboutRows(opened) || !haveRowsKeys(run.rows.sets, keys)) && { rows: run.rows.sets }),
    ...(own !== undefined && {
      [areChosen(run) ? 'same' : 'own']: sha256(canonicalJson({ own, digests: run.digests, columns })),
    }),
  };
}

/** The owner reads how many values of each key column were matched. */
const keyColumn = (column: string, counts: Opened['counts']): OpenedColumn => ({
  ...{ column, figures: counts?.['keys'] ?? 0, bits: 1 },
  ...{ rows: 0, distinct: FEW_VALUES + 1 },
});

const areChosen = ({ rows }: OpeningRun): boolean => rows?.sets.some(({ chosen }) => chosen) === true;

/** Figures of rows that others chose do not follow from the party's table alone. */
const asOfOthers = ({ own: _, ...opened }: Opened): Opened => opened;

/** Whether two entries are about one dataset. */
const isOfSame = (one: OpeningEntry, other: OpeningEntry): boolean =>
  other.datasets.some((dataset) => one.datasets.includes(dataset));

/** The columns of all versions that the owner offers, and what the owner allows. */
function accountOf(statements: ReadonlyMap<string, Statement>, dataset: string): Account {
  const versions = [...statements.values()].filter(
    (each): each is DatasetStatement => each.kind === 'dataset' && each.name === dataset,
  );
  return {
    dataset,
    columns: new Set(versions.flatMap(({ columns }) => columns.map(({ name }) => name))),
    limit: policyOf(statements, dataset)?.budget?.bits,
  };
}

const policyOf = (statements: ReadonlyMap<string, Statement>, dataset: string): PolicyStatement | undefined =>
  [...statements.values()].find((each): each is PolicyStatement => each.kind === 'policy' && each.dataset === dataset);

/** The parties whose part is open by the sum of this entry and those before it. */
function apartBy(entry: OpeningEntry, before: readonly OpeningEntry[]): readonly string[] {
  const { members } = entry;
  if (members === undefined) return [];
  const sums = before.filter((each) => isOfSame(entry, each));
  return partsApart(
    members,
    sums.flatMap((each) => (each.members === undefined ? [] : [each.members])),
  );
}

function requireSumsApart(
  { party }: OpeningRun,
  entry: OpeningEntry,
  before: readonly OpeningEntry[],
  statements: ReadonlyMap<string, Statement>,
): void {
  const apart = apartBy(entry, before);
  for (const dataset of apart.length > 0 ? entry.datasets : []) {
    const limit = policyOf(statements, dataset)?.budget?.sums_apart;
    if (limit === undefined) continue;
    const opened = before.filter(
      (each, at) => each.datasets.includes(dataset) && apartBy(each, before.slice(0, at)).length > 0,
    ).length;
    if (opened < limit) continue;
    throw new TaskFailure(
      'BUDGET_EXHAUSTED',
      `Party ${party}: this sum of ${dataset} and earlier ones show the part of ${apart.join(', ')}, alone or to one other party, and ` +
        `the owner allows ${limit} such sums. Take the same parties as before, or leave three or more out.`,
      false,
      { party, dataset, opened, asked: 1, limit },
    );
  }
}

/** Throws BUDGET_EXHAUSTED where a party would get more sums of buckets than the owner allows, over all tasks. */
function requireSums(
  { party }: OpeningRun,
  { counts, to, datasets }: OpeningEntry,
  before: readonly OpeningEntry[],
  statements: ReadonlyMap<string, Statement>,
): void {
  const asked = counts?.sums;
  for (const dataset of asked === undefined ? [] : datasets) {
    const limit = policyOf(statements, dataset)?.budget?.sums;
    const toSame = before.filter(
      (each) => each.datasets.includes(dataset) && each.to.some((name) => to.includes(name)),
    );
    const opened = toSame.reduce((sum, each) => sum + (each.counts?.sums ?? 0), 0);
    if (limit === undefined || opened + asked! <= limit) continue;
    throw new TaskFailure(
      'BUDGET_EXHAUSTED',
      `Party ${party}: the training may ask for ${asked} sums of ${dataset} (trees x depth x columns); ${opened} were allowed to ` +
        `${to.join(', ')} before, and the owner allows ${limit} over all tasks. Train fewer trees, or by ss_xgb.`,
      false,
      { party, dataset, opened, asked: asked!, limit },
    );
  }
}

const sharesName = (one: object, other: object): boolean => Object.keys(one).some((name) => Object.hasOwn(other, name));

/** What others could learn by comparing this run with earlier ones. Names no column: all parties read the log. */
function warningsOf({ type, use }: OpeningRun, entry: OpeningEntry, before: readonly OpeningEntry[]): string[] {
  const apart = apartBy(entry, before);
  const alike = before.filter(
    (each) =>
      each.type === type &&
      each.use !== use &&
      isOfSame(entry, each) &&
      (sharesName(entry.bits, each.bits) || sharesName(entry.counts ?? {}, each.counts ?? {})),
  );
  const what = Object.keys(entry.counts ?? { 'figures about the same columns': 0 }).join(', ');
  return [
    ...(apart.length === 0
      ? []
      : [
          `PRIVACY_SUMS_APART: this sum and earlier ones over other parties show, by differences, the part of ${apart.join(', ')}, ` +
            'alone or to one party that knows its own.',
        ]),
    ...(alike.length === 0
      ? []
      : [
          `PRIVACY_REPEATED: ${new Set(alike.map(({ use: other }) => other)).size} earlier ${type} tasks opened ${what} of ` +
            `${entry.datasets.join(', ')}; what differs between them, by other rows, cuts or rules, can show single rows.`,
        ]),
  ];
}
