import { rm } from 'node:fs/promises';
import { partiesOf } from '#libs/consent';
import { DealerDone } from '../contract/site.js';
import { TaskFailure, type TaskRun, type TaskRunResult } from '../contract/task-type.js';
import { publish } from './output-files.js';
import type { WrittenFile } from './party-link.js';

/**
 * Runs a task at a site, and gives its files their names only once the result is made and found right: it is made of what other sites say that
 * they came to. Throws TaskFailure PROTOCOL_VIOLATION where none can be made of that; no file is left then.
 */
export async function heldUntilRead(
  run: TaskRun,
  work: (run: TaskRun) => Promise<TaskRunResult>,
  check: (result: unknown) => void,
): Promise<TaskRunResult> {
  const held: WrittenFile[] = [];
  let isTold = false;
  const hold = (files: readonly WrittenFile[]): void => {
    isTold = true;
    held.push(...files);
  };
  try {
    const outcome = await work({ ...run, hold });
    check(outcome.result);
    await publish(held);
    return outcome;
  } catch (error) {
    if (error instanceof DealerDone) await publish(held);
    else for (const { temporary } of held) await rm(temporary, { force: true });
    throw isTold && isOfValues(error) ? (misfit(run) ?? error) : error;
  }
}

/** What a value of another kind, or one that is nested too deeply, makes of code that reads it. */
const isOfValues = (error: unknown): boolean => error instanceof TypeError || error instanceof RangeError;

/** Undefined where no other party has told anything: it is a fault of this program. */
function misfit({ params, site }: TaskRun): TaskFailure | undefined {
  const others = partiesOf(params).filter((each) => each !== site?.party);
  if (others.length === 0) return undefined;
  const message = `What ${others.join(', ')} came to, as the sites there say, makes no result.`;
  return new TaskFailure('PROTOCOL_VIOLATION', message, false, { parties: others });
}
