import type { ConfigOf, Unresolved } from './config-type.js';
import type { JsonSchema, ParamFault, RunTask, TaskType } from './task-type.js';

/** A task type that a worker runs. */
export interface NativeTaskType extends TaskType {
  readonly runsOn: 'worker';
  /**
   * Finds what a schema cannot say. Called with a `task_config` that fits the schema, in which any string may still be a reference.
   * Pointers are relative to `task_config`.
   */
  readonly check?: (config: Record<string, unknown>) => ParamFault[];
  /** The only engine that runs the type; absent where native does. */
  readonly onlyOn?: 'secretflow';
  /** Imports the code that runs the type, so that the API can list types without it. */
  readonly load: () => Promise<RunTask>;
}

/** A task type with the config that its schema describes. */
interface TaskDefinition<Type extends string, Schema extends JsonSchema> extends Omit<TaskType, 'runsOn'> {
  readonly type: Type;
  readonly configSchema: Schema;
  readonly onlyOn?: 'secretflow';
  readonly check?: (config: Unresolved<ConfigOf<Schema>>) => ParamFault[];
  readonly load: () => Promise<RunTask<ConfigOf<Schema>>>;
}

/**
 * Declares a task type of the worker. The schema is the only declaration of its config: `check` and the run get the type that it describes,
 * since both are called with values that have passed it.
 */
export function defineTask<const Type extends string, const Schema extends JsonSchema>(
  task: TaskDefinition<Type, Schema>,
): NativeTaskType & { readonly type: Type } {
  return { ...task, runsOn: 'worker' } as NativeTaskType & { readonly type: Type };
}
