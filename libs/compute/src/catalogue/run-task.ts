import { resolvesTo } from '#libs/consent';
import { type FailureCode, resultFault } from '#libs/chain-domain';
import { checkResolvedParams } from './check-params.js';
import { diskFull, requireDiskRoom } from '../contract/disk-full.js';
import { findRunner, taskRunners } from './task-runners.js';
import { heldUntilRead } from '../party/held-files.js';
import type { TaskRunner } from '../contract/task-runner.js';
import { TaskFailure, type TaskConsent, type TaskRun, type TaskRunResult } from '../contract/task-type.js';

/**
 * Runs one attempt of a task on that of the `runners` which it names. `run.params` holds no references any more. Throws TaskFailure (INVALID_PARAMS,
 * PROTOCOL_UNSUPPORTED, DISK_FULL, RESULT_TOO_LARGE, INVALID_RESULT, or the type's own), or the signal's reason when it was aborted.
 */
export async function runTask(
  type: string,
  run: TaskRun,
  runners: readonly TaskRunner[] = taskRunners,
): Promise<TaskRunResult> {
  const faults = checkResolvedParams(type, run.params, run.site?.endpoint !== undefined);
  if (faults.length > 0) {
    const listed = faults.map(({ pointer, message }) => `${pointer || '/'} ${message}`).join('; ');
    const code = faults.every((fault) => fault.code) ? faults[0]!.code! : ('INVALID_PARAMS' satisfies FailureCode);
    throw new TaskFailure(code, `task_params: ${listed}.`, false, {
      faults: faults.map(({ pointer, message }) => ({ pointer, message })),
    });
  }
  if (run.consent) requireConsentOfThisRun(type, run, run.consent);
  run.signal.throwIfAborted();
  await requireDiskRoom([run.artifactRoot, run.dataRoot]);
  const runner = findRunner(type, run.params.engine, runners)!;
  const work = (each: TaskRun): Promise<TaskRunResult> => runner.run(type, each);
  const outcome = await (run.site ? heldUntilRead(run, work, checkResult) : work(run)).catch((error: unknown) => {
    throw diskFull(error) ?? error;
  });
  checkResult(outcome.result);
  return outcome;
}

/** The owners decide on the task as it was written: what runs has to be that task. */
function requireConsentOfThisRun(type: string, run: TaskRun, { task, params }: TaskConsent): void {
  const isThis = task.task_type === type && task.chain_id === run.chainId && task.task_id === run.taskId;
  if (isThis && resolvesTo(task.params, params)) return;
  throw new TaskFailure('POLICY_REFUSED', 'The job asks consent for another task than the one that it runs.');
}

function checkResult(result: unknown): void {
  const fault = resultFault(result);
  if (fault) throw new TaskFailure(fault.code, fault.message, false, fault.details);
}
