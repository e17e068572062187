/**
 * A worker process: apps/compute-worker/src/runs as step machines, a heartbeat and one per slot. A job is
 * finished only when its report is stored in the channel.
 */
import type { Machine } from './machine.js';
import type { Job, RunReport } from './transport.js';
import type { Surroundings } from './surroundings.js';

/** Without an answer to a heartbeat for this long a worker stops its own work, ms. */
const FENCE_MS = 10_000;

interface Run {
  readonly job: Job;
  readonly runId: string;
  stopped: boolean;
}

export class ModelWorker {
  readonly runs = new Map<string, Run>();
  answeredAt: number;
  private readonly world: Surroundings;

  constructor(
    readonly id: string,
    world: Surroundings,
  ) {
    this.world = world;
    this.answeredAt = world.clock.now;
  }

  machines(slots: number): Map<string, Machine> {
    const machines = new Map([['beat', this.beat()]]);
    for (let slot = 0; slot < slots; slot++) machines.set(`slot${slot}`, this.slot());
    return machines;
  }

  stopRuns(ids: readonly string[]): void {
    for (const id of ids) {
      const run = this.runs.get(id);
      if (run !== undefined) run.stopped = true;
    }
  }

  private *beat(): Machine {
    for (;;) {
      yield 'send a heartbeat';
      if (this.world.clock.now - this.answeredAt > FENCE_MS) this.stopRuns([...this.runs.keys()]);
      const tasks = [...this.runs.values()].map(({ job, runId }) => ({ ...job, runId }));
      this.world.channel.publish('beats', { kind: 'heartbeat', workerId: this.id, tasks }, this.world.clock.now);
    }
  }

  private *slot(): Machine {
    const { world } = this;
    for (;;) {
      yield 'take a job';
      const job = world.queue.take(this.id);
      if (job === null) continue;
      if (!this.runs.has(job.id)) {
        const run: Run = { job, runId: `${job.id}#${world.nextRun()}`, stopped: false };
        this.runs.set(job.id, run);
        const report = yield* this.run(run);
        if (report !== null) {
          yield `publish ${report.kind} of ${job.id}`;
          world.channel.publish('done', report, world.clock.now);
        }
        this.runs.delete(job.id);
      }
      yield `finish job ${job.id}`;
      world.queue.finish(job.id);
    }
  }

  private *run(run: Run): Machine<RunReport | null> {
    const { world } = this;
    const { job, runId } = run;
    const { chainId, position, attempt } = job;
    const began = world.clock.now;
    const report = (kind: RunReport['kind'], more: Partial<RunReport> = {}): RunReport => ({
      kind,
      chainId,
      position,
      attempt,
      runId,
      workerId: this.id,
      elapsedMs: world.clock.now - began,
      ...more,
    });
    let started = false;
    for (;;) {
      const n = yield `run ${job.id}`;
      if (run.stopped) return null;
      if (job.timeoutMs !== null && world.clock.now - began > job.timeoutMs) {
        return report('failed', { code: 'TIMEOUT_RUN', retryable: true, random: 0.5 });
      }
      if (!started && n % 4 < 2) {
        started = true;
        world.channel.publish('notes', report('started'), world.clock.now);
        continue;
      }
      const end = world.quiet ? 0 : (n >> 2) % 32;
      if (end < 16) return report('succeeded');
      if (end < 21) return report('failed', { code: 'TASK_ERROR', retryable: true, random: (n % 100) / 100 });
      if (end === 21) return report('failed', { code: 'BROKEN', retryable: false, random: 0 });
      if (end === 22) return report('released');
      if (end === 23) return report('failed', { code: 'APPROVAL_REQUIRED', retryable: false, random: 0 });
    }
  }
}
