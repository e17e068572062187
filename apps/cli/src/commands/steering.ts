import type { Command } from 'commander';
import type { TaskChangeDto } from '#client';
import { tableOf } from '../output.js';
import type { Act, Session } from '../session.js';

interface SteerFlags {
  readonly note?: string;
  readonly dryRun?: true;
}

interface RetryFlags extends SteerFlags {
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

/** execute, pause, resume, cancel, retry and skip. */
export function addSteeringCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const steering = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .argument('<chain>', say('id of a chain'))
      .option('--note <text>', say('the reason, for the history of the chain'))
      .option('--dry-run', say('dry run: show what it would do to which task'));
  const bodyOf = ({ note, dryRun }: SteerFlags) => ({
    ...(note !== undefined && { note }),
    ...(dryRun && { dry_run: true }),
  });
  const simple = (
    name: string,
    description: string,
    call: (chain_id: string, body: { note?: string; dry_run?: boolean }) => Promise<Changed>,
  ) =>
    steering(name, description).action(
      act(async (chain: string, flags: SteerFlags) => answer(await call(chain, bodyOf(flags)), session)),
    );

  simple('execute', say('start a chain that was created without'), (chain_id, body) =>
    session.client.executeChain({ path: { chain_id }, body }),
  );
  simple('pause', say('let running tasks end, and start no others'), (chain_id, body) =>
    session.client.pauseChain({ path: { chain_id }, body }),
  );
  simple('resume', say('resume a paused chain'), (chain_id, body) =>
    session.client.resumeChain({ path: { chain_id }, body }),
  );
  simple('cancel', say('cancel a chain: running tasks are stopped, waiting ones skipped'), (chain_id, body) =>
    session.client.cancelChain({ path: { chain_id }, body }),
  );

  steering('retry', say('run again what failed, was cancelled or skipped; successes are kept'))
    .option('--from <tasks...>', say('run these tasks again, whatever their outcome'))
    .option('--no-downstream', say('with --from: without the tasks that depend on them'))
    .action(
      act(async (chain_id: string, { from, downstream, ...flags }: RetryFlags) => {
        const more = from === undefined ? {} : { from, include_downstream: downstream };
        answer(await session.client.retryChain({ path: { chain_id }, body: { ...bodyOf(flags), ...more } }), session);
      }),
    );

  program
    .command('skip')
    .description(say('skip a task; its successors follow their trigger rules'))
    .argument('<chain>', say('id of a chain'))
    .argument('<task>', say('id of a task'))
    .requiredOption('--note <text>', say('the reason, for the history of the chain'))
    .option('--dry-run', say('dry run: show what it would do to which task'))
    .action(
      act(async (chain_id: string, task_id: string, { note, dryRun }: SteerFlags & { note: string }) => {
        const body = { note, ...(dryRun && { dry_run: true }) };
        answer(await session.client.skipTask({ path: { chain_id, task_id }, body }), session);
      }),
    );
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
      ...tableOf(
        [
          ['TASK', (task) => task.task_id],
          ['FROM', (task) => task.from],
          ['TO', (task) => task.to],
        ],
        tasks,
      ),
    ];
  });
}
