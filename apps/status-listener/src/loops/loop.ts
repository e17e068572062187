import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { LOGGER, type Logger } from '#libs/platform';
import { Idleness } from './idleness.js';
import { Loops } from './loops.js';

/** The longest pause after a failed round, ms. */
const MAX_FAULT_PAUSE_MS = 2_000;

/** While the system is idle, loops look this often, ms. */
export const IDLE_MS = 2_000;
const TICK_MS = 1_000;
/** Pauses of a second and more are rounded to end on whole seconds of the process, longer ones on even seconds, so that it wakes once for all of its loops. */
export function rounded(now: number, pauseMs: number): number {
  if (pauseMs < TICK_MS) return pauseMs;
  const grid = pauseMs < IDLE_MS ? TICK_MS : IDLE_MS;
  return Math.round((now + pauseMs) / grid) * grid - now;
}

/**
 * A provider that repeats a round while the app runs. A failed round is logged, and the next one comes after a growing
 * pause. On shutdown no new round begins, and the round in hand ends before any connection closes. The module of a
 * loop imports LoopsModule.
 */
@Injectable()
export abstract class Loop implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  /** Names the loop in logs. */
  abstract readonly name: string;
  /** Milliseconds from the end of a round to the next, half a second more or less from 1 s on, a second from 2 s on; read after each round. */
  abstract readonly pauseMs: number;
  /** Whether a round finds nothing while the system is idle, and may be left out then. */
  readonly restsWhenIdle: boolean = false;
  lastRound = 0;
  @Inject(LOGGER) private readonly log: Logger;
  @Inject(Loops) private readonly loops: Loops;
  @Inject(Idleness) private readonly idleness: Idleness;
  private stopped = false;
  private woken = false;
  private endPause: () => void = () => undefined;
  private ended: Promise<void> = Promise.resolve();

  /** Does the work once. */
  abstract round(): Promise<unknown>;

  onApplicationBootstrap(): void {
    this.lastRound = performance.now();
    this.loops.add(this);
    this.ended = this.repeat();
  }

  onModuleDestroy(): void {
    this.stopped = true;
    this.endPause();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.ended;
  }

  /** Ends the present pause, or skips the one after the present round. */
  wake(): void {
    this.woken = true;
    this.endPause();
  }

  private async repeat(): Promise<void> {
    let faults = 0;
    let isDue = true;
    while (!this.stopped) {
      this.woken = false;
      let rested = false;
      try {
        rested = !isDue && (await this.idleness.isIdle());
        if (!rested) await this.round();
        faults = 0;
      } catch (error) {
        if (this.stopped) return;
        faults++;
        this.log.error({ err: error, loop: this.name, faults }, 'a loop of the listener failed and continues');
      }
      this.lastRound = performance.now();
      const pauseMs = rounded(this.lastRound, rested ? IDLE_MS : this.pauseMs);
      await this.pause(faults > 0 ? Math.min(50 * 2 ** faults, MAX_FAULT_PAUSE_MS) : this.woken ? 0 : pauseMs);
      isDue = !this.restsWhenIdle || this.woken || faults > 0;
    }
  }

  private async pause(ms: number): Promise<void> {
    if (ms <= 0 || this.stopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
