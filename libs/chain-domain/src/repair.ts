import type { Draft } from './draft.js';
import type { Fault } from './events.js';
import { failure } from './failure-codes.js';
import { endIfDone, standingError } from './settle.js';
import type { TaskError } from './state.js';
import { isChainTerminal } from './states.js';

/**
 * Makes a stored state keep I1, I4 and I5 again, by the same moves as any other event. Leaves a chain whose rows do not
 * fit together to an operator. Changes nothing in a state that keeps the invariants.
 */
export function repair(draft: Draft): void {
  const faults = faultsOf(draft);
  if (faults.length > 0) return draft.hold(faults);
  draft.recount();
  if (isChainTerminal(draft.chain.status)) return repairEnded(draft);
  draft.recountParents();
  if (draft.chain.status === 'PENDING') return;
  const failure = standingError(draft);
  if (failure !== null && draft.chain.error === null) {
    // The chain does not know of its failure: nobody has acted on it.
    if (draft.chain.stopOnError) return draft.stop('FAILURE', failure);
    draft.chain = { ...draft.chain, error: failure };
  }
  draft.decidePending(
    [...draft.everyTask()].map(({ position }) => position),
    'Repaired',
  );
  for (const task of draft.everyTask()) {
    const waitsForOperator = task.hold === 'RETRIES_EXHAUSTED' && draft.chain.status === 'PAUSED';
    // Its child moves it.
    const waits = waitsForOperator || task.hold === 'CHILD';
    if (task.status === 'RETRYING' && task.nextAttemptAt === null && !waits) draft.ready(task, 'Repaired');
  }
  draft.admitHeld();
  endIfDone(draft);
}

/** Stops what outlived its chain. A chain with unfinished tasks did not succeed. */
function repairEnded(draft: Draft): void {
  const { status, error } = draft.chain;
  const { cancelledTasks, skippedTasks } = draft.chain;
  draft.stopLive();
  const outlived = draft.chain.cancelledTasks + draft.chain.skippedTasks - cancelledTasks - skippedTasks;
  if (status === 'SUCCESS' && outlived > 0 && draft.chain.endedBy === null)
    draft.end('FAILURE', standingError(draft) ?? unfinished(outlived));
  else if (status === 'FAILURE' && error === null) draft.end('FAILURE', standingError(draft) ?? unfinished(outlived));
}

function unfinished(tasks: number): TaskError {
  const message = `the chain was stored as ended although ${tasks} tasks were not: they were stopped; retry the chain`;
  return failure('CHAIN_INCONSISTENT', message);
}

/** Rows that are missing, and tasks with a parent that does not name them as a successor. */
function faultsOf(draft: Draft): Fault[] {
  const faults: Fault[] = [];
  for (let position = 0; position < draft.chain.totalTasks; position++) {
    const task = draft.find(position);
    if (task === undefined) faults.push({ kind: 'missing-task', position });
    else if (task.predecessors?.some((parent) => draft.find(parent)?.successors.includes(position) !== true) === true) {
      faults.push({ kind: 'missing-dependency', position });
    }
  }
  return faults;
}
