import { Inject, Injectable } from '@nestjs/common';
import { Dispatcher } from '#libs/chain-engine';
import { Idleness } from '../loops/idleness.js';
import { IDLE_MS, Loop } from '../loops/loop.js';
import { DispatchLoop } from './dispatch-loop.js';

/** Between two rounds while something is open, ms. */
const BUSY_MS = 1_000;

/** Reloads the workers' free slots, and wakes the dispatcher where there may be work for them. */
@Injectable()
export class CapacityLoop extends Loop {
  readonly name = 'capacity';
  pauseMs = BUSY_MS;

  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly dispatch: DispatchLoop,
    @Inject(Idleness) private readonly idle: Pick<Idleness, 'isIdle'>,
  ) {
    super();
  }

  async round(): Promise<void> {
    await this.dispatcher.refreshCapacity();
    const isIdle = await this.idle.isIdle();
    this.pauseMs = isIdle ? IDLE_MS : BUSY_MS;
    if (!isIdle) this.dispatch.wake();
  }
}
