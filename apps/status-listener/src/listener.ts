import {
  applyHeartbeat,
  applyReports,
  applyStarts,
  countEnded,
  Dispatcher,
  LeaseReconciler,
  MARK_MS,
  readDone,
  readNote,
  reconcileInvariants,
  reconcileTimeouts,
  resendAll,
  RestoreDetection,
} from '#libs/chain-engine';
import type { ChainEngine } from '#libs/chain-engine';
import { failpoint } from '#libs/platform';
import { queueGeneration, stopMessages } from '#libs/queues';
import type { AttemptRef, Backend, DoneReport, Note, StatusChannel } from '#libs/queues';
import { engineQueries, isTransient, sealAudit, WAKE_CHANNEL } from '#libs/repositories';
import type { ChainSave, EndedChain } from '#libs/repositories';
import type { Duties } from './duties.js';
import { Loops } from './loops.js';
import { deliverWebhooks } from './webhooks/deliver.js';

/** Reports applied in one commit, at most. A batch is what has arrived: it never waits to fill. */
const MAX_BATCH = 250;
const RECEIVE_WAIT_MS = 1_000;
const INVARIANTS_MS = 30_000;
const OUTBOX_HIDE_MS = 5_000;

/**
 * The listener's loops. Reports of finished tasks have a lane of their own, so that starts, progress and logs never keep
 * a chain from moving; so have heartbeats, since a worker that has no answer stops what it runs. Every replica runs all of them; there is no leader.
 */
export class Listener {
  private readonly loops: Loops;
  private readonly slots = new Map<string, string>();
  private readonly restores: RestoreDetection;
  private readonly dispatcher: Dispatcher;
  private readonly leases: LeaseReconciler;
  private goOn: () => void = () => undefined;
  /** Once queue and database are known to be of one time. */
  private readonly aligned = new Promise<void>((resolve) => (this.goOn = resolve));
  private generation: string | undefined;
  private stopListening: (() => Promise<void>) | undefined;
  private wakeDispatcher: () => void = () => undefined;
  private wakeSignals: () => void = () => undefined;
  private last: Promise<unknown> = Promise.resolve();
  private dispatchPauseMs = 0;

  constructor(
    private readonly engine: ChainEngine,
    private readonly channel: StatusChannel,
    private readonly backend: Backend,
    private readonly duties: Duties,
    private readonly webhooksToPrivate: boolean,
    holder: string,
  ) {
    this.restores = new RestoreDetection(engine, backend, channel, holder);
    this.dispatcher = new Dispatcher(engine);
    this.leases = new LeaseReconciler(engine);
    this.loops = new Loops(engine.log);
  }

  start(): void {
    this.stopListening = this.engine.db.listen(WAKE_CHANNEL, () => this.wake());
    this.loops.run('timeline', MARK_MS, () => this.keepTime());
    this.loops.run('reports', 0, () => this.takeReports());
    this.loops.run('notes', 0, () => this.takeNotes('notes'));
    this.loops.run('beats', 0, () => this.takeNotes('beats'));
    this.wakeDispatcher = this.loops.run(
      'dispatch',
      () => this.dispatchPauseMs,
      () => this.dispatch(),
    );
    this.wakeSignals = this.loops.run('stops', 1_000, () => this.signalStops());
    this.engine.onStored((saves) => this.onStored(saves));
    this.loops.run('room', 1_000, async () => {
      await this.dispatcher.refreshCapacity();
      this.wakeDispatcher();
    });
    this.loops.run('leases', 1_000, () => this.reconcile());
    // Of its own: without a queue nothing above comes round, and time runs out all the same.
    this.loops.run('timeouts', 1_000, () => reconcileTimeouts(this.engine));
    this.loops.run('invariants', INVARIANTS_MS, () => reconcileInvariants(this.engine));
    const { db, metrics } = this.engine;
    const onEnded = (chain: EndedChain): void => countEnded(metrics, chain);
    this.loops.run('webhooks', 1_000, () => deliverWebhooks(db, this.webhooksToPrivate, onEnded));
    this.loops.run('audit', 1_000, () => sealAudit(db));
    this.loops.run('gauges', 15_000, () => this.duties.countOpen());
    this.loops.run('retention', 60_000, () => this.duties.removeOld());
    this.loops.run('workers', 30_000, async () => void (await engineQueries.forgetWorkers(this.engine.db)));
  }

  /** Ends the batch in hand, then everything. */
  async stop(): Promise<void> {
    this.loops.stop();
    this.goOn();
    await this.channel.close();
    await this.loops.ended();
    await this.stopListening?.();
  }

  /** Milliseconds since the slowest loop last came round: what liveness looks at. */
  idleMs(): number {
    return this.loops.oldestRoundMs();
  }

  /**
   * One after the other what changes chains: were a dispatch to raise a chain's version between the load and the save
   * of its reports, the reports would have to be decided again.
   */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work, work);
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private wake(): void {
    this.engine.capacity.expectAll();
    this.wakeDispatcher();
    this.wakeSignals();
  }

  /** What the loops would find by themselves when they next look. */
  private onStored(saves: readonly ChainSave[]): void {
    if (saves.some(({ changed }) => [...changed.values()].some((task) => task.status === 'RETRYING')))
      this.wakeDispatcher();
    if (saves.some(({ outbox }) => outbox.some(({ kind }) => kind === 'STOP'))) this.wakeSignals();
  }

  private async takeReports(): Promise<void> {
    await this.aligned;
    const delivery = await this.channel.receive('done', MAX_BATCH, RECEIVE_WAIT_MS);
    if (delivery.messages.length === 0) return;
    await failpoint('listener.afterReceive');
    try {
      const reports: DoneReport[] = [];
      for (const text of delivery.messages) {
        const report = readDone(text);
        if (report.kind === 'unreadable')
          this.engine.log.error({ why: report.why }, 'an unreadable report was dropped');
        else reports.push(report);
      }
      await this.inTurn(() => applyReports(this.engine, reports));
    } catch (error) {
      await delivery.release();
      throw error;
    }
    await failpoint('listener.afterSend');
    await delivery.ack();
    await failpoint('listener.afterAck');
    if (this.engine.capacity.hasOpenings) this.wakeDispatcher();
  }

  private async takeNotes(lane: 'notes' | 'beats'): Promise<void> {
    await this.aligned;
    const delivery = await this.channel.receive(lane, MAX_BATCH, RECEIVE_WAIT_MS);
    if (delivery.messages.length === 0) return;
    try {
      const notes = delivery.messages.map(readNote).filter((note): note is Note => note !== null);
      await this.applyNotes(notes).catch((error: unknown) => this.applyEach(notes, error));
    } catch (error) {
      await delivery.release();
      throw error;
    }
    await delivery.ack();
  }

  /** Notes that could not be stored together, one by one: a poison one is dropped alone, and the heartbeats go on. */
  private async applyEach(notes: readonly Note[], cause: unknown): Promise<void> {
    if (isTransient(cause)) throw cause;
    for (const note of notes) {
      try {
        await this.applyNotes([note]);
      } catch (error) {
        if (isTransient(error)) throw error;
        this.engine.log.error({ err: error, kind: note.kind }, 'a note could not be stored and is dropped');
      }
    }
  }

  private async applyNotes(notes: readonly Note[]): Promise<void> {
    const { db } = this.engine;
    const starts = notes.filter((note) => note.kind === 'started');
    if (starts.length > 0) await this.inTurn(() => applyStarts(this.engine, starts));
    const progress = notes.flatMap((note) =>
      note.kind === 'progress'
        ? [{ task_request_id: note.taskRequestId, attempt: note.attempt, progress: note.fraction, stage: note.stage }]
        : [],
    );
    if (progress.length > 0) await engineQueries.saveProgress(db, newest(progress));
    const lines = notes.flatMap((note) =>
      note.kind === 'log'
        ? note.lines.map((line) => ({
            task_request_id: note.taskRequestId,
            attempt: note.attempt,
            at_ms: line.atMs,
            level: ['debug', 'info', 'warn', 'error'].includes(line.level) ? line.level : 'info',
            message: line.message.slice(0, 8_192).replaceAll(/[\0\p{Surrogate}]/gu, ''),
          }))
        : [],
    );
    if (lines.length > 0) await engineQueries.saveLogs(db, lines);
    for (const note of notes) {
      if (note.kind !== 'heartbeat') continue;
      for (const control of await applyHeartbeat(this.engine, note)) await this.channel.broadcast(control);
      const slots = JSON.stringify(note.slots);
      if (this.slots.get(note.workerId) === slots) continue;
      this.slots.set(note.workerId, slots);
      await this.dispatcher.refreshCapacity();
      this.wakeDispatcher();
    }
  }

  /** Best effort: what is not heard is said again in the answer to the next heartbeat. */
  private async signalStops(): Promise<void> {
    for (const row of await engineQueries.takeOutbox(this.engine.db, 'STOP', 100, OUTBOX_HIDE_MS)) {
      const { tasks } = row.payload as { tasks: AttemptRef[] };
      for (const message of stopMessages(tasks)) await this.channel.broadcast(message);
      await engineQueries.deleteOutbox(this.engine.db, [row.id]);
    }
  }

  private async dispatch(): Promise<void> {
    await this.aligned;
    await this.inTurn(async () => {
      // First what somebody waits for: a new chain is why this is mostly called.
      await this.dispatcher.dispatchReady();
      this.dispatchPauseMs = await this.dispatcher.promoteDue();
      await this.dispatcher.dispatchReady();
      await this.dispatcher.dispatchGrouped();
    });
  }

  /** Before anything is taken or sent; and while it runs, since Redis may be put back to an older state beneath it. */
  private async keepTime(): Promise<void> {
    await this.inTurn(() => this.restores.align());
    this.goOn();
    await this.restores.renewMark();
  }

  private async reconcile(): Promise<void> {
    await this.aligned;
    const generation = await queueGeneration(this.backend);
    if (this.generation !== undefined && this.generation !== generation) {
      const jobs = await resendAll(this.engine);
      this.engine.log.warn({ jobs }, 'the queue had lost its jobs; they were sent again');
    }
    this.generation = generation;
    await this.leases.reconcile((await this.channel.backlog('done')) > MAX_BATCH);
  }
}

/** The last progress of each attempt. */
function newest<T extends { task_request_id: string; attempt: number }>(rows: readonly T[]): T[] {
  return [...new Map(rows.map((row) => [`${row.task_request_id}.${row.attempt}`, row])).values()];
}
