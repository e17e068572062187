import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { PROCESSORS, type Processors } from './processors/processors.module.js';
import { Heartbeat } from './runs/heartbeat.js';
import { Intake } from './runs/intake.js';
import { JobRunner } from './runs/job-runner.js';
import { WORKER_SETTINGS, type WorkerSettings } from './worker-settings.js';

/** How often engines look what nobody needs any more, ms. */
const TEND_MS = 60_000;

/**
 * Starts and drains the worker. It takes jobs once it listens to the listeners and its engines are checked. When it is
 * asked to stop it drains before BullMQ closes its workers: that waits for their jobs without a limit.
 */
@Injectable()
export class WorkerService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private tending: NodeJS.Timeout | undefined;

  constructor(
    @Inject(WORKER_SETTINGS) private readonly settings: WorkerSettings,
    @Inject(PROCESSORS) private readonly processors: Processors,
    private readonly heartbeat: Heartbeat,
    private readonly runner: JobRunner,
    private readonly intake: Intake,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.heartbeat.start();
    const { runners } = this.settings;
    this.tending = setInterval(() => runners.forEach((runner) => void runner.tend?.()), TEND_MS);
    for (const [type, processor] of this.processors) processor.start(this.settings.slots[type]!);
  }

  /** Takes no more jobs, lets runs end for `drainMs`, then hands the rest back. */
  async beforeApplicationShutdown(): Promise<void> {
    const { drainMs } = this.settings;
    clearInterval(this.tending);
    this.intake.stop();
    this.runner.giveUpReportsAfter(drainMs);
    const drained = Promise.all([
      ...[...this.processors.values()].map((processor) => processor.drain()),
      this.runner.drainApart(),
    ]);
    const deadline = setTimeout(() => this.runner.stopAll('shutdown'), drainMs);
    await drained;
    clearTimeout(deadline);
    this.heartbeat.stop();
  }
}
