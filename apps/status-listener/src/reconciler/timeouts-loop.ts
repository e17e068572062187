import { Injectable } from '@nestjs/common';
import { ChainEngine, reconcileTimeouts } from '#libs/chain-engine';
import { Loop } from '../loops/loop.js';

/** Ends what is beyond its timeout. A separate loop: timeouts must fire even while the queue is down. */
@Injectable()
export class TimeoutsLoop extends Loop {
  readonly name = 'timeouts';
  readonly pauseMs = 1_000;
  override readonly restsWhenIdle = true;

  constructor(private readonly engine: ChainEngine) {
    super();
  }

  async round(): Promise<void> {
    await reconcileTimeouts(this.engine);
  }
}
