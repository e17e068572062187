import { failpoint } from '#libs/platform';
import { engineQueries } from '#libs/repositories';
import { sendPrepared, type Engine } from '../chain-engine.js';
import { prepareJobs } from './prepare-jobs.js';
import { LEASES } from '../apply/apply-work.js';

/** Tasks claimed at once, at most. */
const MAX_CLAIM = 500;
/** For how long nobody looks for RETRYING tasks while none is due, ms: another listener may have stored one that comes sooner. */
const LOOK_AGAIN_MS = 2_000;
/** … and while tasks are due: more of them, or of a chain that is locked or paused. */
const PROMOTE_AGAIN_MS = 200;
/** A worker that was not heard of for this long lends no slots, ms. */
const WORKER_SEEN_MS = 10_000;

/** Counts slots and tasks in flight anew. */
export async function refreshRoom(engine: Engine): Promise<void> {
  engine.room.refresh(await engineQueries.loadRoom(engine.db, WORKER_SEEN_MS));
}

/** Sends READY tasks, the most urgent first, until there is no room or nothing to send. */
export async function dispatchReady(engine: Engine): Promise<number> {
  let sent = 0;
  for (;;) {
    const { types, places } = engine.room.openings(MAX_CLAIM);
    if (types.length === 0) return sent;
    const claimed = await engineQueries.claimReady(engine.db, types, places, LEASES.queuedMs);
    types.forEach((type, i) => {
      const tasks = claimed.filter((task) => task.task_type === type);
      engine.room.claimed(type, tasks.length, places[i]!, tasks[0]?.tenants ?? []);
    });
    sent += claimed.length;
    for (const task of claimed) engine.cache.forget(task.chain_id);
    if (claimed.length > 0) {
      await failpoint('dispatch.afterClaim');
      await sendPrepared(engine, await prepareJobs(engine.db, new Map(claimed.map((task) => [task.id, task.attempt]))));
      await failpoint('dispatch.afterSend');
    }
  }
}

/**
 * Sends READY tasks of concurrency groups, as many as have places. One listener at a time gives places; where another one is at
 * it, this one looks again at its next turn.
 */
export async function dispatchGrouped(engine: Engine): Promise<void> {
  const { room, db } = engine;
  if (!room.groupsMayWait) return;
  room.groupsMayWait = await engineQueries.groupedWaits(db);
  const { types, places } = room.places(MAX_CLAIM);
  if (!room.groupsMayWait || types.length === 0) return;
  const claimed = await db.transaction((tx) => engineQueries.claimGrouped(tx, types, places, LEASES.queuedMs));
  if (claimed === undefined || claimed.length === 0) return;
  for (const task of claimed) {
    room.sent(task.task_type, 1);
    engine.cache.forget(task.chain_id);
  }
  await failpoint('dispatch.afterClaim');
  await sendPrepared(engine, await prepareJobs(db, new Map(claimed.map((task) => [task.id, task.attempt]))));
  await failpoint('dispatch.afterSend');
}

/** Tasks whose backoff is over become READY -> in how many ms it is to be looked again, where nothing else calls for it. */
export async function promoteDue(engine: Engine): Promise<number> {
  const untilDue = await engineQueries.nextDue(engine.db);
  if (untilDue === null) return LOOK_AGAIN_MS;
  if (untilDue > 0) return Math.min(untilDue, LOOK_AGAIN_MS);
  if ((await engineQueries.promoteDue(engine.db, MAX_CLAIM)) > 0) engine.room.expectAll();
  return PROMOTE_AGAIN_MS;
}
