import type { Command } from 'commander';
import type { BulkDto, BulkFilterDto, BulkResultDto } from '#client';
import { EXIT } from '../exit-codes.js';
import type { Session } from '../session.js';

export type BulkAction = 'cancel' | 'pause' | 'resume' | 'retry';

/** Which chains; those of `ls` where they mean the same. */
export interface SelectionFlags {
  readonly status?: string;
  readonly type?: string;
  readonly taskType?: string;
  readonly by?: string;
  readonly query?: string;
  readonly selector?: string;
  readonly createdFrom?: string;
  readonly createdTo?: string;
}

/** Their names. */
export const SELECTION = ['status', 'type', 'taskType', 'by', 'query', 'selector', 'createdFrom', 'createdTo'];

export function addSelection(command: Command, { say }: Session): Command {
  return command
    .option('--status <statuses>', say('in place of a chain, all in these statuses, by comma'))
    .option('--type <type>', say('in place of a chain, all of this type'))
    .option('--task-type <type>', say('in place of a chain, all with a task of this type'))
    .option('--by <user>', say('in place of a chain, all that this user or key created'))
    .option('--query <text>', say('in place of a chain, all with this in their name'))
    .option('-l, --selector <labels>', say('in place of a chain, all that have these labels: env=prod,team=risk'))
    .option('--created-from <time>', say('in place of a chain, all created at or after this time'))
    .option('--created-to <time>', say('in place of a chain, all created before this time'));
}

export function selectionOf(flags: SelectionFlags): BulkFilterDto {
  return {
    status: flags.status,
    chain_type: flags.type,
    task_type: flags.taskType,
    created_by: flags.by,
    q: flags.query,
    labels: flags.selector,
    created_from: flags.createdFrom,
    created_to: flags.createdTo,
  };
}

export function isSelection(flags: SelectionFlags): boolean {
  return Object.values(selectionOf(flags)).some((value) => value !== undefined);
}

/** Acts on all chains that fit, call after call, and says what became of each; exit code 8 where one was refused. */
export async function steerAll(
  action: BulkAction,
  filter: BulkFilterDto,
  more: { note?: string; dry_run?: boolean },
  session: Session,
): Promise<number> {
  const { client } = session;
  const results: BulkResultDto[] = [];
  const counts = { done: 0, refused: 0, not_found: 0 };
  let cursor: string | undefined;
  do {
    const options = { body: { ...more, filter, ...(cursor !== undefined && { cursor }) } };
    const page: BulkDto = await {
      cancel: () => client.cancelChains(options),
      pause: () => client.pauseChains(options),
      resume: () => client.resumeChains(options),
      retry: () => client.retryChains(options),
    }[action]();
    results.push(...page.results);
    counts.done += page.done;
    counts.refused += page.refused;
    counts.not_found += page.not_found;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  const dryRun = more.dry_run === true;
  // As the API answers one call.
  const whole = { dry_run: dryRun, ...counts, results, next_cursor: null };
  if (session.format === 'name') session.answer(results, () => []);
  else session.answer(whole, () => linesOf(whole, session));
  return counts.refused > 0 ? EXIT.CONFLICT : EXIT.OK;
}

function linesOf({ dry_run, done, refused, results }: BulkDto, session: Session): string[] {
  const { say } = session;
  const heading = dry_run
    ? say('dry run: {done} chains would change, {refused} would be refused', { done, refused })
    : say('{done} chains changed, {refused} refused', { done, refused });
  if (results.length === 0) return [say('No chain matches.')];
  return [
    heading,
    ...session.table(
      [
        ['CHAIN', (each) => each.chain_id],
        ['STATUS', (each) => each.status],
        ['TASKS', (each) => each.tasks_changed],
        ['REFUSED', (each) => (each.outcome === 'done' ? undefined : (each.detail ?? each.outcome))],
      ],
      results,
    ),
  ];
}
