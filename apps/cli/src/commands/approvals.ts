import { InvalidArgumentError, type Command } from 'commander';
import type { ApprovalStatement } from '#libs/consent';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { tableOf } from '../output.js';
import { linesOfTask, readAsked, requireSources, type AskedTask } from '../owner/asked-tasks.js';
import type { ApprovalDto } from '#client';
import { StatementBook, type SignFlags } from '../owner/statement-book.js';
import type { Act, Session } from '../session.js';
import { isAgreed } from './agree.js';
import { withExample } from './example.js';
import { days, natural } from './numbers.js';
import { signOptions } from './sign-options.js';
import { addStandingCommands } from './standing.js';

interface DecideFlags extends SignFlags {
  readonly yes?: true;
  readonly words?: string;
  readonly days: number;
  readonly runs?: number;
}

type Decision = ApprovalStatement['decision'];

/** approvals ls, show, approve, refuse and withdraw, and those of a whole. */
export function addApprovalCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const approvals = program
    .command('approvals')
    .helpCommand(false)
    .description(say('tasks that wait for the owner of data that they read'));
  const chain = say('id of a chain');
  withExample(
    approvals
      .command('ls')
      .description(say('list the tasks that wait for a decision'))
      .option('--party <party>', say('only of this party'))
      .action(
        act(async ({ party }: { party?: string }) => {
          const { items } = await session.client.listApprovals({ query: { ...(party !== undefined && { party }) } });
          session.answer(items, () => (items.length > 0 ? tableOfAsked(items) : [say('No task waits for approval.')]));
        }),
      ),
    'task-chain approvals ls --party bank-a',
    say,
  );
  withExample(
    approvals
      .command('show')
      .description(say('show what the owner decides on: the exact tasks, and what leaves the parties'))
      .argument('<chain>', chain)
      .argument('[task...]', say('id of a task'))
      .requiredOption('--party <party>', say('the party that decides'))
      .action(
        act(async (chain_id: string, tasks: string[], { party }: { party: string }) => {
          const found = await askedOf(session, chain_id, party, tasks);
          const lines = await linesOfTasks(found, session);
          session.answer(
            found.map(({ asked }) => asked),
            () => lines,
          );
        }),
      ),
    'task-chain approvals show chain-00000000-0000-4000-8000-000000000000 --party bank-a',
    say,
  );
  for (const [decision, description] of [
    ['approve', say('let tasks of a chain run: all that are undecided, or those that are named')],
    ['refuse', say('refuse tasks of a chain: they fail with your words')],
    ['withdraw', say('stop tasks of a chain, and withdraw their approval')],
  ] as const) {
    const command = approvals
      .command(decision)
      .description(description)
      .argument('<chain>', chain)
      .argument('[task...]', say('id of a task'))
      .option('--words <text>', say('what the author of the chain reads'))
      .option('--days <days>', say('how long the decision counts'), days, 30)
      .option('-y, --yes', say('do not ask'));
    if (decision === 'approve')
      command.option('--runs <n>', say('how many runs may open something to others; one by default'), runs);
    withExample(
      signOptions(command, say).action(
        act((chain_id: string, tasks: string[], flags: DecideFlags) =>
          decide(session, decision, chain_id, tasks, flags),
        ),
      ),
      `task-chain approvals ${decision} chain-00000000-0000-4000-8000-000000000000 psi --key ~/bank-a/bank-a.key`,
      say,
    );
  }
  addStandingCommands(approvals, session, act);
}

async function decide(
  session: Session,
  decision: Decision,
  chainId: string,
  tasks: readonly string[],
  flags: DecideFlags,
): Promise<void> {
  const { say } = session;
  const book = await StatementBook.open(session, flags);
  const { party } = book;
  const all = await askedOf(session, chainId, party, tasks);
  // Without names: what is not decided so already. An approval of the whole chain takes back no refusal.
  const isOpen = ({ asked }: AskedTask): boolean =>
    decision === 'approve' ? asked.decision === null || isAskedAgain(asked) : asked.decision !== decision;
  const chosen = tasks.length > 0 ? all : all.filter(isOpen);
  if (chosen.length === 0) {
    const hint = say('See what waits with: task-chain approvals ls');
    throw new Failure(EXIT.NOT_FOUND, say('No task of {chain} is left to decide on.', { chain: chainId }), { hint });
  }
  const lines = await linesOfTasks(chosen, session);
  if (session.forPeople) session.print(...lines);
  else lines.forEach((line) => session.remark(line));
  const question = {
    approve: say('Approve these tasks ({count}) as {party}? [y/N] ', { count: chosen.length, party }),
    refuse: say('Refuse these tasks ({count}) as {party}? [y/N] ', { count: chosen.length, party }),
    withdraw: say('Stop these tasks ({count}) as {party}? [y/N] ', { count: chosen.length, party }),
  }[decision];
  if (!flags.yes && !(await isAgreed(question, session))) {
    throw new Failure(EXIT.USAGE, say('Nothing was signed.'), { hint: say('Type y, or use --yes in a script.') });
  }
  const expires_at = new Date(Date.now() + flags.days * 86_400_000).toISOString();
  const words = flags.words === undefined ? {} : { words: flags.words };
  const more = { ...words, ...(flags.runs !== undefined && { runs: flags.runs }) };
  const made: ApprovalStatement[] = [];
  for (const { task, hash } of chosen) {
    const { chain_id, task_id } = task;
    const draft = { kind: 'approval', chain_id, task_id, task: hash, expires_at, decision, ...more } as const;
    made.push(await book.put<ApprovalStatement>(draft));
  }
  session.answer(made, () =>
    chosen.map(({ task }) => say('{task}: {decision}, signed as {party}', { task: task.task_id, decision, party })),
  );
}

/** Whether a task waits although it was approved: that approval expired, or covers no further run. */
const isAskedAgain = ({ decision, reasons }: ApprovalDto): boolean => decision === 'approve' && reasons !== null;

/** The tasks of a chain in which the party takes part: those named, or all. */
async function askedOf(
  session: Session,
  chainId: string,
  party: string,
  tasks: readonly string[],
): Promise<AskedTask[]> {
  const { say } = session;
  const answer = await session.client.listChainApprovals({ path: { chain_id: chainId }, query: { party } });
  const items = answer.items.filter((each) => each.party === party);
  const stranger = tasks.find((task) => !items.some(({ task_id }) => task_id === task));
  if (stranger !== undefined) {
    const message = say('{party} takes no part in a task {task} of {chain}.', {
      party,
      task: stranger,
      chain: chainId,
    });
    throw new Failure(EXIT.NOT_FOUND, message);
  }
  const all = items.map((asked) => readAsked(asked, chainId, session));
  requireSources(all, session);
  return tasks.length === 0 ? all : all.filter(({ task }) => tasks.includes(task.task_id));
}

async function linesOfTasks(tasks: readonly AskedTask[], session: Session): Promise<string[]> {
  const blocks = await Promise.all(tasks.map((task) => linesOfTask(task, session)));
  return blocks.flatMap((block) => [...block, '']);
}

const tableOfAsked = (items: readonly ApprovalDto[]): string[] =>
  tableOf(
    [
      ['CHAIN', (each) => each.chain_id],
      ['TASK', (each) => each.task_id],
      ['TYPE', (each) => each.task_type],
      ['PARTY', (each) => each.party],
      ['PART OF', (each) => each.origin],
      ['WHY', (each) => each.reasons],
    ],
    items,
  );

/** Reads how many runs an approval covers. */
function runs(text: string): number {
  const value = natural(text);
  if (value > 1_000) throw new InvalidArgumentError('at most 1000 runs');
  return value;
}
