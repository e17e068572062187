import type { Command } from 'commander';
import type { AttemptDto, ChainDto, ChainMetricsDto, TaskDetailDto, TaskDto } from '#client';
import { elapsedMs, errorText } from '#libs/chain-view';
import { pairsOf, tableOf, type Column } from '../output.js';
import type { Act, Session } from '../session.js';
import { spanOf } from '../times.js';

/** show and metrics. */
export function addReadingCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  program
    .command('show')
    .description(say('show a chain with its tasks, or a task with its attempts'))
    .argument('<chain>', say('id of a chain'))
    .argument('[task]', say('id of a task'))
    .action(
      act(async (chain_id: string, task_id: string | undefined) => {
        if (task_id === undefined) {
          const chain = await session.client.getChain({ path: { chain_id } });
          return session.answer(chain, () => chainLines(chain));
        }
        const path = { chain_id, task_id };
        const [task, attempts] = await Promise.all([
          session.client.getTask({ path }),
          session.client.listTaskAttempts({ path }),
        ]);
        return session.answer({ ...task, attempts: attempts.items }, () => taskLines(task, attempts.items));
      }),
    );

  program
    .command('metrics')
    .description(say('figures over a window: chains, success rate, times, failures'))
    .option('--window <time>', say('minutes, hours or days up to now'), '24h')
    .option('--prometheus', say('the metrics of the server process in the text format of Prometheus'))
    .action(
      act(async ({ window, prometheus }: { window: string; prometheus?: true }) => {
        if (prometheus) {
          const text: unknown = await session.client.getProcessMetrics({ parseAs: 'text' });
          return void session.shell.stdout.write(text as string);
        }
        const metrics = await session.client.getChainMetrics({ query: { window } });
        return session.answer(metrics, () => metricLines(metrics, session));
      }),
    );
}

const TASK_COLUMNS: readonly Column<TaskDto>[] = [
  ['LEVEL', (task) => task.level + 1],
  ['TASK', (task) => task.task_id],
  ['TYPE', (task) => task.task_type],
  ['STATUS', (task) => task.status],
  ['ATTEMPT', (task) => task.attempt],
  ['PROGRESS', (task) => `${Math.round(task.progress * 100)}%`],
  ['TOOK', tookOf],
  ['NOTE', noteOf],
];

const WITH_CHILDREN: readonly Column<TaskDto>[] = [
  ...TASK_COLUMNS.slice(0, -1),
  ['CHILD', (task) => task.child_chain_id],
  ...TASK_COLUMNS.slice(-1),
];

/** The chain, task and turn that run it. */
function parentOf({ parent_chain_id, parent_task_id, parent_turn }: ChainDto): string | undefined {
  if (!parent_chain_id) return undefined; // Null, or a server of an older release.
  return [parent_chain_id, parent_task_id, parent_turn && `turn ${parent_turn}`].filter(Boolean).join(' ');
}

/** Why it waits, was skipped or failed, or what it is at. */
function noteOf({ waiting, skip_reason, error, status, progress_stage }: TaskDto): string {
  const stage = status === 'RUNNING' ? progress_stage : null;
  return waiting?.message ?? skip_reason ?? (errorText(error) || (stage ?? ''));
}

function chainLines(chain: ChainDto): string[] {
  const tasks = [...chain.tasks].sort((a, b) => a.level - b.level || a.execution_order - b.execution_order);
  return [
    ...pairsOf([
      ['chain', chain.chain_id],
      ['name', chain.chain_name],
      ['description', chain.description],
      ['type', chain.chain_type],
      ['status', chain.status],
      ['progress', `${Math.round(chain.progress)}%, ${chain.completed_tasks}/${chain.total_tasks}`],
      ['created', `${chain.created_at}${chain.created_by ? ` (${chain.created_by})` : ''}`],
      ['started', chain.started_at],
      ['ended', chain.completed_at],
      ['took', tookOf(chain)],
      ['error', errorText(chain.error)],
      ['child of', parentOf(chain)],
    ]),
    '',
    ...tableOf(tasks.some(({ child_chain_id }) => child_chain_id) ? WITH_CHILDREN : TASK_COLUMNS, tasks),
  ];
}

function taskLines(task: TaskDetailDto, attempts: readonly AttemptDto[]): string[] {
  return [
    ...pairsOf([
      ['task', task.task_id],
      ['name', task.task_name],
      ['type', task.task_type],
      ['status', task.status],
      ['waits', task.waiting?.message],
      ['skipped', task.skip_reason],
      ['depends on', task.depends_on.join(', ')],
      ['progress', `${Math.round(task.progress * 100)}%${task.progress_stage ? ` ${task.progress_stage}` : ''}`],
      ['took', tookOf(task)],
      ['error', errorText(task.error)],
      ['child', task.child_chain_id],
      ['params', JSON.stringify(task.params)],
      ['result', task.result === null ? '' : JSON.stringify(task.result)],
    ]),
    '',
    ...tableOf(
      [
        ['ATTEMPT', (attempt) => attempt.attempt],
        ['OUTCOME', (attempt) => attempt.outcome],
        ['STARTED', (attempt) => attempt.started_at],
        ['TOOK', (attempt) => tookOf({ started_at: attempt.started_at, completed_at: attempt.finished_at })],
        ['WORKER', (attempt) => attempt.worker_id],
        ['ERROR', (attempt) => errorText(attempt.error)],
      ],
      attempts,
    ),
  ];
}

function metricLines(metrics: ChainMetricsDto, { say }: Session): string[] {
  const { chain_success_rate: rate, chain_avg_execution_time: time } = metrics;
  const seconds = (value: number | null) => (value === null ? '-' : `${value.toFixed(2)} s`);
  return [
    ...pairsOf([
      ['window', spanOf(metrics.window_seconds, say)],
      ['chains', metrics.chain_total_count],
      ['running', metrics.chain_running_count],
      ...Object.entries(metrics.chain_count_by_status),
      [
        'success rate',
        rate.value === null
          ? '-'
          : `${(rate.value * 100).toFixed(2)}% (${rate.succeeded}/${rate.succeeded + rate.failed})`,
      ],
      ['mean time', seconds(time.mean_seconds)],
      ['p50', seconds(time.p50_seconds)],
      ['p95', seconds(time.p95_seconds)],
    ]),
    '',
    ...tableOf(
      [
        ['TASK TYPE', (row) => row.task_type],
        ['TASKS', (row) => row.tasks],
        ['SUCCEEDED', (row) => row.succeeded],
        ['FAILED', (row) => row.failed],
      ],
      metrics.tasks_by_type,
    ),
    '',
    ...tableOf(
      [
        ['FAILURE', (row) => row.code],
        ['TASKS', (row) => row.tasks],
        ['CHAINS', (row) => row.chains],
        ['MESSAGE', (row) => row.message],
      ],
      metrics.chain_failure_reasons,
    ),
  ];
}

function tookOf(of: { started_at: string | null; completed_at: string | null }): string | undefined {
  const ms = elapsedMs(of, Date.now());
  return ms === undefined ? undefined : `${(ms / 1000).toFixed(1)} s`;
}
