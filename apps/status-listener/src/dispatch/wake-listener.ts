import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { ChainEngine } from '#libs/chain-engine';
import { Databases, WAKE_CHANNEL } from '#libs/repositories';
import { ChildrenLoop } from './children-loop.js';
import { DispatchLoop } from './dispatch-loop.js';
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
  ) {}

  onApplicationBootstrap(): void {
    this.stop = this.databases.engine.listen(WAKE_CHANNEL, () => {
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
