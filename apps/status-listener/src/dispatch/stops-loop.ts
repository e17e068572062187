import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ChainEngine } from '#libs/chain-engine';
import { STATUS_CHANNEL, stopMessages, type AttemptRef, type StatusChannel } from '#libs/queues';
import { Databases, engineQueries } from '#libs/repositories';
import { Loop } from '../loops/loop.js';

const BATCH = 100;
/** Another listener takes over a row that this one did not delete within this time, ms. */
const HIDE_MS = 5_000;

/** Signals workers to stop runs. Best effort: the answer to a worker's next heartbeat repeats what it has missed. */
@Injectable()
export class StopsLoop extends Loop implements OnModuleInit {
  readonly name = 'stops';
  readonly pauseMs = 1_000;
  override readonly restsWhenIdle = true;

  constructor(
    private readonly databases: Databases,
    private readonly engine: ChainEngine,
    @Inject(STATUS_CHANNEL) private readonly channel: StatusChannel,
  ) {
    super();
  }

  onModuleInit(): void {
    this.engine.onStored((saves) => {
      if (saves.some(({ outbox }) => outbox.some(({ kind }) => kind === 'STOP'))) this.wake();
    });
  }

  async round(): Promise<void> {
    const db = this.databases.engine;
    for (const row of await engineQueries.takeOutbox(db, 'STOP', BATCH, HIDE_MS)) {
      const { tasks } = row.payload as { tasks: AttemptRef[] };
      for (const message of stopMessages(tasks)) await this.channel.broadcast(message);
      await engineQueries.deleteOutbox(db, [row.id]);
    }
  }
}
