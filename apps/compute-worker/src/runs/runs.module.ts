import { Module } from '@nestjs/common';
import { APP_CONFIG } from '#libs/platform';
import { TaskQueues } from '#libs/queues';
import { EngineFindings } from '../engine-findings.js';
import { SitesModule } from '../nodes/sites.module.js';
import { SecretsModule } from '../secrets/secrets.module.js';
import { WORKER_SETTINGS, workerSettings, type WorkerSettings } from '../worker-settings.js';
import { Heartbeat } from './heartbeat.js';
import { Intake } from './intake.js';
import { JobRunner } from './job-runner.js';
import { WorkerHealth } from './worker-health.js';
import { WorkerMetrics } from './worker-metrics.js';

/** Runs jobs, keeps their leases by heartbeats, and reports how that goes. */
@Module({
  imports: [SecretsModule, SitesModule],
  providers: [
    { provide: WORKER_SETTINGS, inject: [APP_CONFIG], useFactory: workerSettings },
    {
      provide: Intake,
      inject: [WORKER_SETTINGS, TaskQueues],
      useFactory: ({ slots }: WorkerSettings, queues: TaskQueues) => new Intake(slots, queues),
    },
    EngineFindings,
    JobRunner,
    Heartbeat,
    WorkerHealth,
    WorkerMetrics,
  ],
  exports: [WORKER_SETTINGS, EngineFindings, Intake, JobRunner, Heartbeat, WorkerHealth],
})
export class RunsModule {}
