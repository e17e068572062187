import { randomUUID } from 'node:crypto';
import { emptyQueue, queueMark, setQueueMark } from '#libs/queues';
import type { Backend, DoneReport, StatusChannel } from '#libs/queues';
import { engineQueries } from '#libs/repositories';
import type { Engine } from '../chain-engine.js';
import { resendAll } from './leases.js';
import { readDone } from '../apply/reports.js';

/** By so much the attempts of unfinished tasks are raised: more than there were in the time that was lost. */
const LOST_ATTEMPTS = 1_000;
const CHAINS_AT_ONCE = 500;
const REPORTS_AT_ONCE = 250;
const RESET_MS = 60_000;

/** What tells whether database and queue are of one time. */
export interface TimelineParts {
  readonly engine: Engine;
  readonly backend: Backend;
  readonly channel: StatusChannel;
  /** Who holds a duty. */
  readonly holder: string;
}

/**
 * Both bear a mark that is changed every few seconds. A queue with a mark that the database does not know is of a time that
 * the database has lost, or never had: the one or the other was restored. Its reports are quarantined, its jobs are thrown
 * away, and attempts go on beyond all that may still come. Resolves once the two are of one time. PostgreSQL as the
 * queue is always of its own time.
 */
export async function alignQueue(parts: TimelineParts): Promise<void> {
  const { engine, backend, holder } = parts;
  while (backend.kind !== 'postgres') {
    const borne = await queueMark(backend);
    const known = await engineQueries.loadTimeline(engine.db);
    if (borne !== null && known.includes(borne)) return;
    if (borne === null) await begin(parts, known[0]);
    else if (await engineQueries.holdDuty(engine.db, 'restore', holder, RESET_MS)) return startAnew(parts);
    else await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Changes the mark; the database first, which then knows both. */
export async function renewMark({ engine, backend, holder }: TimelineParts): Promise<void> {
  if (backend.kind === 'postgres') return;
  if (!(await engineQueries.holdDuty(engine.db, 'timeline', holder, 2 * MARK_MS))) return;
  const borne = await queueMark(backend);
  // A queue that was emptied, or is of another time, is not ours to mark.
  if (borne === null || !(await engineQueries.loadTimeline(engine.db)).includes(borne)) return;
  await mark(engine, backend, borne);
}

/** How often the mark is changed, ms: what is restored to less than that ago is not told from what is not. */
export const MARK_MS = 10_000;

/** A report of a chain or task that is not there: of a time that was lost. Kept where it can be seen, without what it brings. */
export async function quarantineUnknown(engine: Engine, reports: readonly DoneReport[]): Promise<void> {
  if (reports.length === 0) return;
  for (const { kind } of reports) engine.metrics.events.inc({ kind: EVENT[kind], disposition: 'QUARANTINED' });
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

const EVENT = { succeeded: 'TaskSucceeded', failed: 'TaskFailed', released: 'TaskLost' } as const;

async function begin({ engine, backend }: TimelineParts, known: string | undefined): Promise<void> {
  const made = known ?? randomUUID();
  await setQueueMark(backend, made, true);
  if (known === undefined) await engineQueries.beginTimeline(engine.db, (await queueMark(backend)) ?? made);
}

async function mark(engine: Engine, backend: Backend, before: string): Promise<void> {
  const made = randomUUID();
  await engineQueries.saveTimeline(engine.db, made, before);
  await setQueueMark(backend, made);
}

async function startAnew({ engine, backend, channel }: TimelineParts): Promise<void> {
  let reports = 0;
  for (;;) {
    const delivery = await channel.receive('done', REPORTS_AT_ONCE, 1);
    if (delivery.messages.length === 0) break;
    const read = delivery.messages.map(readDone).filter((report): report is DoneReport => report.kind !== 'unreadable');
    await quarantineUnknown(engine, read);
    await delivery.ack();
    reports += read.length;
  }
  for (let last: number | null = 0; last !== null;) {
    last = await engineQueries.raiseAttempts(engine.db, last, CHAINS_AT_ONCE, LOST_ATTEMPTS);
  }
  engine.cache.clear();
  await emptyQueue(backend);
  await mark(engine, backend, randomUUID());
  const jobs = await resendAll(engine);
  engine.log.warn({ reports, jobs }, 'the queue is of another time than the database: it was emptied and filled anew');
}
