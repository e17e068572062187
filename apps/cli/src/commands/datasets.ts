import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import type { LedgerEntryDto, LedgerPageDto } from '#client';
import { parseDatasetRef, type DatasetStatement } from '#libs/consent';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { pairsOf, tableOf } from '../output.js';
import { OwnerFolder } from '../owner/owner-folder.js';
import { StatementBook, type SignFlags } from '../owner/statement-book.js';
import type { Act, Session } from '../session.js';
import { withExample } from './example.js';
import { natural } from './numbers.js';
import { signOptions } from './sign-options.js';

interface RegisterFlags extends SignFlags {
  readonly file: string;
  readonly folder: string;
  readonly purpose?: readonly string[];
  readonly showRows?: boolean;
}

/** datasets register, ls, show, ledger, rm and restore. */
export function addDatasetCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const datasets = program.command('datasets').helpCommand(false).description(say('tables that parties have named'));
  const reference = say('a dataset, such as bank-a/customers@3');
  withExample(
    signOptions(
      datasets
        .command('register')
        .description(say('describe a table and sign it as the next version of a dataset; no row is sent'))
        .argument('<dataset>', say('<party>/<name>, such as bank-a/customers'))
        .requiredOption('--file <path>', say("the table, CSV or Parquet: its path in the party's folder"))
        .requiredOption('--folder <folder>', say('the folder of the party, below DATA_ROOT'))
        .option('--purpose <purposes...>', say('what the table may be used for without asking'))
        .option('--show-rows', say('let other parties read the number of rows')),
      say,
    ).action(act((dataset: string, flags: RegisterFlags) => register(session, dataset, flags))),
    'task-chain datasets register bank-a/customers --file customers.csv --folder .data/tables/bank-a --key ~/bank-a/bank-a.key',
    say,
  );
  withExample(
    datasets
      .command('ls')
      .description(say('list datasets'))
      .option('--party <party>', say('only of this party'))
      .action(
        act(async ({ party }: { party?: string }) => {
          const { items } = await session.client.listDatasets({
            query: { ...(party !== undefined && { party }) },
          });
          session.answer(items, () =>
            tableOf(
              [
                ['DATASET', (each) => each.reference],
                ['FORMAT', (each) => each.format],
                ['ROWS', (each) => each.rows ?? say('not shown')],
                ['COLUMNS', (each) => each.columns.length],
                ['STATE', (each) => (each.removed ? say('removed') : '')],
                ['KEPT AT', (each) => each.kept_at],
              ],
              items,
            ),
          );
        }),
      ),
    'task-chain datasets ls --party bank-a',
    say,
  );
  withExample(
    datasets
      .command('show')
      .description(say('show the columns of a dataset'))
      .argument('<reference>', reference)
      .action(act((given: string) => show(session, given))),
    'task-chain datasets show bank-a/customers@3',
    say,
  );
  withExample(
    datasets
      .command('ledger')
      .description(say('show what was opened of a dataset, newest first'))
      .argument('<dataset>', say('<party>/<name>, such as bank-a/customers'))
      .option('--limit <count>', say('how many entries'), natural, 50)
      .action(act((given: string, flags: { readonly limit: number }) => showLedger(session, given, flags.limit))),
    'task-chain datasets ledger bank-a/customers',
    say,
  );
  for (const [name, description, removed] of [
    ['rm', say('withdraw a version: no task reads it afterwards'), true],
    ['restore', say('restore a version that was withdrawn'), false],
  ] as const) {
    withExample(
      signOptions(datasets.command(name).description(description).argument('<reference>', reference), say).action(
        act((given: string, flags: SignFlags) => setRemoved(session, given, flags, removed)),
      ),
      `task-chain datasets ${name} bank-a/customers@3 --key ~/bank-a/bank-a.key`,
      say,
    );
  }
}

async function register(session: Session, dataset: string, flags: RegisterFlags): Promise<void> {
  const { say } = session;
  const { party, name } = readDataset(dataset, session);
  const book = await StatementBook.open(session, flags, party);
  const { describeTable, digestWith, TaskFailure } = await import('#libs/compute');
  const hashKey = await new OwnerFolder(flags.folder, session).hashKey();
  const file = pathBelow(flags.folder, flags.file);
  const { format, columns, rows, sha256 } = await describeTable(party, flags.folder, file).catch((error: unknown) => {
    if (!(error instanceof TaskFailure)) throw error;
    throw new Failure(EXIT.INVALID, `${error.code}: ${error.message}`);
  });
  const versions = (await book.list<DatasetStatement>('dataset')).filter((each) => each.name === name);
  const digest = digestWith(hashKey, sha256);
  const same = versions.find((each) => each.digest === digest && each.file === file && each.removed !== true);
  const { purpose: purposes = same?.purposes, showRows = same?.show_rows } = flags;
  const stated = { ...(purposes && { purposes }), ...(showRows && { show_rows: true }) };
  if (same !== undefined && isEqual(same.purposes ?? [], purposes ?? []) && same.show_rows === showRows) {
    session.answer(same, () => [
      say('The same table is already registered as {reference}.', { reference: referenceOf(same) }),
    ]);
    return;
  }
  const version = same?.version ?? Math.max(0, ...versions.map((each) => each.version)) + 1;
  const made = await book.put<DatasetStatement>({
    kind: 'dataset',
    name,
    version,
    file,
    digest,
    format,
    columns,
    rows,
    ...stated,
  });
  session.answer(made, () => [
    say('{reference} is registered: {rows} rows, {columns} columns', {
      reference: referenceOf(made),
      rows,
      columns: columns.length,
    }),
  ]);
}

const isEqual = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((each) => other.includes(each));

async function showLedger(session: Session, given: string, limit: number): Promise<void> {
  const { say, client } = session;
  const { party, name } = readDataset(given, session);
  const entries: LedgerEntryDto[] = [];
  let before: number | null | undefined;
  let isAtSite = false;
  while (before !== null && entries.length < limit) {
    const query: { limit: number; before?: number } = { limit: Math.min(200, limit - entries.length) };
    if (before !== undefined) query.before = before;
    const page: LedgerPageDto = await client.listDatasetLedger({ path: { party, name }, query });
    entries.push(...page.items);
    before = page.next_before;
    isAtSite = page.kept_at === 'site';
  }
  const lines = entries.flatMap((entry) => {
    const columns = entry.columns ?? [];
    const whole = { name: entry.members === null ? '' : say('a sum'), figures: '', bits: entry.bits };
    const counts = Object.entries(entry.counts ?? {}).map(([name, figures]) => ({
      name: `(${name})`,
      figures,
      bits: 0,
    }));
    const parts = [...columns, ...counts];
    return (parts.length > 0 ? parts : [whole]).map((column) => ({ ...entry, column }));
  });
  session.answer(entries, () => [
    ...tableOf(
      [
        ['OPENED', (each) => each.opened_at],
        ['TASK', (each) => `${each.chain_id}/${each.task_id}`],
        ['TYPE', (each) => each.task_type],
        ['TO', (each) => each.to.join(', ')],
        ['COLUMN', (each) => each.column.name],
        ['FIGURES', (each) => each.column.figures],
        ['BITS', (each) => each.column.bits],
        ['EPSILON', (each) => each.epsilon ?? ''],
      ],
      lines,
    ),
    ...(isAtSite
      ? [
          say('What was opened at the site of {party} is not listed here. There: {command}', {
            party,
            command: `task-chain-node ledger show ${name}`,
          }),
        ]
      : []),
  ]);
}

async function show(session: Session, given: string): Promise<void> {
  const { say } = session;
  const wanted = readReference(given, session);
  const { items } = await session.client.listDatasets({ query: { party: wanted.party } });
  const found = items.find((each) => each.name === wanted.name && each.version === wanted.version);
  if (found === undefined) throw unknown(given, session);
  session.answer(found, () => [
    ...pairsOf([
      ['dataset', found.reference],
      ['format', found.format],
      ['rows', found.rows ?? say('not shown')],
      ['purposes', found.purposes?.join(', ') ?? ''],
      ['state', found.removed ? say('removed') : ''],
      ['kept_at', found.kept_at],
    ]),
    '',
    ...tableOf(
      [
        ['COLUMN', (each) => each.name],
        ['TYPE', (each) => each.type],
      ],
      found.columns,
    ),
  ]);
}

async function setRemoved(session: Session, given: string, flags: SignFlags, removed: boolean): Promise<void> {
  const { say } = session;
  const wanted = readReference(given, session);
  const book = await StatementBook.open(session, flags, wanted.party);
  const all = await book.list<DatasetStatement>('dataset');
  const found = all.find((each) => each.name === wanted.name && each.version === wanted.version);
  if (found === undefined) throw unknown(given, session);
  const { removed: _, ...again } = found;
  const made = await book.put<DatasetStatement>({ ...again, ...(removed && { removed }) });
  session.answer(made, () => [
    removed
      ? say('{reference} is removed. Restore it with: task-chain datasets restore {reference}', {
          reference: given,
        })
      : say('{reference} is offered again.', { reference: given }),
  ]);
}

/** The path of a table as the party's own process opens it: below the folder, with `/`. */
function pathBelow(folder: string, file: string): string {
  const root = resolve(folder);
  const below = relative(root, resolve(root, file));
  // What leads outside stays as it was given, and is refused where it is opened.
  return below.startsWith('..') || isAbsolute(below) ? file : below.split(sep).join('/');
}

const referenceOf = ({ party, name, version }: DatasetStatement): string => `dataset:${party}/${name}@${version}`;

function unknown(reference: string, { say }: Session): Failure {
  const hint = say('List them with: task-chain datasets ls');
  return new Failure(EXIT.NOT_FOUND, say('There is no dataset {reference}.', { reference }), { hint });
}

/** Reads `<party>/<name>@<version>`, with or without `dataset:`. */
function readReference(given: string, { say }: Session): { party: string; name: string; version: number } {
  const ref = parseDatasetRef(given.startsWith('dataset:') ? given : `dataset:${given}`);
  if (ref !== undefined) return ref;
  throw new Failure(EXIT.USAGE, say('{given} is not a dataset such as bank-a/customers@3.', { given }));
}

/** Reads `<party>/<name>`. */
export function readDataset(given: string, { say }: Session): { party: string; name: string } {
  const ref = parseDatasetRef(`dataset:${given}@1`);
  if (ref !== undefined) return ref;
  throw new Failure(EXIT.USAGE, say('{given} is not the name of a dataset such as bank-a/customers.', { given }));
}
