import { OnWorkerEvent, WorkerHost } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { QueueFaults, taskJobOf, type BackendWorker, type QueuedJob } from '#libs/queues';
import { JobRunner } from '../runs/job-runner.js';

/** The processor of one task type's queue. */
@Injectable()
export abstract class TaskProcessor extends WorkerHost<BackendWorker> {
  constructor(
    private readonly runner: JobRunner,
    private readonly faults: QueueFaults,
  ) {
    super();
  }

  /** The name of its queue. */
  get queue(): string {
    return this.worker.name;
  }

  process(job: QueuedJob): Promise<void> {
    return this.runner.process(taskJobOf(job));
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.faults.take(error);
  }

  /** Takes jobs from now on, `slots` at once. */
  start(slots: number): void {
    this.worker.concurrency = slots;
    this.worker.run().catch((error: Error) => this.onError(error));
  }

  /** Takes no more jobs; resolves when those it has are done. */
  async drain(): Promise<void> {
    await this.worker.close();
  }
}
