import { Injectable } from '@nestjs/common';
import { Dispatcher } from '#libs/chain-engine';
import { Loop } from '../loops/loop.js';
import { DispatchLoop } from './dispatch-loop.js';

/** Reloads the workers' free slots, and wakes the dispatcher. */
@Injectable()
export class CapacityLoop extends Loop {
  readonly name = 'capacity';
  readonly pauseMs = 1_000;

  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly dispatch: DispatchLoop,
  ) {
    super();
  }

  async round(): Promise<void> {
    await this.dispatcher.refreshCapacity();
    this.dispatch.wake();
  }
}
