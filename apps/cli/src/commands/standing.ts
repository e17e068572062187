import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { isObject } from '#libs/chain-domain';
import { baseIdOf, canonicalJson, type StandingStatement, type TaskStatement } from '#libs/consent';
import { readChainFile } from '../chain-file.js';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { tableOf } from '../output.js';
import { readAsked, requireSources } from '../owner/asked-tasks.js';
import { draftOf, type WrittenTask } from '../owner/standing-draft.js';
import { linesOfStanding } from '../owner/standing-lines.js';
import { isStatement, statementFaults, StatementBook, type Draft, type SignFlags } from '../owner/statement-book.js';
import type { Act, Session } from '../session.js';
import { isAgreed } from './agree.js';
import { withExample } from './example.js';
import { days, uses } from './numbers.js';
import { signOptions } from './sign-options.js';

interface CoverFlags extends SignFlags {
  readonly chain?: readonly string[];
  readonly file?: string;
  readonly uses?: number;
  readonly days: number;
  readonly dryRun?: true;
  readonly yes?: true;
}

/** What the owner writes: the rest of the statement is the command's. */
const FIELDS = ['expires_at', 'origin', 'proposer', 'purpose', 'tasks'];

/** approvals cover, uncover and covers: decisions on a whole. */
export function addStandingCommands(approvals: Command, session: Session, act: Act): void {
  const { say } = session;
  const name = say('name of the standing approval');
  const cover = approvals
    .command('cover')
    .description(say('approve a whole: a for_each, the turns and children of a chain, or the runs of a schedule'))
    .argument('<name>', name)
    .option('--chain <chain...>', say('chains of the whole: what their tasks do is covered'))
    .option('--file <file>', say('what --dry-run printed, as you changed it; - is standard input'))
    .option('--uses <n>', say('how many instances, turns or runs of each task it covers'), uses)
    .option('--days <days>', say('how long it counts'), days, 30)
    .option('--dry-run', say('print what would be signed as a file that --file takes'))
    .option('-y, --yes', say('do not ask'));
  withExample(
    signOptions(cover, say).action(act((given: string, flags: CoverFlags) => coverWhole(session, given, flags))),
    'task-chain approvals cover nightly --chain chain-00000000-0000-4000-8000-000000000000 --uses 30 --key ~/bank-a/bank-a.key',
    say,
  );
  const uncover = approvals
    .command('uncover')
    .description(say('withdraw a standing approval: it covers nothing more, and what runs by it ends'))
    .argument('<name>', name);
  withExample(
    signOptions(uncover, say).action(
      act(async (given: string, flags: SignFlags) => {
        const book = await StatementBook.open(session, flags);
        const found = (await book.list<StandingStatement>('standing')).find((each) => each.name === given);
        if (found === undefined) throw new Failure(EXIT.NOT_FOUND, say('There is no {name}.', { name: given }));
        const { party: _, serial: _serial, issued_at: _issued, ...draft } = found;
        const made = await book.put<StandingStatement>({ ...draft, decision: 'withdraw' });
        session.answer(made, () => [say('{name} is withdrawn, signed as {party}', { name: given, party: book.party })]);
      }),
    ),
    'task-chain approvals uncover nightly --key ~/bank-a/bank-a.key',
    say,
  );
  withExample(
    approvals
      .command('covers')
      .description(say('list the standing approvals of a party'))
      .argument('<party>', say('name of a party'))
      .action(
        act(async (party: string) => {
          const { items } = await session.client.listStatements({ path: { party }, query: { kind: 'standing' } });
          const found = items.flatMap(({ body }) => {
            const statement: unknown = body;
            return isStatement(statement) && statement.kind === 'standing' ? [statement] : [];
          });
          session.answer(found, () =>
            tableOf(
              [
                ['NAME', (each) => each.name],
                ['COVERS', (each) => each.origin],
                ['TASKS', (each) => each.tasks.map(({ task_id: id, uses: most }) => `${id} x ${most}`).join(', ')],
                ['DECISION', (each) => each.decision],
                ['EXPIRES', (each) => each.expires_at],
              ],
              found,
            ),
          );
        }),
      ),
    'task-chain approvals covers bank-a',
    say,
  );
}

async function coverWhole(session: Session, name: string, flags: CoverFlags): Promise<void> {
  const { say } = session;
  const book = await StatementBook.open(session, flags);
  const { party } = book;
  if ((flags.file === undefined) === (flags.chain === undefined))
    throw new Failure(EXIT.USAGE, say('Give --chain or --file, and not both.'));
  const read =
    flags.file === undefined ? await draftOfChains(session, party, flags) : await readDraft(flags.file, session);
  const draft: Draft<StandingStatement> = { ...read, kind: 'standing', name, decision: 'approve' };
  if (flags.dryRun) {
    session.answer(draft, () => stringify(read).trimEnd().split('\n'));
    return;
  }
  const lines = await linesOfStanding(draft, party, session);
  if (session.forPeople) session.print(...lines);
  else lines.forEach((line) => session.remark(line));
  const question = say('Approve all of this as {party}? [y/N] ', { party });
  if (!flags.yes && !(await isAgreed(question, session)))
    throw new Failure(EXIT.USAGE, say('Nothing was signed.'), { hint: say('Type y, or use --yes in a script.') });
  const made = await book.put<StandingStatement>(draft);
  session.answer(made, () => [
    say('{name} counts until {time}, signed as {party}', { name, time: made.expires_at, party }),
  ]);
}

type Body = Pick<StandingStatement, 'expires_at' | 'origin' | 'proposer' | 'purpose' | 'tasks'>;

async function draftOfChains(session: Session, party: string, { chain = [], ...flags }: CoverFlags): Promise<Body> {
  const { say } = session;
  if (flags.uses === undefined)
    throw new Failure(EXIT.USAGE, say('Say how many instances, turns or runs it covers: --uses <n>'));
  const tasks: TaskStatement[] = [];
  const written: WrittenTask[] = [];
  for (const chainId of chain) {
    const { items } = await session.client.listChainApprovals({ path: { chain_id: chainId }, query: { party } });
    const asked = items.filter((each) => each.party === party).map((each) => readAsked(each, chainId, session));
    requireSources(asked, session);
    tasks.push(...asked.map(({ task }) => task));
    if (asked.length > 0) written.push(...(await writtenTasks(session, chainId)));
  }
  const drafted = draftOf(tasks, flags.uses, written);
  if ('differs' in drafted) {
    const message =
      drafted.differs === 'tasks'
        ? say('{party} takes no part in these chains.', { party })
        : say('These tasks are not one whole: they differ in {field}.', { field: drafted.differs });
    throw new Failure(EXIT.NOT_FOUND, message);
  }
  return { expires_at: new Date(Date.now() + flags.days * 86_400_000).toISOString(), ...drafted };
}

/** The tasks of the template that a chain was made of, as it writes them; none where it was made of none. */
async function writtenTasks(session: Session, chain_id: string): Promise<WrittenTask[]> {
  const { template_id: id, template_version: version } = await session.client.getChain({ path: { chain_id } });
  if (id == null || version == null) return [];
  const found = await session.client.getTemplateVersion({ path: { template_id: id, version: String(version) } });
  const body: unknown = found.chain;
  const hash = `sha256:${createHash('sha256').update(canonicalJson(body)).digest('hex')}`;
  session.remark(session.say('made of {template}, version {version}, {hash}', { template: id, version, hash }));
  const { tasks = [], params } = (isObject(body) ? body : {}) as { tasks?: unknown; params?: unknown };
  const schemas = isObject(params) && isObject(params['properties']) ? params['properties'] : {};
  return (Array.isArray(tasks) ? (tasks as unknown[]) : []).flatMap((task) => {
    const id = isObject(task) ? task['task_id'] : undefined;
    return isObject(task) && typeof id === 'string'
      ? [{ task_id: baseIdOf(id), params: task['task_params'], schemas }]
      : [];
  });
}

async function readDraft(path: string, session: Session): Promise<Body> {
  const { say, shell } = session;
  const { name: file, value, place } = await readChainFile(path, shell, say);
  const fields = isObject(value) ? value : {};
  const stranger = Object.keys(fields).find((each) => !FIELDS.includes(each));
  const dated = {
    ...{ ...fields, kind: 'standing', name: 'a', decision: 'approve' },
    ...{ party: 'a', serial: 1, issued_at: '2026-01-01T00:00:00Z' },
  };
  const faults =
    stranger === undefined
      ? statementFaults(dated)
      : [
          {
            code: 'UNKNOWN_FIELD',
            pointer: `/${stranger}`,
            message: `${stranger} is not a known field: it has ${FIELDS.join(', ')}.`,
          },
        ];
  if (faults.length > 0)
    throw new Failure(EXIT.INVALID, say('The standing approval is not valid.'), { file, faults: place(faults) });
  return fields as unknown as Body;
}
