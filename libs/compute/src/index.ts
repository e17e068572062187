/** The engines that run tasks. They know no queue, no database and no HTTP: a run is a function of a `TaskRun`. */
export { checkTaskParams } from './check-params.js';
export { faultsOfTypes } from './check-types.js';
export type { Engine, Finding } from './contract/task-runner.js';
export { engines } from './engine/engines.js';
export { placesOf } from './contract/error-places.js';
export { MAX_RESULT_BYTES, MAX_RESULT_DEPTH, runTask } from './run-task.js';
export { findTaskType, taskTypes } from './task-types.js';
export { TaskFailure } from './contract/task-type.js';
export type {
  Artifact,
  Json,
  JsonObject,
  JsonSchema,
  ParamFault,
  RunTask,
  TaskParams,
  TaskRun,
  TaskRunResult,
  TaskType,
} from './contract/task-type.js';
