import type { DoneReport } from '#libs/queues';
import { engineQueries } from '#libs/repositories';
import type { ChainEngine } from '../chain-engine.js';
import { EVENT_OF } from './report-events.js';

/**
 * Keeps reports of chains or tasks that the database does not have, without their results: the database was restored to
 * an older state. Operators find them in the events.
 */
export async function quarantineUnknown(engine: ChainEngine, reports: readonly DoneReport[]): Promise<void> {
  if (reports.length === 0) return;
  for (const { kind } of reports) engine.metrics.events.inc({ kind: EVENT_OF[kind], disposition: 'QUARANTINED' });
  const rows = reports.map(({ chainId, taskId, taskRequestId, attempt, runId, workerId, kind }) => ({
    chain_id: chainId,
    task_id: typeof taskId === 'string' ? taskId : null,
    data: { task_request_id: taskRequestId, attempt, run_id: runId, worker_id: workerId, kind },
  }));
  await engineQueries.saveUnknownReports(engine.db, rows);
  const { chain_id, task_id } = rows[0]!;
  const message = 'reports of what this database does not know were quarantined: was it restored?';
  engine.log.error({ reports: reports.length, chain_id, task_id }, message);
}
