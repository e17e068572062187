/** The engines that run tasks. They know no queue, no database and no HTTP: a run is a function of a `TaskRun`. */
export { checkTaskParams } from './catalogue/check-params.js';
export { faultsOfTypes } from './catalogue/check-types.js';
export type { Engine, Finding } from './contract/task-runner.js';
export { engines } from './catalogue/task-runners.js';
export { placesOf } from './contract/error-places.js';
export { MAX_RESULT_BYTES, MAX_RESULT_DEPTH, runTask } from './catalogue/run-task.js';
export { takesSecret } from './catalogue/secret-params.js';
export { findTaskType, taskTypes } from './catalogue/task-types.js';
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
