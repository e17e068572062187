import { Inject, Injectable } from '@nestjs/common';
import { readNote } from '#libs/chain-engine';
import { LANE, STATUS_CHANNEL, type Lane, type Note, type StatusChannel } from '#libs/queues';
import { Alignment } from '../engine/alignment.js';
import { Loop } from '../loops/loop.js';
import { MAX_BATCH, RECEIVE_WAIT_MS } from './batches.js';
import { NoteStore } from './note-store.js';

/** Stores starts, progress and log lines. */
@Injectable()
export class NotesLoop extends Loop {
  readonly name: string = 'notes';
  readonly pauseMs = 0;
  protected readonly lane: Lane = LANE.progress;

  constructor(
    private readonly alignment: Alignment,
    private readonly notes: NoteStore,
    @Inject(STATUS_CHANNEL) private readonly channel: StatusChannel,
  ) {
    super();
  }

  async round(): Promise<void> {
    await this.alignment.reached;
    const delivery = await this.channel.receive(this.lane, MAX_BATCH, RECEIVE_WAIT_MS);
    if (delivery.messages.length === 0) return;
    try {
      await this.notes.store(delivery.messages.map(readNote).filter((note): note is Note => note !== null));
    } catch (error) {
      await delivery.release();
      throw error;
    }
    await delivery.ack();
  }
}
