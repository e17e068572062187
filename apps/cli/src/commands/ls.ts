import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ChainSummaryDto, ListChainsData } from '#client';
import { clipWidth, elapsedMs, LiveView } from '#libs/chain-view';
import { wholeId } from '../chain-ids.js';
import { EXIT } from '../exit-codes.js';
import type { Column } from '../output.js';
import type { Act, Session } from '../session.js';
import { isLive } from '../shell.js';
import { ageOf } from '../times.js';
import { natural } from './numbers.js';

interface ListFlags {
  readonly status?: string;
  readonly type?: string;
  readonly taskType?: string;
  readonly by?: string;
  readonly query?: string;
  readonly selector?: string;
  readonly parent?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
  readonly quiet?: true;
  readonly watch?: true;
}

const POLL_MS = 2_000;
const MAX_PAGE = 200;

/** ls. */
export function addListCommand(program: Command, session: Session, act: Act): void {
  const { say } = session;
  program
    .command('ls')
    .description(say('list chains, the newest first'))
    .option('--status <statuses>', say('only these statuses, by comma'))
    .option('--type <type>', say('only this type: sequential, parallel, chord or complex'))
    .option('--task-type <type>', say('only chains with a task of this type'))
    .option('--by <user>', say('only chains that this user or key created'))
    .option('--query <text>', say('only chains with this in their name'))
    .option('-l, --selector <labels>', say('only chains that have these labels: env=prod,team=risk'))
    .option('--parent <chain>', say('only the chains that a task of this chain runs'))
    .option('--from <time>', say('created at or after this time'))
    .option('--to <time>', say('created before this time'))
    .option('-n, --limit <number>', say('maximum number'), natural, 20)
    .option('-q, --quiet', say('print ids alone'))
    .option('-w, --watch', say('go on and show what changes, until Ctrl-C'))
    .action(act((flags: ListFlags) => (flags.watch ? watch(flags, session) : list(flags, session))));
}

const COLUMNS: readonly Column<ChainSummaryDto>[] = [
  ['CHAIN', (chain) => chain.chain_id],
  ['STATUS', (chain) => chain.status],
  ['DONE', (chain) => `${chain.completed_tasks}/${chain.total_tasks}`],
  ['TYPE', (chain) => chain.chain_type],
  ['AGE', (chain) => ageOf(chain.created_at)],
  ['NAME', (chain) => chain.chain_name],
  ['CREATED', (chain) => chain.created_at, 'wide'],
  ['TOOK', tookOf, 'wide'],
  ['BY', (chain) => chain.created_by, 'wide'],
  ['PARENT', (chain) => chain.parent_chain_id, 'wide'],
];

function tookOf(chain: ChainSummaryDto): string | undefined {
  const ms = elapsedMs(chain, Date.now());
  return ms === undefined ? undefined : `${(ms / 1000).toFixed(1)} s`;
}

async function list(flags: ListFlags, session: Session): Promise<void> {
  const chains = await read(flags, session);
  if (flags.quiet) return session.print(...chains.map(({ chain_id }) => chain_id));
  session.answer(chains, () =>
    chains.length === 0 ? [session.say('No chain matches.')] : session.table(COLUMNS, chains),
  );
}

async function read(flags: ListFlags, session: Session): Promise<ChainSummaryDto[]> {
  const query: NonNullable<ListChainsData['query']> = {
    status: flags.status,
    chain_type: flags.type,
    task_type: flags.taskType,
    created_by: flags.by,
    q: flags.query,
    labels: flags.selector,
    parent_chain_id: flags.parent && (await wholeId(flags.parent, session)),
    created_from: flags.from,
    created_to: flags.to,
    page_size: Math.min(flags.limit, MAX_PAGE),
  };
  const chains: ChainSummaryDto[] = [];
  for await (const chain of session.client.allChains(query)) {
    chains.push(chain);
    if (chains.length >= flags.limit) break;
  }
  return chains;
}

/** Reads the list again and again. A terminal shows it in place; elsewhere each chain that changed is an answer. */
async function watch(flags: ListFlags, session: Session): Promise<number> {
  const { shell } = session;
  const stop = new AbortController();
  const release = shell.onInterrupt(() => stop.abort());
  const isTable = session.forPeople && !flags.quiet;
  const view = isTable && isLive(shell, shell.stdout) ? new LiveView(shell.stdout) : undefined;
  let before = new Map<string, number>();
  try {
    for (let first = true; !stop.signal.aborted; first = false) {
      const chains = await read(flags, session);
      const changed = chains.filter(({ chain_id, version }) => before.get(chain_id) !== version);
      if (view !== undefined) {
        const { columns = 80, rows = 25 } = shell.stdout;
        view.draw(session.table(COLUMNS, chains.slice(0, rows - 2)).map((line) => clipWidth(line, columns)));
      } else if (flags.quiet) session.print(...changed.map(({ chain_id }) => chain_id));
      else if (isTable) session.print(...session.table(COLUMNS, changed).slice(first ? 0 : 1));
      else changed.forEach((chain) => session.answerNext(chain, () => ''));
      before = new Map(chains.map(({ chain_id, version }) => [chain_id, version]));
      await delay(POLL_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
    return EXIT.INTERRUPTED;
  } finally {
    release();
    view?.leave();
  }
}
