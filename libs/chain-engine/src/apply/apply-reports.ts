import type { DoneReport, NoteOf } from '#libs/queues';
import { isTransient } from '#libs/repositories';
import type { ChainEngine } from '../chain-engine.js';
import { doneEvent, startEvent } from './report-events.js';
import { invalid } from './reports.js';
import { quarantineUnknown } from './quarantine-unknown.js';
import { tracedApply } from '../traces.js';
import { taskWork } from './decide-work.js';

/**
 * Applies what the workers reported, one commit for all of it. A batch that cannot be stored is halved until the
 * poison report is alone; that one fails its own task (`INVALID_RESULT`) and none of its neighbours. Throws only
 * what another try may mend: the caller lets the messages come again.
 */
export async function applyReports(engine: ChainEngine, reports: readonly DoneReport[]): Promise<void> {
  const end = engine.metrics.batches.startTimer();
  try {
    await tracedApply(reports, async () => {
      const saves = await engine.applyAndSend(taskWork(reports, doneEvent));
      const known = new Map(saves.map(({ loaded }) => [loaded.chainId, loaded.positions]));
      const unknown = reports.filter(({ chainId, taskRequestId }) => known.get(chainId)?.has(taskRequestId) !== true);
      await quarantineUnknown(engine, unknown);
    });
  } catch (error) {
    if (isTransient(error)) throw error;
    if (reports.length > 1) {
      const half = reports.length >> 1;
      await applyReports(engine, reports.slice(0, half));
      await applyReports(engine, reports.slice(half));
      return;
    }
    await applyPoison(engine, reports[0]!, error);
  } finally {
    end();
  }
}

/** The starts of longer tasks: on another lane than the ends. */
export async function applyStarts(engine: ChainEngine, starts: readonly NoteOf<'started'>[]): Promise<void> {
  await engine.applyAndSend(taskWork(starts, startEvent));
}

async function applyPoison(engine: ChainEngine, report: DoneReport, cause: unknown): Promise<void> {
  const of = { chain_id: report.chainId, task_id: report.taskId, attempt: report.attempt };
  engine.log.error({ err: cause, ...of }, 'a report could not be stored; its task fails');
  const substitute = invalid(
    report,
    'INVALID_RESULT',
    'what the task reported could not be stored: look at its result',
  );
  try {
    await engine.applyAndSend(taskWork([substitute], doneEvent));
  } catch (error) {
    if (isTransient(error)) throw error;
    engine.log.error({ err: error, ...of }, 'not even the failure could be stored; the report is dropped');
  }
}
