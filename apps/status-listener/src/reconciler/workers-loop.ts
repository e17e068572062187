import { Injectable } from '@nestjs/common';
import { Databases, engineQueries } from '#libs/repositories';
import { Loop } from '../loops/loop.js';

/** Forgets workers that have sent no heartbeat for long. */
@Injectable()
export class WorkersLoop extends Loop {
  readonly name = 'workers';
  readonly pauseMs = 30_000;

  constructor(private readonly databases: Databases) {
    super();
  }

  async round(): Promise<void> {
    await engineQueries.forgetWorkers(this.databases.engine);
  }
}
