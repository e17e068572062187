import { Injectable } from '@nestjs/common';
import { MARK_MS, RestoreDetection } from '#libs/chain-engine';
import { Alignment } from '../engine/alignment.js';
import { Turns } from '../engine/turns.js';
import { Loop } from '../loops/loop.js';

/**
 * Aligns queue and database: before anything is taken or sent, and while the listener runs, since Redis may be restored
 * to an older state at any time.
 */
@Injectable()
export class RestoreLoop extends Loop {
  readonly name = 'restore';
  readonly pauseMs = MARK_MS;

  constructor(
    private readonly restores: RestoreDetection,
    private readonly alignment: Alignment,
    private readonly turns: Turns,
  ) {
    super();
  }

  async round(): Promise<void> {
    await this.turns.take(() => this.restores.align());
    this.alignment.reach();
    await this.restores.renewMark();
  }
}
