import { Inject, Injectable } from '@nestjs/common';
import { runHealthChecks, type HealthCheck } from '#libs/platform';
import { BACKEND, pingBackend, type Backend } from '#libs/queues';
import { Heartbeat } from './runs/heartbeat.js';
import { Intake } from './runs/intake.js';
import { WorkerService } from './worker.service.js';

/** A worker to which no listener has answered for this long is not ready, ms. */
const UNANSWERED_MS = 15_000;

/** Whether the worker is ready, and whether it is alive. */
@Injectable()
export class WorkerHealth {
  readonly ready: readonly HealthCheck[] = [
    { name: 'queue', check: () => pingBackend(this.backend) },
    { name: 'listener', check: async () => this.checkListener() },
  ];
  readonly live: readonly HealthCheck[] = [{ name: 'intake', check: () => this.checkIntake() }];

  constructor(
    @Inject(BACKEND) private readonly backend: Backend,
    private readonly heartbeat: Heartbeat,
    private readonly intake: Intake,
    private readonly worker: WorkerService,
  ) {}

  private checkListener(): void {
    const silent = this.heartbeat.unansweredMs();
    if (silent > UNANSWERED_MS) throw new Error(`no status listener has answered for ${Math.round(silent / 1000)} s`);
  }

  /** Fails when jobs wait beside free slots and none is taken. While the queue is away a new process would take none either. */
  private async checkIntake(): Promise<void> {
    const { status } = await runHealthChecks([{ name: 'queue', check: () => pingBackend(this.backend) }], 500);
    if (status !== 'ok') return;
    const stuck = this.worker.stopping ? [] : await this.intake.stuck();
    if (stuck.length > 0) throw new Error(`jobs wait, slots are free, and none is taken: ${stuck.join(', ')}`);
  }
}
