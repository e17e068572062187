import type { ChainState, Task } from '#libs/chain-domain';
import type { ChainSave, LoadedChain, MadeChain, NewChainRow, NewTaskRow, TurnOf } from '#libs/repositories';

/** Parameters of more characters are read when their job is made, as those of a hop. */
const KEPT_PARAMS = 2_048;

interface Made {
  readonly row: NewChainRow;
  readonly tasks: readonly NewTaskRow[];
  readonly state: ChainState;
}

/**
 * A chain that was just inserted, as it would be read: whoever made it sends its first tasks and takes their reports without a read.
 * As a save that changed nothing and dispatched these tasks.
 */
export function madeChild(
  { row, tasks, state }: Made,
  stored: MadeChain,
  tenantId: string,
  turnOf?: TurnOf,
): ChainSave {
  const { chainId, ids, requestIds, nowMs, lagMs } = stored;
  const deadlineAt = row.status === 'RUNNING' ? nowMs + row.timeout_seconds * 1_000 : null;
  const chain = { ...state.chain, deadlineAt, compensated: false };
  const dispatched = new Set<number>();
  const loaded: LoadedChain = {
    chainId,
    tenantId,
    version: 1,
    ...{ nowMs, lagMs, readAt: performance.now() },
    compensates: (row.compensation ?? null) !== null,
    parentId: row.parent_chain_id ?? null,
    turn: row.parent_turn ?? 0,
    turnOf,
    state: { chain, tasks: new Map() },
    rows: new Map(),
    positions: new Map(),
  };
  tasks.forEach((task, position) => {
    const known = state.tasks.get(position)!;
    const isSent = known.status === 'QUEUED';
    if (isSent) dispatched.add(position);
    loaded.state.tasks.set(position, { ...known, firstQueuedAt: isSent ? nowMs : null } satisfies Task);
    loaded.rows.set(position, {
      id: ids[position]!,
      taskRequestId: requestIds[position]!,
      grouped: task.concurrency_key !== null,
      job: jobOf(task),
    });
    loaded.positions.set(requestIds[position]!, position);
  });
  const nothing = { changed: new Map(), reports: new Map(), events: [], attempts: [], artifacts: [], outbox: [] };
  return { loaded, before: chain, dispatched, ...nothing };
}

/** undefined: it is read from its row, as what owners decide on is stored in another form. */
function jobOf({
  consent,
  handed,
  params,
  ...task
}: NewTaskRow): NonNullable<ReturnType<LoadedChain['rows']['get']>>['job'] {
  if (consent !== null || handed !== undefined || JSON.stringify(params).length > KEPT_PARAMS) return undefined;
  return {
    predecessors: [...task.predecessors],
    referenced: [...task.referenced],
    conditions: [...task.conditions],
    timeout_seconds: task.timeout_seconds,
    params,
    traceparent: null,
    consent: null,
    handed: null,
  };
}
