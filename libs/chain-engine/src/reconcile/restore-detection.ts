import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { emptyQueue, queueMark, setQueueMark } from '#libs/queues';
import type { Backend, DoneReport, StatusChannel } from '#libs/queues';
import { type DutyRepository, engineQueries } from '#libs/repositories';
import { quarantineUnknown } from '../apply/quarantine-unknown.js';
import { readDone } from '../apply/reports.js';
import type { ChainEngine } from '../chain-engine.js';
import { resendAll } from '../dispatch/resend-all.js';

/** Attempts of unfinished tasks are raised by this much: more than the lost time can have used. */
const LOST_ATTEMPTS = 1_000;
const REPORTS_AT_ONCE = 250;
const RESET_MS = 60_000;

/** How often the marker rotates, ms: a restore to a younger state is not detected. */
export const MARK_MS = 10_000;

/**
 * Finds out whether the database or the queue was restored from a backup. Both hold a marker that rotates. A queue with
 * a marker that the database does not know belongs to a time that the database has lost or never had. PostgreSQL as the
 * queue is always in the same backup.
 */
export class RestoreDetection {
  constructor(
    private readonly engine: ChainEngine,
    private readonly backend: Backend,
    private readonly channel: StatusChannel,
    private readonly duties: DutyRepository,
    /** The name under which this listener holds a duty. */
    private readonly holder: string,
    /** Chains with raised attempts in one statement. */
    private readonly chainsAtOnce = 500,
  ) {}

  /**
   * Resolves once queue and database belong to the same time. Where they do not, one listener quarantines the queue's
   * reports, removes its jobs, raises attempts beyond all that may still arrive, and sends everything again.
   */
  async align(): Promise<void> {
    const { backend, duties, engine, holder } = this;
    while (backend.kind !== 'postgres') {
      const mark = await queueMark(backend);
      const known = await engineQueries.loadTimeline(engine.db);
      if (mark !== null && known.includes(mark)) return;
      if (mark === null) await this.begin(known[0]);
      else if (await duties.hold(engine.db, 'restore', holder, RESET_MS)) return this.startAnew();
      else await pause(500);
    }
  }

  /** Rotates the marker, in the database first, which then knows both. */
  async renewMark(): Promise<void> {
    const { backend, duties, engine, holder } = this;
    if (backend.kind === 'postgres') return;
    if (!(await duties.hold(engine.db, 'timeline', holder, 2 * MARK_MS))) return;
    const mark = await queueMark(backend);
    // `align` marks a queue that was emptied or restored.
    if (mark === null || !(await engineQueries.loadTimeline(engine.db)).includes(mark)) return;
    await this.rotate(mark);
  }

  /** In the database first: a listener that dies in between leaves no marker that the database does not know. */
  private async begin(known: string | undefined): Promise<void> {
    const { backend, engine } = this;
    if (known === undefined) await engineQueries.beginTimeline(engine.db, randomUUID());
    else await setQueueMark(backend, known, true);
  }

  private async rotate(before: string): Promise<void> {
    const made = randomUUID();
    await engineQueries.saveTimeline(this.engine.db, made, before);
    await setQueueMark(this.backend, made);
  }

  private async startAnew(): Promise<void> {
    const { backend, channel, chainsAtOnce, engine } = this;
    let reports = 0;
    for (;;) {
      const delivery = await channel.receive('done', REPORTS_AT_ONCE, 1);
      if (delivery.messages.length === 0) break;
      const read = delivery.messages
        .map(readDone)
        .filter((report): report is DoneReport => report.kind !== 'unreadable');
      await quarantineUnknown(engine, read);
      await delivery.ack();
      reports += read.length;
    }
    for (let last: number | null = 0; last !== null;) {
      last = await engineQueries.raiseAttempts(engine.db, last, chainsAtOnce, LOST_ATTEMPTS);
    }
    engine.cache.clear();
    await emptyQueue(backend);
    await this.rotate(randomUUID());
    const jobs = await resendAll(engine);
    engine.log.warn(
      { reports, jobs },
      'the queue and the database are of different times: the queue was emptied and filled anew',
    );
  }
}
