import { Injectable } from '@nestjs/common';
import { ClockKeeper } from '#libs/chain-engine';
import { Loop } from '../loops/loop.js';

/** Counts the time by which waits go. */
@Injectable()
export class ClockLoop extends Loop {
  readonly name = 'clock';
  readonly pauseMs = 1_000;

  constructor(private readonly clock: ClockKeeper) {
    super();
  }

  async round(): Promise<void> {
    await this.clock.count();
  }
}
