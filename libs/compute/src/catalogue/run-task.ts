import { checkResolvedParams } from './check-params.js';
import { findRunner } from './task-runners.js';
import { TaskFailure, type TaskRun, type TaskRunResult } from '../contract/task-type.js';

/** Largest result, in bytes of JSON. Larger things are artifacts. */
export const MAX_RESULT_BYTES = 64 * 1024;
/** Deepest nesting of a result. */
export const MAX_RESULT_DEPTH = 32;

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
  const fault = faultIn(result, 1);
  if (fault) throw new TaskFailure('INVALID_RESULT', `The task's result ${fault}.`);
  const bytes = Buffer.byteLength(JSON.stringify(result));
  if (bytes > MAX_RESULT_BYTES) {
    throw new TaskFailure(
      'RESULT_TOO_LARGE',
      `The task's result is ${bytes} bytes of JSON, over the ${MAX_RESULT_BYTES} allowed; large things belong in an artifact.`,
      false,
      { bytes, limit: MAX_RESULT_BYTES },
    );
  }
}

/** What keeps a value from being stored as JSON in PostgreSQL, or undefined. */
function faultIn(value: unknown, depth: number): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'holds a number that JSON cannot hold';
  if (typeof value === 'string') return textFault(value);
  if (typeof value !== 'object') return `holds a ${typeof value}, which JSON cannot hold`;
  if (depth > MAX_RESULT_DEPTH) return `is nested deeper than ${MAX_RESULT_DEPTH}`;
  for (const [key, member] of Object.entries(value)) {
    const fault = textFault(key) ?? faultIn(member, depth + 1);
    if (fault) return fault;
  }
  return undefined;
}

function textFault(text: string): string | undefined {
  if (text.includes('\0')) return 'holds a NUL character';
  return /\p{Surrogate}/u.test(text) ? 'holds half of a surrogate pair' : undefined;
}
