import { Inject, Injectable } from '@nestjs/common';
import { allPass, type HealthCheck, type HealthChecks } from '#libs/platform';
import { requireRoom } from '#libs/postgres';
import { BACKEND, pingBackend, type Backend } from '#libs/queues';
import { Databases } from '#libs/repositories';
import { Loops } from '../loops/loops.js';
import { SchemaCheck } from './schema-check.js';

/** A listener with a loop that has not finished a round for this long is not ready, ms. */
const STUCK_MS = 30_000;
/** If everything that the loops need answers, a listener with a loop stuck for this long is to be restarted, ms. */
const DEAD_MS = 60_000;
/** The longest time for what the loops need to answer to the liveness check, ms. */
const NEEDS_MS = 500;

/** Checks whether the listener is ready, and whether it is alive. */
@Injectable()
export class ListenerHealth implements HealthChecks {
  private readonly needs: readonly HealthCheck[] = [
    { name: 'database', check: () => this.checkDatabase() },
    { name: 'queue', check: () => pingBackend(this.backend) },
  ];
  readonly ready: readonly HealthCheck[] = [
    ...this.needs,
    { name: 'loops', check: async () => this.checkLoops(STUCK_MS) },
  ];
  readonly live: readonly HealthCheck[] = [{ name: 'loops', check: () => this.checkAlive() }];

  constructor(
    private readonly schema: SchemaCheck,
    private readonly loops: Loops,
    private readonly databases: Databases,
    @Inject(BACKEND) private readonly backend: Backend,
  ) {}

  private async checkDatabase(): Promise<void> {
    await this.schema.check();
    await requireRoom((text) => this.databases.engine.query({ name: 'room', text }));
  }

  private checkLoops(mostMs: number): void {
    const idle = this.loops.oldestRoundMs();
    if (idle > mostMs) throw new Error(`a loop has not finished a round for ${Math.round(idle / 1000)} s`);
  }

  /** While the database or the queue is away, a new process would be stuck as well. */
  private async checkAlive(): Promise<void> {
    if (this.loops.oldestRoundMs() <= DEAD_MS) return;
    if (await allPass(this.needs, NEEDS_MS)) this.checkLoops(DEAD_MS);
  }
}
