import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { JobRunner } from './job-runner.js';

/** What Prometheus reads of this worker. */
@Injectable()
export class WorkerMetrics {
  constructor(registry: Registry, runner: JobRunner) {
    new Gauge({
      name: 'taskchain_worker_running_tasks',
      help: 'Tasks that this worker runs now',
      registers: [registry],
      collect() {
        this.set(runner.running);
      },
    });
  }
}
