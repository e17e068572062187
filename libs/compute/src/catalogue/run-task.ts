import { resultFault } from '#libs/chain-domain';
import { checkResolvedParams } from './check-params.js';
import { findRunner } from './task-runners.js';
import { TaskFailure, type TaskRun, type TaskRunResult } from '../contract/task-type.js';

/**
 * Runs one attempt of a task on the engine that it names. `run.params` holds no references any more. Throws TaskFailure (INVALID_PARAMS,
 * PROTOCOL_UNSUPPORTED, RESULT_TOO_LARGE, INVALID_RESULT, or the type's own), or the signal's reason when it was aborted.
 */
export async function runTask(type: string, run: TaskRun): Promise<TaskRunResult> {
  const faults = checkResolvedParams(type, run.params);
  if (faults.length > 0) {
    const listed = faults.map(({ pointer, message }) => `${pointer || '/'} ${message}`).join('; ');
    const code = faults.every((fault) => fault.code) ? faults[0]!.code! : 'INVALID_PARAMS';
    throw new TaskFailure(code, `task_params: ${listed}.`, false, {
      faults: faults.map(({ pointer, message }) => ({ pointer, message })),
    });
  }
  run.signal.throwIfAborted();
  const outcome = await findRunner(type, run.params.engine)!.run(type, run);
  checkResult(outcome.result);
  return outcome;
}

function checkResult(result: unknown): void {
  const fault = resultFault(result);
  if (fault) throw new TaskFailure(fault.code, fault.message, false, fault.details);
}
