import { Injectable } from '@nestjs/common';
import { ChainEngine, followChildren } from '#libs/chain-engine';
import { Loop } from '../loops/loop.js';

/** Brings chains and their children together where the process that saved did not. */
@Injectable()
export class ChildrenLoop extends Loop {
  readonly name = 'children';
  readonly pauseMs = 1_000;
  override readonly restsWhenIdle = true;

  constructor(private readonly engine: ChainEngine) {
    super();
  }

  async round(): Promise<void> {
    await followChildren(this.engine);
  }
}
