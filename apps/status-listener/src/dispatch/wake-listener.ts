import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { ChainEngine } from '#libs/chain-engine';
import { Databases, SIGNAL_WORD, WAKE_CHANNEL } from '#libs/repositories';
import { ChildrenLoop } from './children-loop.js';
import { DispatchLoop } from './dispatch-loop.js';
import { SignalsLoop } from './signals-loop.js';
import { StopsLoop } from './stops-loop.js';

/** Wakes the loops of this module when the API or another listener says that there is work for them. */
@Injectable()
export class WakeListener implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private stop: (() => Promise<void>) | undefined;

  constructor(
    private readonly databases: Databases,
    private readonly engine: ChainEngine,
    private readonly dispatch: DispatchLoop,
    private readonly stops: StopsLoop,
    private readonly children: ChildrenLoop,
    private readonly signals: SignalsLoop,
  ) {}

  onApplicationBootstrap(): void {
    this.stop = this.databases.engine.listen(WAKE_CHANNEL, (word) => {
      if (word === SIGNAL_WORD) return this.signals.wake();
      this.engine.capacity.expectAll();
      this.dispatch.wake();
      this.stops.wake();
      this.children.wake();
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }
}
