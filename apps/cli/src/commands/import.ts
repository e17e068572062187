import { type Command, Option } from 'commander';
import { readChainFile } from '../chain-file.js';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { FORMATS, formatOf, importDocument, type ImportedFormat } from '../importing/import-document.js';
import { REASONS } from '../importing/imported.js';
import type { Act, Session } from '../session.js';

interface ImportFlags {
  readonly from?: ImportedFormat;
  readonly with?: string;
  readonly schedule?: true;
  readonly strict?: true;
}

/** import. */
export function addImportCommand(program: Command, session: Session, act: Act): void {
  const { say } = session;
  program
    .command('import')
    .description(
      say(
        'make a chain of a graph of SecretPad, an Argo workflow, a serialised DAG of Airflow or messages to Celery workers',
      ),
    )
    .argument('<file>', say('JSON or YAML; - is standard input'))
    .addOption(new Option('--from <format>', say('what the file is; by default what it looks like')).choices(FORMATS))
    .option('--with <file>', say('task types and tables that the file does not say, JSON or YAML'))
    .option('--schedule', say('a schedule with the chain, where the file says when it runs'))
    .option('--strict', say('fail where something did not carry over'))
    .action(act((path: string, flags: ImportFlags) => importFile(path, flags, session)));
}

async function importFile(path: string, flags: ImportFlags, session: Session): Promise<number> {
  const { say, shell } = session;
  const { name, value } = await readChainFile(path, shell, say);
  const format = flags.from ?? formatOf(value);
  if (format === undefined) {
    throw new Failure(
      EXIT.INVALID,
      say('{file} is none of {formats}: name it by --from.', { file: name, formats: FORMATS.join(', ') }),
    );
  }
  const mapping = flags.with === undefined ? {} : (await readChainFile(flags.with, shell, say)).value;
  const { chain, schedule, notes } = importDocument(value, format, mapping);
  const told = notes.map(({ path: at, reason, values }) => ({
    path: at,
    code: reason,
    reason: say(REASONS[reason], values),
  }));
  if (flags.schedule && schedule === null) {
    throw new Failure(EXIT.INVALID, say('{file} says no time that a schedule can have.', { file: name }));
  }
  const made = flags.schedule ? { ...schedule, chain } : chain;
  if (session.forPeople) session.print(JSON.stringify(made, null, 2));
  else session.answer({ chain, schedule, notes: told }, () => []);
  if (session.forPeople) {
    for (const { path: at, reason } of told) session.remark(`${at}: ${reason}`);
    if (!flags.schedule && schedule !== null)
      session.remark(say('It runs at its times: --schedule makes a schedule of it.'));
  }
  return flags.strict && notes.length > 0 ? EXIT.INVALID : EXIT.OK;
}
