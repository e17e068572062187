import { Injectable } from '@nestjs/common';
import { InvariantReconciler } from '#libs/chain-engine';
import { Loop } from '../loops/loop.js';

/** Repairs chains that break an invariant. */
@Injectable()
export class InvariantsLoop extends Loop {
  readonly name = 'invariants';
  readonly pauseMs = 30_000;

  constructor(private readonly invariants: InvariantReconciler) {
    super();
  }

  async round(): Promise<void> {
    await this.invariants.reconcile();
  }
}
