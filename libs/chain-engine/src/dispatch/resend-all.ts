import { engineQueries } from '#libs/repositories';
import type { ChainEngine } from '../chain-engine.js';

/** Tasks sent again at once. */
const BATCH = 500;

/** The queue has lost everything: sends every QUEUED task again with its present attempt. Returns how many. */
export async function resendAll(engine: ChainEngine): Promise<number> {
  let sent = 0;
  for (let after = 0; ;) {
    const rows = await engineQueries.queuedTasks(engine.db, after, BATCH);
    if (rows.length === 0) return sent;
    after = rows.at(-1)!.id;
    sent += rows.length;
    await engine.sendTasks(new Map(rows.map((row) => [row.id, row.attempt])));
  }
}
