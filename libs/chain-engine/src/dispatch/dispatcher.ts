import { failpoint } from '#libs/platform';
import { engineQueries } from '#libs/repositories';
import { LEASES } from '../apply/decide-work.js';
import type { ChainEngine } from '../chain-engine.js';

/** The most tasks that one claim takes. */
const MAX_CLAIM = 500;
/** The longest pause between two polls for due RETRYING tasks, ms: another listener may have stored one that is due sooner. */
const LOOK_AGAIN_MS = 2_000;
/** The pause after a promotion, ms: more tasks may be due, or the chain of a due one was locked or paused. */
const PROMOTE_AGAIN_MS = 200;
/** A worker without a heartbeat for this long offers no slots, ms. */
const WORKER_SEEN_MS = 10_000;

/** Sends READY tasks while workers have free slots, and promotes RETRYING tasks whose backoff is over. */
export class Dispatcher {
  constructor(private readonly engine: ChainEngine) {}

  /** Reloads free slots and tasks in flight. */
  async refreshCapacity(): Promise<void> {
    const { capacity, db } = this.engine;
    capacity.refresh(await engineQueries.loadCapacity(db, WORKER_SEEN_MS));
  }

  /** Sends READY tasks, the most urgent first, until no slot is free or nothing is left to send. Returns how many. */
  async dispatchReady(): Promise<number> {
    const { capacity, cache, db } = this.engine;
    let sent = 0;
    for (;;) {
      const { types, places } = capacity.openings(MAX_CLAIM);
      if (types.length === 0) return sent;
      const claimed = await engineQueries.claimReady(db, types, places, LEASES.queuedMs);
      types.forEach((type, i) => {
        const tasks = claimed.filter((task) => task.task_type === type);
        capacity.claimed(type, tasks.length, places[i]!, tasks[0]?.tenants ?? []);
      });
      sent += claimed.length;
      for (const task of claimed) cache.forget(task.chain_id);
      if (claimed.length > 0) await this.sendClaimed(claimed);
    }
  }

  /**
   * Sends READY tasks of concurrency groups, as many as their groups have places for. One listener at a time gives out
   * places; while another one does, this one looks again at its next turn.
   */
  async dispatchGrouped(): Promise<void> {
    const { capacity, cache, db } = this.engine;
    if (!capacity.groupsMayWait) return;
    capacity.groupsMayWait = await engineQueries.groupedWaits(db);
    const { types, places } = capacity.places(MAX_CLAIM);
    if (!capacity.groupsMayWait || types.length === 0) return;
    const claimed = await db.transaction((tx) => engineQueries.claimGrouped(tx, types, places, LEASES.queuedMs));
    if (claimed === undefined || claimed.length === 0) return;
    for (const task of claimed) {
      capacity.sent(task.task_type, 1);
      cache.forget(task.chain_id);
    }
    await this.sendClaimed(claimed);
  }

  /** Makes RETRYING tasks READY whose backoff is over. Returns the longest pause until the next look, ms. */
  async promoteDue(): Promise<number> {
    const { capacity, db } = this.engine;
    const untilDue = await engineQueries.nextDue(db);
    if (untilDue === null) return LOOK_AGAIN_MS;
    if (untilDue > 0) return Math.min(untilDue, LOOK_AGAIN_MS);
    if ((await engineQueries.promoteDue(db, MAX_CLAIM)) > 0) capacity.expectAll();
    return PROMOTE_AGAIN_MS;
  }

  private async sendClaimed(claimed: readonly { readonly id: number; readonly attempt: number }[]): Promise<void> {
    await failpoint('dispatch.afterClaim');
    await this.engine.sendTasks(new Map(claimed.map((task) => [task.id, task.attempt])));
    await failpoint('dispatch.afterSend');
  }
}
