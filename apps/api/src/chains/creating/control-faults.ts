import { CHILD_CHAIN, type FaultList, FOR_EACH, isControlType, isObject, pointer } from '#libs/chain-domain';
import { taskLabel } from './chain-schema-faults.js';

/** Fields of a task that say how a worker runs it, or that go by a result which a `wait` does not have. */
const OF_WORKERS = [
  'timeout',
  'queue_timeout',
  'retry_policy',
  'concurrency_key',
  'concurrency_limit',
  'end_chain',
] as const;

/** A control task waits for no worker and has no runs: what says how workers run a task says nothing of it. */
export function addControlFaults(tasks: readonly unknown[], faults: FaultList): void {
  for (const [position, task] of tasks.entries()) {
    addRepeatFaults(task, position, faults);
    if (!isObject(task) || typeof task['task_type'] !== 'string' || !isControlType(task['task_type'])) continue;
    // It was written out: see expand-for-each.ts.
    if (task['task_type'] === FOR_EACH) continue;
    for (const field of OF_WORKERS) {
      if (task[field] === undefined) continue;
      const message = `${taskLabel(task, position)}${field} has no meaning for a ${task['task_type']}, which no worker runs: leave it out.`;
      faults.add({ code: 'NOT_FOR_CONTROL_TASKS', pointer: pointer('tasks', position, field), message });
    }
  }
}

/** Only a chain runs in turns. */
function addRepeatFaults(task: unknown, position: number, faults: FaultList): void {
  if (!isObject(task) || task['repeat'] === undefined) return;
  if (task['task_type'] === CHILD_CHAIN) return;
  const says = 'repeat runs a chain in turns: put the task into the chain of a task of type chain';
  const message = `${taskLabel(task, position)}${says}.`;
  faults.add({ code: 'INVALID_VALUE', pointer: pointer('tasks', position, 'repeat'), message });
}
