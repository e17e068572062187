/**
 * A worker process: apps/compute-worker/src/runs in short, a heartbeat and one loop per slot. A job is finished only when its
 * report is stored in the channel.
 */
import { jobId, type Control, type TaskJob } from '#libs/queues';
import { Process } from './process.js';
import type { Carriers } from './transport.js';

/** Without an answer to a heartbeat for this long a worker stops its own work, ms. */
const FENCE_MS = 10_000;

interface Run {
  readonly job: TaskJob;
  readonly runId: string;
  stopped: boolean;
}

interface Surroundings extends Carriers {
  /** The faults have ceased: every run succeeds. */
  readonly quiet: boolean;
  /** A number that no run had before. */
  nextRun(): number;
}

export class ModelWorker {
  readonly process: Process;
  private readonly runs = new Map<string, Run>();
  private answeredAt: number;
  private beats = 0;

  constructor(
    readonly id: string,
    private readonly slots: number,
    private readonly world: Surroundings,
    failed: (error: unknown) => void,
  ) {
    this.answeredAt = world.clock.now;
    const loops = new Map<string, () => Promise<unknown>>([['beat', async () => this.beat()]]);
    for (let slot = 0; slot < slots; slot++) loops.set(`slot${slot}`, () => this.work());
    this.process = new Process(loops, failed);
  }

  /** A message of a listener. */
  hear(control: Control): void {
    if (control.kind === 'heartbeat_answer') {
      if (control.workerId === this.id) this.answeredAt = this.world.clock.now;
      return;
    }
    for (const task of control.tasks) {
      const run = this.runs.get(jobId(task));
      if (run !== undefined && (task.runId === undefined || task.runId === run.runId)) run.stopped = true;
    }
  }

  private beat(): void {
    const { channel, clock } = this.world;
    const runs = [...this.runs.values()];
    if (clock.now - this.answeredAt > FENCE_MS) for (const run of runs) run.stopped = true;
    const tasks = runs.map(({ job: { taskRequestId, attempt }, runId }) => ({ taskRequestId, attempt, runId }));
    const slots = { fast: this.slots, slow: this.slots };
    channel.publish('beats', { kind: 'heartbeat', workerId: this.id, seq: ++this.beats, slots, tasks }, clock.now);
  }

  private async work(): Promise<void> {
    const { world, process } = this;
    const job = world.queue.take(this.id);
    if (job === null) return;
    const id = jobId(job);
    if (!this.runs.has(id)) {
      const run: Run = { job, runId: `${id}#${world.nextRun()}`, stopped: false };
      this.runs.set(id, run);
      const report = await this.run(run);
      if (report !== null) {
        await process.gate('publish a report', () => world.channel.publish('done', report, world.clock.now));
      }
      this.runs.delete(id);
    }
    await process.gate('finish a job', () => world.queue.finish(id));
  }

  private async run(run: Run): Promise<object | null> {
    const { world } = this;
    const { chainId, taskId, taskRequestId, attempt, timeoutMs } = run.job;
    const began = world.clock.now;
    const report = (kind: string, more: object = {}): object => {
      const ids = { chainId, taskId, taskRequestId, attempt, runId: run.runId, workerId: this.id };
      return { kind, ...ids, elapsedMs: world.clock.now - began, ...more };
    };
    const failed = (code: string, retryable: boolean): object =>
      report('failed', { error: { code, message: 'it failed' }, retryable });
    let started = false;
    for (;;) {
      const n = await this.process.gate('run', (chance) => chance);
      if (run.stopped) return null;
      if (timeoutMs !== null && world.clock.now - began > timeoutMs) return failed('TIMEOUT_RUN', true);
      if (!started && n % 4 < 2) {
        started = true;
        world.channel.publish('notes', report('started'), world.clock.now);
        continue;
      }
      const end = world.quiet ? 0 : (n >> 2) % 32;
      if (end < 16) return report('succeeded', { result: run.runId, artifacts: [] });
      if (end < 21) return failed('TASK_ERROR', true);
      if (end === 21) return failed('BROKEN', false);
      if (end === 22) return report('released');
      if (end === 23) return failed('APPROVAL_REQUIRED', false);
    }
  }
}
