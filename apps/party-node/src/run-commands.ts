import { once } from 'node:events';
import type { Command } from 'commander';
import { NEUTRAL } from '#libs/compute';
import { dial, MOST_DECISIONS, MOST_OFFERS, UplinkFault, type OfferLine, type ToSite } from '#libs/peers';
import { addressOf, NodeFolder } from './node-folder.js';
import { takeAlone } from './one-connect.js';
import { dropRun } from './prepared-run.js';
import { Refusal } from './refusal.js';
import { software } from './software.js';
import { withStore } from './site-store.js';
import { plain, type Terminal } from './terminal.js';

/** How long the control plane may take to say which runs it knows, ms. It says so at once, and each second. */
const ANSWER_MS = 15_000;

/** runs ls and drop: runs that are prepared, and wait for the decision of the control plane. */
export function addRunCommands(
  program: Command,
  withFolder: (command: Command) => Command,
  { out, err, signal }: Terminal,
): void {
  const runs = program.command('runs').description('the runs that are prepared here, and wait for the control plane');

  withFolder(runs.command('ls'))
    .description('list them, with the task and the files that wait for their names')
    .action(({ folder }: { folder: string }) =>
      withStore(folder, (store) => {
        for (const { run, received } of store.inStates(['PREPARED'])) {
          const { maker = '-', files = [] } = store.prepared(run) ?? {};
          out(
            `${run}  ${plain(maker)}  offered ${received}  ${files.map(({ file }) => plain(file.final)).join(', ')}\n`,
          );
        }
      }),
    );

  withFolder(runs.command('drop <run>'))
    .description('delete what a run has prepared here, where the control plane no longer knows the run')
    .option('--confirm <run>', 'the same run again')
    .option(
      '--ask <host:port>',
      'ask the control plane there first, as connect does; it has to say that it does not know the run',
    )
    .option('--force', 'without asking: where there is no control plane any more, or it has revoked this site')
    .action(async (run: string, options: DropOptions) => {
      if (options.force && options.ask !== undefined)
        throw new Refusal('Say --ask, which asks the control plane, or --force, which does not.');
      const folder = new NodeFolder(options.folder);
      const { name, dealer } = await folder.read();
      // No connect may name the files meanwhile.
      const leave = await takeAlone(folder.path);
      try {
        const prepared = await withStore(folder.path, (store) => store.prepared(run));
        if (!prepared) throw new Refusal(`No run ${run} is prepared here. See: runs ls`);
        const { maker, made, members, files } = prepared;
        const others = Object.keys(members)
          .filter((member) => member !== (dealer ? NEUTRAL : name))
          .map((member) => (member === NEUTRAL ? 'the dealer' : member))
          .join(', ');
        const asks = others === '' ? '' : `, and ask the people of ${others} whether the run counts`;
        if (options.confirm !== run)
          throw new Refusal(
            `This deletes what ${maker} left here (${files.length} files), for good. The control plane may have decided, or decide later, that the run counts: this site's vote cannot be taken back. Then your files and theirs are of different runs: a mixed set. Cancel the task there first${asks}. Then: --confirm ${run}`,
          );
        if (!options.force) await requireUnknown(folder, run, options.ask, signal);
        await withStore(folder.path, (store) => {
          store.note('dropped', { run, task: made.task, maker, asked: options.force !== true });
          dropRun(folder, store, run, files);
        });
        err(`Dropped. If the run counts at another site, run ${plain(maker)} again at all of them.\n`);
      } finally {
        await leave();
      }
    });
}

interface DropOptions {
  readonly folder: string;
  readonly confirm?: string;
  readonly ask?: string;
  readonly force?: boolean;
}

/** Asks the control plane which runs of this site it knows. Throws Refusal where it knows this one, or cannot be asked. */
async function requireUnknown(
  folder: NodeFolder,
  run: string,
  at: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (at === undefined)
    throw new Refusal(
      'The control plane may still know the run: --ask <host:port> asks it, as connect does. Where it cannot be asked any more: --force',
    );
  const { identity, authority } = await folder.admission();
  let heard!: (offers: readonly OfferLine[]) => void;
  const first = new Promise<readonly OfferLine[]>((resolve) => (heard = resolve));
  const receive = (frame: ToSite): void => {
    if (frame.kind === 'offers') heard(frame.offers);
  };
  const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  const uplink = await dial({ address: addressOf(at), identity, authority, software, signal: within, receive }).catch(
    (error: unknown) => {
      if (signal.aborted) throw error;
      const why = error instanceof UplinkFault ? error.message : 'it does not answer.';
      throw new Refusal(`${at} cannot be asked: ${why} Where it never can be: --force`);
    },
  );
  const ends = uplink.ended.then(({ why }) => Promise.reject(new Refusal(`${at} ended the connection: ${why}`)));
  const late = once(within, 'abort').then(() => Promise.reject(new Refusal(`${at} does not say which runs it knows.`)));
  try {
    const known = await Promise.race([first, ends, late]);
    if (known.some((offer) => offer.run === run))
      throw new Refusal(
        'The control plane knows this run: start connect, and what becomes of it is as the control plane decides.',
      );
    const decided = known.filter(({ state }) => state === 'COMMIT' || state === 'ABORT');
    if (decided.length >= MOST_DECISIONS || known.length >= MOST_OFFERS)
      throw new Refusal(
        'The control plane lists too many runs to tell whether it knows this one: start connect, which settles what is decided, and ask again later.',
      );
  } finally {
    uplink.close();
  }
}
