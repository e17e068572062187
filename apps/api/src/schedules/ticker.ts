import { randomUUID } from 'node:crypto';
import { setImmediate as letOthers } from 'node:timers/promises';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { failpoint, LOGGER, type Logger } from '#libs/platform';
import { Databases, ScheduleRepository, type TickClaim, type TickPlan } from '#libs/repositories';
import { planTicks } from './plan-ticks.js';
import { TickMaker } from './tick-maker.js';

/** From the end of a round that found nothing to do to the next, ms. */
const PAUSE_MS = 1_000;
/** Schedules that one round plans, and ticks that it claims. */
const PLANS = 100;
const CLAIMS = 32;
/** Chains made at once: the rest of the API needs connections as well. */
const AT_ONCE = 4;

/**
 * Looks for schedules that are due, in every API: first their ticks are stored and the schedules moved on, then the chains of waiting
 * ticks are made. Both are small steps that any process does and no two do at once.
 */
@Injectable()
export class Ticker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly holder = randomUUID();
  private stopped = false;
  private woken = false;
  private endPause: () => void = () => undefined;
  private ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly databases: Databases,
    private readonly schedules: ScheduleRepository,
    private readonly maker: TickMaker,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.ended = this.repeat();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.endPause();
    await this.ended;
  }

  /** Looks at once. */
  wake(): void {
    this.woken = true;
    this.endPause();
  }

  private async repeat(): Promise<void> {
    while (!this.stopped) {
      this.woken = false;
      const isBusy = await this.round().catch((error: unknown) => {
        if (!this.stopped) this.logger.error({ err: error }, 'the schedules could not be looked at');
        return false;
      });
      if (!isBusy && !this.woken && !this.stopped) await this.pause();
    }
  }

  /** Whether there may be more to do. */
  private async round(): Promise<boolean> {
    const { engine } = this.databases;
    const due = await this.schedules.due(engine, PLANS);
    const plans: TickPlan[] = [];
    for (const schedule of due) {
      plans.push(planTicks(schedule));
      // A due time of cron takes a quarter of a millisecond.
      await letOthers();
    }
    if (plans.length > 0) {
      await this.schedules.plan(engine, plans);
      await failpoint('ticks.afterPlan');
    }
    const claims = await this.schedules.claim(engine, this.holder, CLAIMS);
    if (claims.length > 0) await failpoint('ticks.afterClaim');
    await this.makeAll(claims);
    return plans.length > 0 || claims.length > 0;
  }

  private async makeAll(claims: TickClaim[]): Promise<void> {
    const left = [...claims];
    const work = async (): Promise<void> => {
      for (let claim = left.shift(); claim !== undefined; claim = left.shift()) {
        await this.maker.make(claim, this.holder).catch((error: unknown) => {
          this.logger.error({ err: error, schedule: claim!.schedule_id }, 'a tick is left to another try');
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  private async pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, PAUSE_MS);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
