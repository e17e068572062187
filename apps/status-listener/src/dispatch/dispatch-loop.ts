import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Task } from '#libs/chain-domain';
import { ChainEngine, Dispatcher } from '#libs/chain-engine';
import { Alignment } from '../engine/alignment.js';
import { Turns } from '../engine/turns.js';
import { Loop } from '../loops/loop.js';

/** Sends READY tasks to the queues, and promotes RETRYING tasks whose backoff is over. */
@Injectable()
export class DispatchLoop extends Loop implements OnModuleInit {
  readonly name = 'dispatch';
  pauseMs = 0;
  override readonly restsWhenIdle = true;

  constructor(
    private readonly engine: ChainEngine,
    private readonly dispatcher: Dispatcher,
    private readonly alignment: Alignment,
    private readonly turns: Turns,
  ) {
    super();
  }

  /** A stored RETRYING task may be due before the next look; one that waits for its child is never due. */
  onModuleInit(): void {
    const waits = ({ status, nextAttemptAt }: Task): boolean => status === 'RETRYING' && nextAttemptAt !== null;
    this.engine.onStored((saves) => {
      if (saves.some(({ changed }) => [...changed.values()].some(waits))) this.wake();
    });
  }

  async round(): Promise<void> {
    await this.alignment.reached;
    await this.turns.take(async () => {
      // READY tasks go first: a new chain is what mostly wakes the loop.
      await this.dispatcher.dispatchReady();
      this.pauseMs = await this.dispatcher.promoteDue();
      await this.dispatcher.dispatchReady();
      await this.dispatcher.dispatchGrouped();
    });
  }
}
