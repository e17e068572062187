import type { Command } from 'commander';
import { NodeFolder } from './node-folder.js';
import { OfferStore, type Decision, type Offer } from './offer-store.js';
import { Refusal } from './refusal.js';
import { offeredTask, wordsOf } from './task-file.js';
import { plain, type Terminal } from './terminal.js';

/** approvals ls, show, accept and refuse. */
export function addApprovalCommands(
  program: Command,
  withFolder: (command: Command) => Command,
  { out, err }: Terminal,
): void {
  const approvals = program.command('approvals').description('the tasks that the control plane offers to this site');
  const storeOf = async ({ folder }: { folder: string }): Promise<OfferStore> => {
    const found = new NodeFolder(folder);
    await found.read();
    return new OfferStore(found.path);
  };

  withFolder(approvals.command('ls'))
    .description('list them')
    .action(async (options: { folder: string }) => {
      for (const { state, hash, run, task } of await (await storeOf(options)).list())
        out(`${state.padEnd(8)}  ${hash ?? 'no task for this site'.padEnd(71)}  ${plain(titleOf(task))}  run ${run}\n`);
    });

  withFolder(approvals.command('show <hash>'))
    .description('show what a task would do, and what came of its runs')
    .action(async (hash: string, options: { folder: string }) => {
      const found = await offersOf(await storeOf(options), hash);
      out(wordsOf(offeredTask(found[0]!.task)));
      for (const { run, state, received, answer, outcome } of found)
        out(`${JSON.stringify({ run, state, received, answer, outcome }, null, 2)}\n`);
      if (found.some(({ state }) => state === 'WAITING')) out(`To take part: approvals accept ${hash}\n`);
    });

  const decide = async (store: OfferStore, hash: string, made: Pick<Decision, 'decision' | 'again' | 'reason'>) => {
    const offers = await offersOf(store, hash);
    const waiting = offers.filter(({ state }) => state === 'WAITING' || state === 'ACCEPTED');
    if (waiting.length === 0 && !made.again && made.decision === 'accept')
      throw new Refusal('No run of this task waits for you.');
    // Its decision takes the place of the one that a run which begins just now still has to find.
    const running = made.decision === 'accept' ? offers.filter(({ state }) => state === 'RUNNING') : [];
    const runs = [...waiting, ...running].map(({ run }) => run);
    await store.decide({ version: 1, hash, runs, ...made, at: new Date().toISOString() });
    return waiting.length;
  };
  withFolder(approvals.command('accept <hash>'))
    .description('take part in the task of this hash, in its runs that wait; look at it with show first')
    .option('--again', 'and in every later run of exactly this task, such as a retry, without asking')
    .action(async (hash: string, options: { folder: string; again?: true }) => {
      const runs = await decide(await storeOf(options), hash, { decision: 'accept', again: options.again ?? false });
      err(`Accepted for ${runs} that wait${options.again ? ', and for all later runs of this very task' : ''}.\n`);
    });
  withFolder(approvals.command('refuse <hash>'))
    .description('take no part in it; also takes back an accept, until all sites have accepted')
    .option('--reason <text>', 'what those who run the task read')
    .action(async (hash: string, options: { folder: string; reason?: string }) => {
      const { reason } = options;
      if ((reason?.length ?? 0) > 500) throw new Refusal('--reason takes 500 characters at most.');
      const made = { decision: 'refuse', again: false, ...(reason !== undefined && { reason }) } as const;
      const runs = await decide(await storeOf(options), hash, made);
      err(`Refused ${runs} that wait.\n`);
    });
}

async function offersOf(store: OfferStore, hash: string): Promise<readonly Offer[]> {
  const found = (await store.list()).filter((each) => each.hash === hash);
  if (found.length === 0) throw new Refusal(`No task with the hash ${hash} was offered. See: approvals ls`);
  return found;
}

function titleOf(task: unknown): string {
  try {
    const { type, parties, statement } = offeredTask(task);
    return `${type.title} of ${parties.join(', ')} (${statement.chain_id}/${statement.task_id})`;
  } catch {
    return '-';
  }
}
