import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '#libs/platform';
import { LANE, STATUS_CHANNEL, type Control, type StatusChannel } from '#libs/queues';
import { WORKER_SETTINGS, type WorkerSettings } from '../worker-settings.js';
import { JobRunner } from './job-runner.js';

const HEARTBEAT_MS = 2_000;
/** Without an answer to a heartbeat for this long (the lease of 15 s less 5 s) the worker stops its own work, ms. */
const FENCE_MS = 10_000;

/**
 * One heartbeat for the whole process names what it runs. The answer names what to stop; without answers the worker
 * stops its runs itself, since its tasks are being given to others. Durations are by the monotonic clock.
 */
@Injectable()
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  private seq = 0;
  private answered = performance.now();

  constructor(
    @Inject(WORKER_SETTINGS) private readonly settings: WorkerSettings,
    @Inject(STATUS_CHANNEL) private readonly channel: StatusChannel,
    private readonly runner: JobRunner,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Listens to the listeners, then sends the first heartbeat. */
  async start(): Promise<void> {
    await this.channel.subscribe((text) => this.onControl(text));
    await this.beat();
    this.timer = setInterval(() => void this.beat(), HEARTBEAT_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Milliseconds since a listener last answered. */
  unansweredMs(): number {
    return performance.now() - this.answered;
  }

  private async beat(): Promise<void> {
    const { runner, logger } = this;
    if (this.unansweredMs() > FENCE_MS && runner.running > 0) {
      logger.warn({ runs: runner.running }, 'no listener has answered for too long: stopping what runs here');
      runner.stopAll('fenced');
    }
    const { id } = this.settings;
    const { slots } = runner;
    const beat = { kind: 'heartbeat', workerId: id, seq: ++this.seq, slots, tasks: runner.held() };
    await this.channel.publish(LANE.heartbeats, beat).catch((error: unknown) => {
      logger.warn({ err: error }, 'a heartbeat could not be sent');
    });
  }

  private onControl(text: string): void {
    let control: Control;
    try {
      control = JSON.parse(text) as Control;
    } catch {
      return;
    }
    if (control.kind === 'stop') this.runner.stop(control.tasks);
    else if (control.workerId === this.settings.id) this.answered = performance.now();
  }
}
