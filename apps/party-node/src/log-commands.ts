import type { Command } from 'commander';
import { Refusal } from './refusal.js';
import { withStore } from './site-store.js';
import type { Terminal } from './terminal.js';

/** log ls and log verify. */
export function addLogCommands(
  program: Command,
  withFolder: (command: Command) => Command,
  { out }: Pick<Terminal, 'out'>,
): void {
  const log = program.command('log').description('what this site and the people at it have done');

  withFolder(log.command('ls'))
    .description('list the last entries, a line of JSON each')
    .option('--last <entries>', 'how many', '50')
    .action(({ folder, last }: { folder: string; last: string }) => {
      const most = Number(last);
      if (!Number.isInteger(most) || most < 1) throw new Refusal('--last takes a whole number from 1 on.');
      return withStore(folder, (store) => {
        for (const entry of store.entries(most)) out(`${JSON.stringify(entry)}\n`);
      });
    });

  withFolder(log.command('verify'))
    .description(
      'check that no entry was changed or left out; note the head elsewhere, to notice later what was cut off',
    )
    .option('--head <hash>', 'a head that was noted earlier, which has to be in the log')
    .action(({ folder, head: noted }: { folder: string; head?: string }) =>
      withStore(folder, (store) => {
        const { entries, head, broken } = store.check();
        if (broken !== undefined)
          throw new Refusal(`Entry ${broken} does not follow on the one before: the log was changed there.`);
        if (noted !== undefined && !store.hasEntry(noted))
          throw new Refusal(`No entry has the hash ${noted}: the log was cut off, or begun anew.`);
        out(`${entries} entries, head ${head}\n`);
      }),
    );
}
