import { Inject, Injectable } from '@nestjs/common';
import { applyHeartbeat, applyStarts, ChainEngine, Dispatcher } from '#libs/chain-engine';
import { LOGGER, type Logger } from '#libs/platform';
import { STATUS_CHANNEL, type Note, type NoteOf, type StatusChannel } from '#libs/queues';
import { Databases, engineQueries, isTransient } from '#libs/repositories';
import { DispatchLoop } from '../dispatch/dispatch-loop.js';
import { Turns } from '../engine/turns.js';

const LEVELS = ['debug', 'info', 'warn', 'error'];
const MAX_LINE = 8_192;

/** Stores what workers say while tasks run: starts, progress, log lines and heartbeats. */
@Injectable()
export class NoteStore {
  /** By worker: its slots, as JSON. */
  private readonly slots = new Map<string, string>();

  constructor(
    private readonly databases: Databases,
    private readonly engine: ChainEngine,
    private readonly dispatcher: Dispatcher,
    private readonly dispatch: DispatchLoop,
    private readonly turns: Turns,
    @Inject(STATUS_CHANNEL) private readonly channel: StatusChannel,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Stores a batch. If it cannot be stored as a whole, a note that can never be stored is dropped alone. */
  async store(notes: readonly Note[]): Promise<void> {
    await this.storeAll(notes).catch((error: unknown) => this.storeEach(notes, error));
  }

  private async storeEach(notes: readonly Note[], cause: unknown): Promise<void> {
    if (isTransient(cause)) throw cause;
    for (const note of notes) {
      try {
        await this.storeAll([note]);
      } catch (error) {
        if (isTransient(error)) throw error;
        this.logger.error({ err: error, kind: note.kind }, 'a note could not be stored and is dropped');
      }
    }
  }

  private async storeAll(notes: readonly Note[]): Promise<void> {
    const db = this.databases.engine;
    const starts = ofKind(notes, 'started');
    if (starts.length > 0) await this.turns.take(() => applyStarts(this.engine, starts));
    const progress = newest(ofKind(notes, 'progress').map(progressRow));
    if (progress.length > 0) await engineQueries.saveProgress(db, progress);
    const lines = ofKind(notes, 'log').flatMap(logRows);
    if (lines.length > 0) await engineQueries.saveLogs(db, lines);
    const openings = ofKind(notes, 'opened').flatMap(openingRows);
    if (openings.length > 0) await engineQueries.saveOpenings(db, openings);
    for (const heartbeat of ofKind(notes, 'heartbeat')) await this.answer(heartbeat);
  }

  /** Changed slots count at once: a worker that has just started gets tasks without delay. */
  private async answer(heartbeat: NoteOf<'heartbeat'>): Promise<void> {
    for (const control of await applyHeartbeat(this.engine, heartbeat)) await this.channel.broadcast(control);
    const slots = JSON.stringify(heartbeat.slots);
    if (this.slots.get(heartbeat.workerId) === slots) return;
    this.slots.set(heartbeat.workerId, slots);
    await this.dispatcher.refreshCapacity();
    this.dispatch.wake();
  }
}

function ofKind<K extends Note['kind']>(notes: readonly Note[], kind: K): NoteOf<K>[] {
  return notes.filter((note): note is NoteOf<K> => note.kind === kind);
}

function progressRow({ taskRequestId, attempt, fraction, stage }: NoteOf<'progress'>) {
  return { task_request_id: taskRequestId, attempt, progress: fraction, stage };
}

function logRows({ taskRequestId, attempt, lines }: NoteOf<'log'>) {
  return lines.map(({ atMs, level, message }) => ({
    task_request_id: taskRequestId,
    attempt,
    at_ms: atMs,
    level: LEVELS.includes(level) ? level : 'info',
    message: message.slice(0, MAX_LINE).replaceAll(/[\0\p{Surrogate}]/gu, ''),
  }));
}

/** One row for each dataset that is concerned. */
function openingRows({ taskRequestId, party, entry }: NoteOf<'opened'>) {
  const { id, at, datasets, to, versions, figures, bits, members, counts, epsilon, chosen } = entry;
  const more = {
    ...(members && { members }),
    ...(counts && { counts }),
    ...(epsilon !== undefined && { epsilon }),
    ...(chosen && { chosen }),
  };
  const stored = { to, versions, figures, bits, ...more };
  return datasets.map((dataset) => ({
    ...{ task_request_id: taskRequestId, id, party, dataset: dataset.slice(0, 64), opened_at: at, entry: stored },
  }));
}

/** The last progress of each attempt. */
function newest<T extends { task_request_id: string; attempt: number }>(rows: readonly T[]): T[] {
  return [...new Map(rows.map((row) => [`${row.task_request_id}.${row.attempt}`, row])).values()];
}
