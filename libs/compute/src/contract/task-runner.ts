import type { ParamFault, TaskParams, TaskRun, TaskRunResult } from './task-type.js';

/** Whether a value holds a reference that is not resolved yet: such a value is no fault. */
export type IsOpen = (value: unknown) => boolean;

/** Something that a runner needs, or can use, and whether this machine has it. */
export interface Finding {
  readonly what: string;
  /** Its version, or where it is; null where it is missing. */
  readonly found: string | null;
  /** What to install or set if it is missing. */
  readonly mend: string;
}

/**
 * Runs tasks; a task names its runner in `task_params.engine`. A new one is an entry in `catalogue/task-runners.ts` and passes the
 * suite in `catalogue/conformance-for-tests.ts`.
 */
export interface TaskRunner {
  readonly name: string;
  /** Which variable sets it up, where this deployment has not: it checks parameters, and runs nothing. */
  readonly unset?: string;
  /** Which variable sets up what a type needs beside, where this deployment has not. */
  lacks?(type: string): string | undefined;
  /** Why this deployment does not run such a task, though its parameters have no fault. */
  refuses?(type: string, params: Partial<TaskParams>): ParamFault[];
  /**
   * One sentence on what leaves each party when this runner runs the type with such a `task_config`, of which the protocol counts; without one,
   * by the default protocol. Undefined if it does not run the type.
   */
  leaves(type: string, config?: unknown): string | undefined;
  /** Members of its results that say where outputs lie which no task here reads. */
  readonly elsewhere?: readonly string[];
  /** The protocols of a type that leave different things, as `task_config.protocol` names them; none where there is one alone. */
  protocols(type: string): readonly string[];
  /** Every fault of the parameters, at once, with pointers relative to `task_params`. Never throws, whatever they hold. */
  check(type: string, params: Partial<TaskParams>, isOpen: IsOpen): ParamFault[];
  /**
   * Runs one attempt, of parameters without faults. Reports progress that only grows. Throws TaskFailure; when `run.signal` is
   * aborted it throws the signal's reason within 2 s. Either way no process, port or temporary file is left. The same
   * inputs give the same artifacts again.
   */
  run(type: string, run: TaskRun): Promise<TaskRunResult>;
  /** Ends what earlier runs left elsewhere, and nobody needs any more. A worker calls it now and then. Never throws. */
  tend?(): Promise<void>;
  /** Checks its needs on this machine; all must be found for it to run. Never throws. */
  needs(): Promise<readonly Finding[]>;
}
