import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import { Databases, readWaitingTasks } from '#libs/repositories';
import { Problem } from '../../http/problem.js';
import { ApiMetrics } from '../../metrics/api-metrics.js';
import type { Creation } from './create-from.js';

/** Creations that this process works on at once: about 2 s of work. More would only wait for the database. */
const MOST_AT_ONCE = 1_000;
/** The waiting tasks of all tenants are counted at most this often, ms, and for at most a twentieth of the time. */
const COUNT_MS = 1_000;
const COUNT_SHARE = 20;

/** Refuses new chains while more tasks wait than the installation is set to hold, or more creations are at work than it keeps up with. */
@Injectable()
export class Backlog {
  private atWork = 0;
  /** Unfinished tasks of all tenants at the last count. */
  private counted: number | undefined;
  /** Tasks that this process has created since. */
  private added = 0;
  private nextCountAt = 0;
  private counting: Promise<void> | undefined;

  constructor(
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    private readonly databases: Databases,
    private readonly metrics: ApiMetrics,
  ) {}

  /** Creates a chain unless there is too much to do already: throws OVERLOADED. */
  async admit(create: () => Promise<Creation>): Promise<Creation> {
    if (this.atWork >= MOST_AT_ONCE) {
      throw this.overloaded(`The API is creating ${this.atWork} chains, and ${MOST_AT_ONCE} is the limit`, 1);
    }
    this.atWork++;
    try {
      await this.requireRoom();
      const creation = await create();
      if (!creation.replayed) this.added += creation.chain.total_tasks;
      return creation;
    } finally {
      this.atWork--;
    }
  }

  private async requireRoom(): Promise<void> {
    const { maxWaitingTasks: max } = this.config;
    if (max === 0) return;
    const isFull = (): boolean => this.counted === undefined || this.counted + this.added >= max;
    if (this.counted === undefined || performance.now() >= this.nextCountAt) {
      this.counting ??= this.count().finally(() => (this.counting = undefined));
    }
    // Below the limit a count goes on beside the creations. One that fails leaves the count of before.
    const counted = this.counting?.catch((error: unknown) => {
      if (this.counted === undefined) throw error;
    });
    if (isFull()) await counted;
    if (isFull()) throw this.overloaded(`As many tasks wait as MAX_WAITING_TASKS allows (${max})`, 10);
  }

  private async count(): Promise<void> {
    const began = performance.now();
    const { added } = this;
    try {
      this.counted = await readWaitingTasks(this.databases.reads);
      this.added -= added;
    } finally {
      const now = performance.now();
      this.nextCountAt = Math.max(began + COUNT_MS, now + COUNT_SHARE * (now - began));
    }
  }

  private overloaded(why: string, seconds: number): Problem {
    this.metrics.chainsShed.inc();
    return new Problem('OVERLOADED', `${why}: try again in ${seconds} s.`, {
      headers: { 'Retry-After': `${seconds}` },
    });
  }
}
