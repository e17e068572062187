import { Counter, Histogram, type Registry } from 'prom-client';

/** What the engine counts. No ids in labels. */
export interface EngineMetrics {
  readonly events: Counter<'kind' | 'disposition'>;
  readonly batches: Histogram;
  readonly conflicts: Counter;
  readonly repairs: Counter<'kind'>;
  readonly chainsFinished: Counter<'status'>;
  readonly tasksFinished: Counter<'task_type' | 'status'>;
  readonly sendFailures: Counter;
}

export function makeEngineMetrics(registry: Registry): EngineMetrics {
  const registers = [registry];
  return {
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
    chainsFinished: new Counter({
      name: 'taskchain_chains_finished_total',
      help: 'Chains that ended in the listener, by status',
      labelNames: ['status'],
      registers,
    }),
    tasksFinished: new Counter({
      name: 'taskchain_tasks_finished_total',
      help: 'Tasks that ended in the listener, by type and status',
      labelNames: ['task_type', 'status'],
      registers,
    }),
    sendFailures: new Counter({
      name: 'taskchain_send_failures_total',
      help: 'Bulk sends to the queue that failed; the tasks are sent again when their lease ends',
      registers,
    }),
  };
}
