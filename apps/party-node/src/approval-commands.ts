import type { Command } from 'commander';
import { requireInputs } from './inputs.js';
import { NodeFolder } from './node-folder.js';
import { withStore, type Decision, type Offer, type SiteStore } from './site-store.js';
import { Refusal } from './refusal.js';
import { hashOf, makersOf, offeredTask, wordsOf, type SharedTask } from './task-file.js';
import { plain, type Terminal } from './terminal.js';

const NOT_HERE = 'nothing here (not yet, or at other sites alone)';

/** approvals ls, show, accept and refuse. */
export function addApprovalCommands(
  program: Command,
  withFolder: (command: Command) => Command,
  { out, err }: Terminal,
): void {
  const approvals = program.command('approvals').description('the tasks that the control plane offers to this site');

  withFolder(approvals.command('ls'))
    .description('list them')
    .action(({ folder }: { folder: string }) =>
      withStore(folder, (store) => {
        for (const { state, hash, run, task } of store.list())
          out(
            `${state.padEnd(8)}  ${hash ?? 'no task for this site'.padEnd(71)}  ${plain(titleOf(task))}  run ${run}\n`,
          );
      }),
    );

  withFolder(approvals.command('show <hash>'))
    .description('show what a task would do, and what came of its runs')
    .action((hash: string, { folder }: { folder: string }) =>
      withStore(folder, (store) => {
        const found = offersOf(store, hash);
        const task = offeredTask(found[0]!.task);
        out(wordsOf(task) + originsOf(store, task));
        for (const { run, state, received, answer, outcome } of found) {
          // What a run came to counts once it counts at all sites.
          const told = state === 'PREPARED' ? undefined : answer;
          out(`${JSON.stringify({ run, state, received, answer: told, outcome }, null, 2)}\n`);
        }
        if (found.some(({ state }) => state === 'WAITING')) out(`To take part: approvals accept ${hash}\n`);
      }),
    );

  const decide = (store: SiteStore, hash: string, made: Omit<Decision, 'hash' | 'runs' | 'at'>): number => {
    const offers = offersOf(store, hash);
    const waiting = offers.filter(({ state }) => state === 'WAITING' || state === 'ACCEPTED');
    if (waiting.length === 0 && !made.again && made.decision === 'accept')
      throw new Refusal('No run of this task waits for you.');
    // Its decision takes the place of the one that a run which begins just now still has to find.
    const running = offers.filter(({ state }) => state === 'RUNNING');
    const runs = [...waiting, ...running].map(({ run }) => run);
    store.decide({ hash, runs, ...made, at: new Date().toISOString() });
    return made.decision === 'accept' ? waiting.length : runs.length;
  };
  withFolder(approvals.command('accept <hash>'))
    .description('take part in the task of this hash, in its runs that wait; look at it with show first')
    .option('--again', 'and in every later run of exactly this task, such as a retry, without asking')
    .action(async (hash: string, { folder, again = false }: { folder: string; again?: boolean }) => {
      const site = new NodeFolder(folder);
      const { name } = await site.read();
      return withStore(folder, (store) => {
        // Every offer of this hash has the same task. A row of an earlier version does not say what made its inputs.
        const task = offeredTask(offersOf(store, hash)[0]!.task);
        // An accept is for what the task reads: so that has to be there.
        requireInputs(site, name, store, task.reads);
        const runs = decide(store, hash, { decision: 'accept', again, from: store.from(makersOf(task)) });
        err(`Accepted for ${runs} that wait${again ? ', and for all later runs of this very task' : ''}.\n`);
      });
    });
  withFolder(approvals.command('refuse <hash>'))
    .description('take no part in it; also takes back an accept, and stops a run, until that is prepared')
    .option('--reason <text>', 'what those who run the task read')
    .action((hash: string, { folder, reason }: { folder: string; reason?: string }) =>
      withStore(folder, (store) => {
        if ((reason?.length ?? 0) > 500) throw new Refusal('--reason takes 500 characters at most.');
        const made = { decision: 'refuse', again: false, ...(reason !== undefined && { reason }) } as const;
        err(`Refused ${decide(store, hash, made)} that wait or run.\n`);
      }),
    );
}

function offersOf(store: SiteStore, hash: string): readonly Offer[] {
  const found = store.list().filter((each) => each.hash === hash);
  if (found.length === 0) throw new Refusal(`No task with the hash ${hash} was offered. See: approvals ls`);
  return found;
}

/** What made the artifacts that a task reads. An owner who approves the task signs the hash with that. */
function originsOf(store: SiteStore, { statement, ...task }: SharedTask): string {
  const makers = makersOf(task);
  if (makers.length === 0) return '';
  const from = store.from(makers);
  const lines = makers.map((maker) => `It reads what ${plain(maker)} made: ${from[maker.split('/')[1]!] ?? NOT_HERE}`);
  return `${lines.join('\n')}\nIts hash as your statements judge it: ${hashOf({ ...statement, from })}\n`;
}

function titleOf(task: unknown): string {
  try {
    const { type, parties, statement } = offeredTask(task);
    return `${type.title} of ${parties.join(', ')} (${statement.chain_id}/${statement.task_id})`;
  } catch {
    return '-';
  }
}
