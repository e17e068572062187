import type { Command } from 'commander';
import { NodeFolder } from './node-folder.js';
import { Refusal } from './refusal.js';
import { SiteRecords } from './site-records.js';
import { withStore } from './site-store.js';
import type { Terminal } from './terminal.js';

/** log ls, log verify, and accept-loss. */
export function addLogCommands(
  program: Command,
  withFolder: (command: Command) => Command,
  { out, err }: Pick<Terminal, 'out' | 'err'>,
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
    .action(async ({ folder, head: noted }: { folder: string; head?: string }) => {
      await withStore(folder, (store) => {
        const { entries, head, broken } = store.check();
        if (broken !== undefined)
          throw new Refusal(`Entry ${broken} does not follow on the one before: the log was changed there.`);
        if (noted !== undefined && !store.hasEntry(noted))
          throw new Refusal(`No entry has the hash ${noted}: the log was cut off, or begun anew.`);
        out(`${entries} entries, head ${head}\n`);
      });
      const { head: ledger, unsettled } = await withRecords(folder, (records) => ({
        ...{ head: records.ledgerHead(), unsettled: records.unsettled() },
      }));
      if (!ledger)
        throw new Refusal('The ledger does not begin with what this log has noted of it: it was changed, or cut off.');
      if (unsettled.length > 0) throw new Refusal(`The ${unsettled.join(' and the ')} went further: see accept-loss.`);
      if (ledger.bytes > 0) out(`the ledger has ${ledger.bytes} bytes, ${ledger.hash}\n`);
    });

  withFolder(program.command('accept-loss'))
    .description(
      'let a site go on whose ledger or log was restored from an older backup (RECORDS_OLD): what was counted since is lost, and its budgets count again',
    )
    .option('--confirm <name>', 'the name of this site')
    .option('--reason <text>', 'kept in the log', '')
    .action(async ({ folder, confirm, reason }: { folder: string; confirm?: string; reason: string }) => {
      const { name } = await new NodeFolder(folder).read();
      const lost = await withRecords(folder, (records) => {
        const unsettled = records.unsettled();
        if (unsettled.length === 0)
          throw new Refusal('Nothing is known to be lost: the records go as far as they went.');
        const what = `the ${unsettled.join(' and the ')}`;
        if (confirm !== name)
          throw new Refusal(
            `Part of ${what} is missing. If you have newer ones, put them back. Else say --confirm ${name}: what is missing then counts no more, and what it had opened can be opened again.`,
          );
        records.acceptLoss(reason.slice(0, 500));
        return what;
      });
      err(`Accepted: what is missing of ${lost} counts no more. It is in the log.\n`);
    });
}

async function withRecords<T>(path: string, work: (records: SiteRecords) => T): Promise<T> {
  const folder = new NodeFolder(path);
  const file = await folder.read();
  return withStore(path, (store) => work(new SiteRecords(folder, file, store)));
}
