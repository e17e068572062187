import type { CapacityRow } from '#libs/repositories';
import type { Bug } from './bugs.js';
import type { ModelDatabase } from './database.js';
import type { Job, ModelChannel, ModelQueue } from './transport.js';

/** What the step machines of all processes reach: the models and the clock, which they share. */
export interface Surroundings {
  readonly bugs: ReadonlySet<Bug>;
  readonly clock: { readonly now: number };
  readonly database: ModelDatabase;
  readonly queue: ModelQueue;
  readonly channel: ModelChannel;
  /** The faults have ceased: every run succeeds. */
  readonly quiet: boolean;
  /** Puts jobs into the queue. */
  send(jobs: readonly Job[]): void;
  /** Rows of `load-capacity`. */
  capacity(): CapacityRow[];
  /** Answers a worker's heartbeat: these of its runs are to stop. */
  answer(workerId: string, stop: readonly string[]): void;
  /** Tells all workers to stop these jobs. */
  stopRuns(ids: readonly string[]): void;
  /** A number that no run had before. */
  nextRun(): number;
}
