import { Counter, Histogram, type Registry } from 'prom-client';
import { FAILURE_CODES, type FailureCode, isTerminal } from '#libs/chain-domain';
import type { ChainSave, EndedChain } from '#libs/repositories';

/** Metrics of the engine. No ids in labels. */
export interface EngineMetrics {
  readonly events: Counter<'kind' | 'disposition'>;
  readonly batches: Histogram;
  readonly conflicts: Counter;
  readonly repairs: Counter<'kind'>;
  readonly held: Counter<'kind'>;
  readonly clockSteps: Counter;
  readonly chainsFinished: Counter<'status'>;
  readonly chainSeconds: Histogram<'status'>;
  readonly chainTasks: Histogram;
  readonly chainFailures: Counter<'code'>;
  readonly tasksFinished: Counter<'task_type' | 'status'>;
  readonly taskSeconds: Histogram<'task_type' | 'outcome'>;
  readonly taskFailures: Counter<'code'>;
  readonly sendFailures: Counter;
  /** The label of an error's code: the code, or `other` once there are too many. */
  readonly codeLabel: (code: string) => string;
}

/** A run of milliseconds up to a day. */
const SECONDS = [0.05, 0.2, 1, 5, 15, 60, 300, 1_800, 7_200, 28_800, 86_400];
/** The code of a failure that was stored without one. */
const UNKNOWN: FailureCode = 'TASK_ERROR';
/** Why a chain is left to an operator. */
export const HELD_KINDS = ['missing-task', 'missing-dependency', 'not-stored', 'unexplained'] as const;
/** Codes with their own label. Workers send those of task types, so this bounds them. */
const MOST_CODES = 100;

export function makeEngineMetrics(registry: Registry): EngineMetrics {
  const registers = [registry];
  const metrics = {
    events: new Counter({
      name: 'taskchain_events_total',
      help: 'Events that were applied, by what was made of them',
      labelNames: ['kind', 'disposition'],
      registers,
    }),
    batches: new Histogram({
      name: 'taskchain_apply_seconds',
      help: 'Time to load, decide and store one batch of reports',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2],
      registers,
    }),
    conflicts: new Counter({
      name: 'taskchain_save_conflicts_total',
      help: 'Decisions made again because another process changed the chain in between',
      registers,
    }),
    repairs: new Counter({
      name: 'taskchain_reconciler_repairs_total',
      help: 'Repairs by the reconciler: lost workers, lost jobs, broken invariants',
      labelNames: ['kind'],
      registers,
    }),
    held: new Counter({
      name: 'taskchain_chains_held_total',
      help: 'Broken chains that the reconciler could not repair and left to an operator, by reason',
      labelNames: ['kind'],
      registers,
    }),
    clockSteps: new Counter({
      name: 'taskchain_clock_steps_total',
      help: 'Steps of the clock of PostgreSQL, from which the waits were kept',
      registers,
    }),
    chainsFinished: new Counter({
      name: 'taskchain_chains_finished_total',
      help: 'Chains that ended, by status',
      labelNames: ['status'],
      registers,
    }),
    chainSeconds: new Histogram({
      name: 'taskchain_chain_seconds',
      help: 'Time from the start of a chain to its end, by status',
      labelNames: ['status'],
      buckets: SECONDS,
      registers,
    }),
    chainTasks: new Histogram({
      name: 'taskchain_chain_tasks',
      help: 'Tasks of the chains that ended',
      buckets: [1, 2, 5, 10, 50, 100, 1_000, 10_000],
      registers,
    }),
    chainFailures: new Counter({
      name: 'taskchain_chain_failures_total',
      help: 'Chains that ended in FAILURE, by the code of their error',
      labelNames: ['code'],
      registers,
    }),
    tasksFinished: new Counter({
      name: 'taskchain_tasks_finished_total',
      help: 'Tasks that ended in the listener, by type and status',
      labelNames: ['task_type', 'status'],
      registers,
    }),
    taskSeconds: new Histogram({
      name: 'taskchain_task_seconds',
      help: 'Time of a run in a worker, by task type and outcome (SUCCESS, FAILURE)',
      labelNames: ['task_type', 'outcome'],
      buckets: SECONDS,
      registers,
    }),
    taskFailures: new Counter({
      name: 'taskchain_task_failures_total',
      help: 'Tasks that ended in FAILURE, by the code of their error',
      labelNames: ['code'],
      registers,
    }),
    sendFailures: new Counter({
      name: 'taskchain_send_failures_total',
      help: 'Bulk sends to the queue that failed; the tasks are sent again when their lease ends',
      registers,
    }),
    codeLabel: codeLabels(),
  } as const satisfies EngineMetrics;
  // Starts at 0: a series that begins with 1 shows no increase.
  for (const status of ['SUCCESS', 'FAILURE', 'CANCELLED']) metrics.chainsFinished.inc({ status }, 0);
  for (const kind of ['TaskStarted', 'TaskSucceeded', 'TaskFailed', 'TaskLost']) {
    metrics.events.inc({ kind, disposition: 'QUARANTINED' }, 0);
  }
  for (const kind of HELD_KINDS) metrics.held.inc({ kind }, 0);
  for (const kind of ['worker-lost', 'job-lost']) metrics.repairs.inc({ kind }, 0);
  return metrics;
}

function codeLabels(): EngineMetrics['codeLabel'] {
  const known = new Set<string>(FAILURE_CODES);
  return (code) => {
    if (known.size < MOST_CODES) known.add(code);
    return known.has(code) ? code : 'other';
  };
}

/** Counts what was stored: each save is stored by one process. */
export function countStored(metrics: EngineMetrics, saves: readonly ChainSave[]): void {
  for (const { loaded, changed, events, attempts, reports } of saves) {
    for (const { kind, disposition } of events) metrics.events.inc({ kind, disposition });
    for (const { taskType, status, error } of changed.values()) {
      if (!isTerminal(status)) continue;
      metrics.tasksFinished.inc({ task_type: taskType, status });
      if (status === 'FAILURE') metrics.taskFailures.inc({ code: metrics.codeLabel(error?.code ?? UNKNOWN) });
    }
    for (const { position, outcome } of attempts) {
      const elapsedMs = reports.get(position)?.elapsedMs;
      if (elapsedMs === undefined || (outcome !== 'SUCCESS' && outcome !== 'FAILURE')) continue;
      metrics.taskSeconds.observe({ task_type: loaded.state.tasks.get(position)!.taskType, outcome }, elapsedMs / 1000);
    }
  }
}

/** Counts a chain's end, whichever process made it: of all listeners the one that takes its notice. */
export function countEnded(metrics: EngineMetrics, chain: EndedChain): void {
  const { status, total_tasks: tasks, seconds, error_code: code } = chain;
  metrics.chainsFinished.inc({ status });
  if (tasks !== null) metrics.chainTasks.observe(tasks);
  if (seconds !== null) metrics.chainSeconds.observe({ status }, seconds);
  if (status === 'FAILURE') metrics.chainFailures.inc({ code: metrics.codeLabel(code ?? UNKNOWN) });
}
