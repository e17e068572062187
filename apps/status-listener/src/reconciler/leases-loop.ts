import { Inject, Injectable } from '@nestjs/common';
import { ChainEngine, LeaseReconciler, resendAll } from '#libs/chain-engine';
import { LOGGER, type Logger } from '#libs/platform';
import { BACKEND, queueGeneration, STATUS_CHANNEL, type Backend, type StatusChannel } from '#libs/queues';
import { Alignment } from '../engine/alignment.js';
import { Loop } from '../loops/loop.js';
import { MAX_BATCH } from '../reports/batches.js';

/** Finds lost jobs and lost workers: by leases that expired, and by a queue that has lost everything. */
@Injectable()
export class LeasesLoop extends Loop {
  readonly name = 'leases';
  readonly pauseMs = 1_000;
  override readonly restsWhenIdle = true;
  private generation: string | undefined;

  constructor(
    private readonly engine: ChainEngine,
    private readonly leases: LeaseReconciler,
    private readonly alignment: Alignment,
    @Inject(BACKEND) private readonly backend: Backend,
    @Inject(STATUS_CHANNEL) private readonly channel: StatusChannel,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
  }

  async round(): Promise<void> {
    await this.alignment.reached;
    const generation = await queueGeneration(this.backend);
    if (this.generation !== undefined && this.generation !== generation) {
      const jobs = await resendAll(this.engine);
      this.logger.warn({ jobs }, 'the queue had lost its jobs; they were sent again');
    }
    this.generation = generation;
    await this.leases.reconcile((await this.channel.backlog('done')) > MAX_BATCH);
  }
}
