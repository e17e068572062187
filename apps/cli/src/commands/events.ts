import type { Command } from 'commander';
import type { ChainEventDto } from '#client';
import { printable } from '#libs/chain-view';
import { EXIT } from '../exit-codes.js';
import type { Act, Session } from '../session.js';
import { natural } from './numbers.js';

interface EventFlags {
  readonly follow?: true;
  readonly kind?: string;
  readonly after?: number;
}

/** events. */
export function addEventsCommand(program: Command, session: Session, act: Act): void {
  const { say } = session;
  program
    .command('events')
    .description(say('print what was recorded of a chain, or of all chains, oldest first'))
    .argument('[chain]', say('id of a chain'))
    .option('-f, --follow', say('print new events as they come, until the chain has ended or Ctrl-C'))
    .option('--kind <kinds>', say('only these kinds, by comma, such as ChainFinished,TaskFailed'))
    .option(
      '--after <id>',
      say('only events after this one; with --follow and no chain, from now on by default'),
      natural,
    )
    .action(
      act((chain: string | undefined, flags: EventFlags) =>
        chain === undefined ? eventsOfAll(flags, session) : eventsOfChain(chain, flags, session),
      ),
    );
}

async function eventsOfAll({ follow, kind, after }: EventFlags, session: Session): Promise<number> {
  const { client } = session;
  if (follow) {
    return untilInterrupted(session, async (signal) => {
      for await (const event of client.watchEvents({ after, kind, signal })) print(event, session);
    });
  }
  for await (const event of client.allEvents({ after, kind })) print(event, session);
  return EXIT.OK;
}

async function eventsOfChain(chainId: string, flags: EventFlags, session: Session): Promise<number> {
  const { client } = session;
  const kinds = flags.kind?.split(',');
  let { after } = flags;
  const readOn = async (signal?: AbortSignal) => {
    for await (const event of client.allChainEvents(chainId, after, signal)) {
      after = event.id;
      if (kinds === undefined || kinds.includes(event.kind)) print(event, session);
    }
  };
  await readOn();
  if (!flags.follow) return EXIT.OK;
  // The stream of a chain tells how it stands now, not each event: it says when there is more to read.
  return untilInterrupted(session, async (signal) => {
    for await (const { event } of client.watchChain(chainId, { signal })) if (event !== 'task') await readOn(signal);
  });
}

async function untilInterrupted({ shell }: Session, work: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const stop = new AbortController();
  const release = shell.onInterrupt(() => stop.abort());
  try {
    await work(stop.signal);
    return EXIT.OK;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return EXIT.INTERRUPTED;
  } finally {
    release();
  }
}

function print(event: ChainEventDto, session: Session): void {
  session.answerNext(event, () => {
    const { recorded_at, kind, chain_id, task_id, attempt, disposition, data } = event;
    const task = task_id === null ? '' : ` ${task_id}${attempt === null ? '' : `.${attempt}`}`;
    const effect = disposition === 'ACCEPTED' ? '' : ` ${disposition}`;
    const more = Object.keys(data).length === 0 ? '' : ` ${JSON.stringify(data)}`;
    return printable(`${recorded_at} ${kind.padEnd(14)} ${chain_id}${task}${effect}${more}`);
  });
}
