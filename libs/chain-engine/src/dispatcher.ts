import { engineQueries } from '#libs/repositories';
import { sendPrepared, type Engine } from './engine.js';
import { prepareJobs } from './jobs.js';
import { LEASES } from './store.js';

/** Tasks claimed at once, at most. */
const MAX_CLAIM = 500;
/** A worker that was not heard of for this long lends no slots, ms. */
const WORKER_SEEN_MS = 10_000;

/** Counts slots and tasks in flight anew. */
export async function refreshRoom(engine: Engine): Promise<void> {
  engine.room.refresh(await engineQueries.loadRoom(engine.db, WORKER_SEEN_MS));
  engine.room.backlog = true;
}

/** Sends READY tasks, the most urgent first, until there is no room or nothing to send. */
export async function dispatchReady(engine: Engine): Promise<number> {
  let sent = 0;
  for (;;) {
    const { types, rooms } = engine.room.places();
    if (types.length === 0) return sent;
    const limits = rooms.map((room) => Math.min(room, MAX_CLAIM));
    const claimed = await engineQueries.claimReady(engine.db, types, limits, LEASES.queuedMs);
    for (const task of claimed) engine.room.give(task.task_type, -1);
    if (claimed.length === 0) {
      engine.room.backlog = false;
      return sent;
    }
    sent += claimed.length;
    await sendPrepared(engine, await prepareJobs(engine.db, new Map(claimed.map((task) => [task.id, task.attempt]))));
  }
}

/** Tasks whose backoff is over become READY. Returns how many. */
export async function promoteDue(engine: Engine): Promise<number> {
  const due = await engineQueries.promoteDue(engine.db, MAX_CLAIM);
  if (due > 0) engine.room.backlog = true;
  return due;
}
