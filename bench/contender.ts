import type { Services } from '../test/faults/services.js';
import type { Workload } from './workloads.js';

/** One run of a workload. */
export interface Measured {
  /** From before the first submission to the end of the last task, seen by the client. */
  readonly ms: number;
  /** More figures of this run, by name. */
  readonly more?: Readonly<Record<string, number>>;
}

/** A started contender. */
export interface Session {
  /** What runs, with its version. */
  readonly version: string;
  run(workload: Workload): Promise<Measured>;
  /** Processes whose CPU time is reported separately, by name. */
  readonly parts?: Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** Something that runs the workloads: our system, or a peer. */
export interface Contender {
  readonly name: string;
  readonly title: string;
  /** What outlives a crash. */
  readonly durable: string;
  supports(workload: Workload): boolean;
  /** Brings what it needs onto this machine; false, or why that can't be. */
  missing(): Promise<string | false>;
  start(services: Services): Promise<Session>;
}
