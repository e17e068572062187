import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ChainEngine, deliverSignals } from '#libs/chain-engine';
import { Alignment } from '../engine/alignment.js';
import { Loop } from '../loops/loop.js';
import { DispatchLoop } from './dispatch-loop.js';

/** Gives signals to the tasks that wait for them. */
@Injectable()
export class SignalsLoop extends Loop implements OnModuleInit {
  readonly name = 'signals';
  readonly pauseMs = 1_000;
  override readonly restsWhenIdle = true;

  constructor(
    private readonly engine: ChainEngine,
    private readonly alignment: Alignment,
    private readonly dispatch: DispatchLoop,
  ) {
    super();
  }

  /** A signal may have come before its task waited. */
  onModuleInit(): void {
    this.engine.onStored((saves) => {
      if (saves.some(({ changed }) => [...changed.values()].some(({ hold }) => hold === 'SIGNAL'))) this.wake();
    });
  }

  async round(): Promise<void> {
    await this.alignment.reached;
    if ((await deliverSignals(this.engine)) === 0) return;
    // There may be more, and what waited for these tasks may be ready.
    this.wake();
    this.engine.capacity.expectAll();
    this.dispatch.wake();
  }
}
