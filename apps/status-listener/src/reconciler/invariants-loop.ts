import { Injectable } from '@nestjs/common';
import { ChainEngine, reconcileInvariants } from '#libs/chain-engine';
import { Loop } from '../loops/loop.js';

/** Repairs open chains that break an invariant. */
@Injectable()
export class InvariantsLoop extends Loop {
  readonly name = 'invariants';
  readonly pauseMs = 30_000;

  constructor(private readonly engine: ChainEngine) {
    super();
  }

  async round(): Promise<void> {
    await reconcileInvariants(this.engine);
  }
}
