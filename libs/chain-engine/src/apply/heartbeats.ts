import { stopMessages, type Control, type NoteOf } from '#libs/queues';
import { engineQueries } from '#libs/repositories';
import type { ChainEngine } from '../chain-engine.js';
import { LEASES } from './decide-work.js';

/** Renews the leases of what a worker says it runs, and answers which of it no longer counts and is to be stopped. */
export async function applyHeartbeat(engine: ChainEngine, beat: NoteOf<'heartbeat'>): Promise<Control[]> {
  await engineQueries.saveWorker(engine.db, beat.workerId, beat.slots, beat.tasks.length);
  const renewed =
    beat.tasks.length === 0
      ? []
      : await engineQueries.renewLeases(
          engine.db,
          beat.tasks.map((task) => task.taskRequestId),
          beat.tasks.map((task) => task.attempt),
          LEASES.runningMs,
          beat.tasks.map((task) => task.runId ?? null),
        );
  const counts = new Set(renewed.map((row) => `${row.task_request_id}.${row.attempt}`));
  const stop = beat.tasks.filter((task) => !counts.has(`${task.taskRequestId}.${task.attempt}`));
  return [{ kind: 'heartbeat_answer', workerId: beat.workerId, seq: beat.seq }, ...stopMessages(stop)];
}
