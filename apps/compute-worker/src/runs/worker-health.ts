import { Inject, Injectable } from '@nestjs/common';
import { requireDiskRoom } from '#libs/compute';
import { allPass, type HealthCheck, type HealthChecks } from '#libs/platform';
import { BACKEND, pingBackend, type Backend } from '#libs/queues';
import { EngineFindings } from '../engine-findings.js';
import { WORKER_SETTINGS, type WorkerSettings } from '../worker-settings.js';
import { Heartbeat } from './heartbeat.js';
import { Intake } from './intake.js';

/** A worker to which no listener has answered for this long is not ready, ms. */
const UNANSWERED_MS = 15_000;
/** The longest time for the queue to answer to the liveness check, ms. */
const QUEUE_MS = 500;

/** Checks whether the worker is ready, and whether it is alive. */
@Injectable()
export class WorkerHealth implements HealthChecks {
  private readonly queue: HealthCheck = { name: 'queue', check: () => pingBackend(this.backend) };
  readonly ready: readonly HealthCheck[] = [
    this.queue,
    { name: 'listener', check: async () => this.checkListener() },
    { name: 'disk', check: () => requireDiskRoom([this.settings.artifactRoot, this.settings.dataRoot]) },
    { name: 'engines', check: () => this.engines.requireAll() },
  ];
  readonly live: readonly HealthCheck[] = [{ name: 'intake', check: () => this.checkIntake() }];

  constructor(
    @Inject(BACKEND) private readonly backend: Backend,
    @Inject(WORKER_SETTINGS) private readonly settings: WorkerSettings,
    private readonly heartbeat: Heartbeat,
    private readonly intake: Intake,
    private readonly engines: EngineFindings,
  ) {}

  private checkListener(): void {
    const silent = this.heartbeat.unansweredMs();
    if (silent > UNANSWERED_MS) throw new Error(`no status listener has answered for ${Math.round(silent / 1000)} s`);
  }

  /** Fails when jobs wait beside free slots and none is taken. While the queue is away, a new process would take none either. */
  private async checkIntake(): Promise<void> {
    if (!(await allPass([this.queue], QUEUE_MS))) return;
    const stuck = await this.intake.stuck();
    if (stuck.length > 0) throw new Error(`jobs wait, slots are free, and none is taken: ${stuck.join(', ')}`);
  }
}
