import { Argument, type Command, Option } from 'commander';
import type { PriorityBodyDto, TaskChangeDto } from '#client';
import { readChainFile } from '../chain-file.js';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import type { Act, Session } from '../session.js';
import {
  addSelection,
  isSelection,
  SELECTION,
  selectionOf,
  steerAll,
  type BulkAction,
  type SelectionFlags,
} from './bulk.js';

interface SteerFlags {
  readonly note?: string;
  readonly dryRun?: true;
}

interface RetryFlags {
  readonly from?: string[];
  readonly downstream: boolean;
}

/** What the API answers to a control. */
interface Changed {
  readonly chain_id: string;
  readonly dry_run: boolean;
  readonly status: string;
  readonly tasks: readonly TaskChangeDto[];
}

interface Body {
  readonly note?: string;
  readonly dry_run?: boolean;
}

const bodyOf = ({ note, dryRun }: SteerFlags): Body => ({
  ...(note !== undefined && { note }),
  ...(dryRun && { dry_run: true }),
});

/** execute, pause, resume, cancel and retry. */
export function addSteeringCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const steering = (name: string, description: string, argument: string) =>
    withNote(program.command(name).description(description).argument(argument, say('id of a chain')), session);

  steering('execute', say('start a chain that was created without'), '<chain>').action(
    act(async (chain_id: string, flags: SteerFlags) =>
      answer(await session.client.executeChain({ path: { chain_id }, body: bodyOf(flags) }), session),
    ),
  );
  /** A command on the named chain, or on those that flags choose. */
  const onMany = <Flags extends SteerFlags>(
    action: BulkAction,
    description: string,
    one: (chain_id: string, body: Body, flags: Flags) => Promise<Changed>,
  ) =>
    addSelection(steering(action, description, '[chain]'), session).action(
      act(async (chain: string | undefined, flags: Flags & SelectionFlags) => {
        const chosen = isSelection(flags);
        if (chain !== undefined && !chosen) return answer(await one(chain, bodyOf(flags), flags), session);
        if (chain === undefined && chosen) return steerAll(action, selectionOf(flags), bodyOf(flags), session);
        throw new Failure(EXIT.USAGE, say('Name one chain, or choose chains by flags such as --status.'));
      }),
    );
  onMany('pause', say('let running tasks end, and start no others'), (chain_id, body) =>
    session.client.pauseChain({ path: { chain_id }, body }),
  );
  onMany('resume', say('resume a paused chain'), (chain_id, body) =>
    session.client.resumeChain({ path: { chain_id }, body }),
  );
  onMany('cancel', say('cancel a chain: running tasks are stopped, waiting ones skipped'), (chain_id, body) =>
    session.client.cancelChain({ path: { chain_id }, body }),
  );
  onMany<SteerFlags & RetryFlags>(
    'retry',
    say('run again what failed, was cancelled or skipped; successes are kept'),
    (chain_id, body, { from, downstream }) => {
      const more = from === undefined ? {} : { from, include_downstream: downstream };
      return session.client.retryChain({ path: { chain_id }, body: { ...body, ...more } });
    },
  )
    .addOption(
      new Option('--from <tasks...>', say('run these tasks again, whatever their outcome')).conflicts(SELECTION),
    )
    .option('--no-downstream', say('with --from: without the tasks that depend on them'));
}

/** skip, resolve and priority. */
export function addTaskSteeringCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const onTask = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .argument('<chain>', say('id of a chain'))
      .argument('<task>', say('id of a task'))
      .requiredOption('--note <text>', say('the reason, for the history of the chain'))
      .option('--dry-run', say('dry run: show what it would do to which task'));
  onTask('skip', say('skip a task; its successors follow their trigger rules')).action(
    act(async (chain_id: string, task_id: string, flags: SteerFlags & { note: string }) => {
      const body = { ...bodyOf(flags), note: flags.note };
      answer(await session.client.skipTask({ path: { chain_id, task_id }, body }), session);
    }),
  );
  onTask('resolve', say('end a task as SUCCESS with a result that you give'))
    .requiredOption('--file <file>', say('the result, JSON or YAML; - is standard input'))
    .action(
      act(async (chain_id: string, task_id: string, flags: SteerFlags & { note: string; file: string }) => {
        const result = await readChainFile(flags.file, session.shell, say);
        const body = { ...bodyOf(flags), note: flags.note, result: result.value };
        answer(await session.client.resolveTask({ path: { chain_id, task_id }, body }), session);
      }),
    );
  withNote(
    program
      .command('priority')
      .description(say('change which tasks run first when capacity is short'))
      .argument('<chain>', say('id of a chain'))
      .addArgument(
        new Argument('<priority>', say('1 (last) to 10 (first), low, normal, high or critical')).choices(PRIORITIES),
      )
      .argument('[task]', say('only this task; otherwise all that are not finished')),
    session,
  ).action(
    act(async (chain_id: string, text: string, task_id: string | undefined, flags: SteerFlags) => {
      const priority = (/^\d+$/.test(text) ? Number(text) : text) as PriorityBodyDto['priority'];
      const body = { ...bodyOf(flags), priority };
      const changed =
        task_id === undefined
          ? await session.client.setChainPriority({ path: { chain_id }, body })
          : await session.client.setTaskPriority({ path: { chain_id, task_id }, body });
      answer(changed, session);
    }),
  );
}

const PRIORITIES = ['low', 'normal', 'high', 'critical', ...Array.from({ length: 10 }, (_, i) => String(i + 1))];

function withNote(command: Command, { say }: Session): Command {
  return command
    .option('--note <text>', say('the reason, for the history of the chain'))
    .option('--dry-run', say('dry run: show what it would do to which task'));
}

function answer(changed: Changed, session: Session): void {
  const { say } = session;
  session.answer(changed, () => {
    const { chain_id: chain, status, tasks, dry_run } = changed;
    const heading = dry_run
      ? say('dry run: {chain} would be {status}', { chain, status })
      : say('{chain} is {status}', { chain, status });
    if (tasks.length === 0) return [heading];
    return [
      heading,
      ...session.table(
        [
          ['TASK', (task) => task.task_id],
          ['FROM', (task) => task.from],
          ['TO', (task) => task.to],
          ['PRIORITY', (task) => task.priority, 'wide'],
        ],
        tasks,
      ),
    ];
  });
}
