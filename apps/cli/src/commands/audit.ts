import type { Command } from 'commander';
import type { AuditRowDto, ListAuditRowsData } from '#client';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { pairsOf } from '../output.js';
import type { Act, Session } from '../session.js';
import { ageOf } from '../times.js';
import { natural } from './numbers.js';

interface ListFlags {
  readonly actor?: string;
  readonly action?: string;
  readonly target?: string;
  readonly from?: string;
  readonly to?: string;
  readonly platform?: true;
  readonly limit: number;
}

const MAX_PAGE = 200;

/** audit ls and show. */
export function addAuditCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const audit = program
    .command('audit')
    .helpCommand(false)
    .description(say('who changed what, for admins; npm run audit:verify proves that nothing was altered'));
  const platform = say('changes to tenants themselves, for the platform');
  audit
    .command('ls')
    .description(say('list changes, the newest first'))
    .option('--actor <actor>', say('only by this caller, such as key:<id>'))
    .option('--action <action>', say('only this operation, such as cancelChain'))
    .option('--target <target>', say('only to this chain, key, webhook or <chain>/<task>'))
    .option('--from <time>', say('at or after this time'))
    .option('--to <time>', say('before this time'))
    .option('--platform', platform)
    .option('-n, --limit <number>', say('maximum number'), natural, 20)
    .action(act((flags: ListFlags) => list(flags, session)));
  audit
    .command('show')
    .description(say('show a change with its details'))
    .argument('<seq>', say('number of a change'), natural)
    .option('--platform', platform)
    .action(
      act(async (seq: number, flags: { platform?: true }) => {
        const query = { before: seq + 1, limit: 1, ...flags };
        const { items } = await session.client.listAuditRows({ query });
        const row = items.find((each) => each.seq === seq);
        if (row === undefined) {
          throw new Failure(EXIT.NOT_FOUND, say('There is no change {number}.', { number: seq }));
        }
        session.answer(row, () => rowLines(row));
      }),
    );
}

async function list({ limit, ...flags }: ListFlags, session: Session): Promise<void> {
  const rows: AuditRowDto[] = [];
  for (let before: number | undefined; rows.length < limit;) {
    const query: NonNullable<ListAuditRowsData['query']> = {
      ...flags,
      limit: Math.min(limit - rows.length, MAX_PAGE),
      ...(before !== undefined && { before }),
    };
    const page = await session.client.listAuditRows({ query });
    rows.push(...page.items);
    if (page.next_before === null) break;
    before = page.next_before;
  }
  session.answer(rows, () =>
    session.table(
      [
        ['SEQ', (row) => row.seq],
        ['AGE', (row) => ageOf(row.at)],
        ['ACTION', (row) => row.action],
        ['TARGET', (row) => row.target],
        ['ACTOR', (row) => row.actor],
        ['AT', (row) => row.at, 'wide'],
        ['ADDRESS', (row) => row.address, 'wide'],
        ['DETAILS', (row) => JSON.stringify(row.details), 'wide'],
      ],
      rows,
    ),
  );
}

function rowLines(row: AuditRowDto): string[] {
  return pairsOf([
    ['seq', row.seq],
    ['at', row.at],
    ['actor', row.actor],
    ['address', row.address],
    ['request', row.request_id],
    ['action', row.action],
    ['target', row.target],
    ['details', JSON.stringify(row.details)],
    ['hash', row.hash],
  ]);
}
