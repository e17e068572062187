import { cutText, DEFAULT_SETTINGS, freezeReferences, isChainTerminal, type JsonValue } from '#libs/chain-domain';
import { failpoint } from '#libs/platform';
import { engineQueries, insertWholeChain } from '#libs/repositories';
import type { ChainSave, CompensationPlan, CompensationRow, LoadedChain, Queryable } from '#libs/repositories';
import { newChainRows, type NewChain, type NewTask } from '../commands/new-chain.js';

/** Nobody waits for what is undone: only an operator gives it up. 30 days, the most that a chain may have. */
const TIMEOUT_SECONDS = 2_592_000;
const MAX_NAME = 255;
/** Characters of JSON that the parameters of a compensation have at most with results in the places of references. */
const MAX_FROZEN = 10 * 1_024 * 1_024;
const MAX_ID = 64;

/** Whether storing this ends a chain as failed or cancelled that says how it is undone. */
export function isUndone({ loaded, before }: ChainSave): boolean {
  const { status } = loaded.state.chain;
  return loaded.compensates && !isChainTerminal(before.status) && (status === 'FAILURE' || status === 'CANCELLED');
}

/**
 * Makes the chain that undoes what such a chain did, in the transaction that ends it (Garcia-Molina and Salem, Sagas, SIGMOD 1987): one
 * task for each that succeeded, one after another, the last ones first.
 */
export async function compensate(tx: Queryable, { chainId, tenantId }: LoadedChain): Promise<void> {
  const row = await engineQueries.loadCompensation(tx, chainId);
  const byPosition = new Map(row.plan.tasks.map((task) => [task.position, task]));
  const undone = row.done.map((position) => byPosition.get(position)!);
  if (undone.length === 0) return;
  await failpoint('listener.beforeCompensation');
  const places = [...new Set(undone.flatMap(({ referenced }) => referenced))];
  const rows = await engineQueries.loadResults(
    tx,
    places.map(() => chainId),
    places,
    places.map(() => false),
  );
  const results = new Map(
    rows.filter(({ result }) => result !== null).map((each) => [each.task_id, each.result as JsonValue]),
  );
  const ids = new Set(rows.map((each) => each.task_id));
  let room = MAX_FROZEN;
  const tasks = undone.map((each, at) => {
    const written = each.params as JsonValue;
    // What does not fit stays a reference: the task then says that it leads to nothing, and holds the chain for an operator.
    const frozen = room > 0 ? freezeReferences(written, results, ids) : written;
    room -= room > 0 ? JSON.stringify(frozen).length : 0;
    return { ...each, params: room > 0 ? frozen : written, at };
  });
  const made = newChainRows(chainOf(chainId, row, tasks), Date.now());
  await engineQueries.actForTenant(tx, tenantId);
  await insertWholeChain(tx, made.row, made.tasks, made.edges);
  await engineQueries.markCompensated(tx, chainId, made.row.chain_id);
  await engineQueries.wake(tx);
}

type Undo = CompensationPlan['tasks'][number] & { readonly at: number };

function chainOf(chainId: string, row: CompensationRow, tasks: readonly Undo[]): NewChain {
  const chainName = cutText(`Compensation: ${row.chain_name}`, MAX_NAME);
  return {
    chainName,
    chainType: 'sequential',
    description: null,
    config: { chain_name: chainName, tasks: tasks.map(written), metadata: row.metadata, labels: row.labels },
    metadata: row.metadata,
    labels: row.labels,
    createdBy: row.created_by,
    proposer: row.plan.proposer,
    byAdmin: row.by_admin,
    compensates: chainId,
    stopOnError: true,
    timeoutSeconds: TIMEOUT_SECONDS,
    approvalTimeoutSeconds: row.approval_timeout_seconds,
    execute: true,
    maxParallel: null,
    concurrency: null,
    tasks: tasks.map((task, at) => taskOf(task, tasks[at - 1], tasks.length)),
  };
}

/** Unlike the id of the task that it undoes: a reference that stayed in its place leads to nothing. */
function idOf({ taskId, position }: Undo): string {
  const id = `undo.${taskId}`;
  return id.length <= MAX_ID ? id : `undo-${position}`;
}

const written = (task: Undo): object => ({
  task_id: idOf(task),
  task_name: task.taskName,
  task_type: task.taskType,
  task_params: task.params,
});

function taskOf(task: Undo, before: Undo | undefined, count: number): NewTask {
  const { at } = task;
  return {
    ...DEFAULT_SETTINGS,
    taskId: idOf(task),
    taskName: task.taskName,
    taskType: task.taskType,
    executionMode: 'sequential',
    dependsOn: before === undefined ? [] : [{ taskId: idOf(before), dependencyType: 'sequential', when: null }],
    isCallback: false,
    params: task.params,
    concurrency: null,
    priority: task.priority,
    // One that an operator skipped was undone by hand.
    triggerRule: 'none_failed',
    retryPolicy: task.retryPolicy,
    timeoutSeconds: task.timeoutSeconds,
    queueTimeoutSeconds: null,
    conditions: [],
    level: at,
    predecessors: at === 0 ? [] : [at - 1],
    successors: at === count - 1 ? [] : [at + 1],
    referenced: [],
  };
}
