import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { accept, offered, refuse, shownTask, standing, standingOn, type Origins } from './approvals.js';
import { servePage } from './approvals-page/serve.js';
import { addingOf, membersOf, type Member } from './members.js';
import { NodeFolder } from './node-folder.js';
import { Refusal } from './refusal.js';
import { withStore } from './site-store.js';
import { wordsOf, type SharedTask } from './task-file.js';
import { plain, type Terminal } from './terminal.js';

const NOT_HERE = 'nothing here (not yet, or at other sites alone)';

/** approvals ls, show, accept, refuse and serve. */
export function addApprovalCommands(
  program: Command,
  withFolder: (command: Command) => Command,
  { out, err, signal }: Terminal,
): void {
  const approvals = program.command('approvals').description('the tasks that the control plane offers to this site');

  withFolder(approvals.command('ls'))
    .description('list them, and what is accepted for every later run (STANDING), also where it is offered no longer')
    .action(({ folder }: { folder: string }) =>
      withStore(folder, (store) => {
        for (const { state, hash, run, read } of offered(store))
          out(
            `${state.padEnd(8)}  ${hash ?? 'no task for this site'.padEnd(71)}  ${plain(titleOf(read))}  run ${run}\n`,
          );
        for (const { hash, maker = '-', ends, left } of standing(store))
          out(`STANDING  ${hash}  ${plain(maker)}  every later run until ${ends}${leftWords(left)}\n`);
      }),
    );

  withFolder(approvals.command('show <hash>'))
    .description('show what a task would do, and what came of its runs')
    .action(async (hash: string, { folder }: { folder: string }) => {
      const file = await new NodeFolder(folder).read();
      await withStore(folder, (store) => {
        const { task, origins, runs, standing: left } = shownTask(store, hash);
        out(wordsOf(task) + memberWords(membersOf(file, task)) + originWords(origins));
        for (const { decision: _, ...each } of runs) out(`${JSON.stringify(each, null, 2)}\n`);
        if (left)
          out(
            `Every later run is accepted until ${left.ends}${leftWords(left.left)}. To take that back: approvals refuse ${hash}\n`,
          );
        if (runs.some(({ state }) => state === 'WAITING')) out(`To take part: approvals accept ${hash}\n`);
      });
    });

  withFolder(approvals.command('accept <hash>'))
    .description('take part in the task of this hash, in its runs that wait; look at it with show first')
    .option(
      '--again',
      'and for 7 days in every later run of exactly this task, such as a retry, without asking: as many as the control plane starts, on your tables as they are then',
    )
    .option('--most <runs>', 'with --again: so many runs of the task together, and then it waits for you anew')
    .action(async (hash: string, options: { folder: string; again?: boolean; most?: string }) => {
      const { folder, again = false, most } = options;
      const runs = await accept(folder, hash, { again, most: most === undefined ? undefined : Number(most) });
      const made = await withStore(folder, (store) => standingOn(store, hash));
      const later = made ? `, and for all later runs of this very task until ${made.ends}${leftWords(made.left)}` : '';
      err(`Accepted for ${runs} that wait${later}.\n`);
    });
  withFolder(approvals.command('refuse <hash>'))
    .description(
      'take no part in it; also takes back an accept, where the task is offered no longer as well, and stops a run, until that is prepared',
    )
    .option('--reason <text>', 'what those who run the task read')
    .action(async (hash: string, { folder, reason }: { folder: string; reason?: string }) => {
      const { runs, later } = await refuse(folder, hash, reason);
      err(`Refused ${runs} that wait or run.${later ? ' Later runs are no longer accepted.' : ''}\n`);
    });
  withFolder(approvals.command('serve'))
    .description('serve a page on this machine alone, 127.0.0.1, that shows and decides the same, until it is stopped')
    .option('--port <port>', 'where it listens; 0: any that is free', '0')
    .action(async ({ folder, port }: { folder: string; port: string }) => {
      if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Refusal('--port takes 0 to 65535.');
      const log = (message: string): void => err(`${plain(message)}\n`);
      const page = await servePage({ folder, port: Number(port), log });
      const file = join(new NodeFolder(folder).path, 'approvals.html');
      await rm(file, { force: true });
      const leads = `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${page.link}">`;
      await writeFile(file, `${leads}<title>${page.link}</title>\n`, { flag: 'wx', mode: 0o600 });
      out(`${page.link}\n`);
      err(
        `Open it within 60 s, in a browser on this machine, or open ${plain(file)}: others may read the command line of a browser. It works once. Ctrl-C ends the page.\n`,
      );
      const stopped = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await (signal.aborted ? undefined : Promise.race([stopped, page.over]));
      await rm(file, { force: true });
      await page.close();
      if (!signal.aborted)
        err('The page has ended: nobody has opened it within 60 s, or used it for 30 min or 12 h.\n');
    });
}

const leftWords = (left: number | undefined): string => (left === undefined ? '' : `, ${left} more at most`);

/** Who else takes part, by the keys that this site knows them by. */
function memberWords(members: readonly Member[]): string {
  const lines = members.map((member) => {
    const name = plain(member.name) + (member.isDealer ? ', the dealer' : '');
    if (member.fingerprint !== undefined) return `Takes part: ${name}, by its key ${member.fingerprint}`;
    return `Takes part: ${name}, of which this site has no key yet. Compare its fingerprint by telephone, then: ${plain(addingOf(member))}`;
  });
  return lines.map((line) => `${line}\n`).join('');
}

/** What made the artifacts that a task reads. An owner who approves the task signs the hash with that. */
function originWords({ makers, judged }: Origins): string {
  if (makers.length === 0) return '';
  const lines = makers.map(({ maker, made }) => `It reads what ${plain(maker)} made: ${made ?? NOT_HERE}`);
  return `${lines.join('\n')}\nIts hash as your statements judge it: ${judged}\n`;
}

const titleOf = (read: SharedTask | undefined): string =>
  read === undefined
    ? '-'
    : `${read.type.title} of ${read.parties.join(', ')} (${read.statement.chain_id}/${read.statement.task_id})`;
