import { isChainTerminal, type JsonValue } from '#libs/chain-domain';
import { failpoint } from '#libs/platform';
import { engineQueries, isInTheWay, isTransient, save } from '#libs/repositories';
import type { ChainSave, ChildStart, Database, EndedChild, Queryable } from '#libs/repositories';
import type { ChainCache } from '../apply/chain-cache.js';
import { decideWork, LEASES, type ChainWork } from '../apply/decide-work.js';
import type { ChainOutputs } from '../commands/new-chain.js';
import { Capacity } from '../dispatch/capacity.js';
import { workOfEnds } from './ends-of-children.js';
import { insertChild } from './start-children.js';

/** The save of a task that loops, and the turn that it begins. */
interface Turned {
  readonly parent: ChainSave;
  readonly child: ChainSave;
}

/** One of the two chains has changed meanwhile: nothing is stored. */
class Outdated extends Error {}

/** Whether it is the end of a turn that this process made, so that what the next one needs is known. */
export const endsKnownTurn = ({ loaded, before }: ChainSave): boolean =>
  loaded.turnOf !== undefined && loaded.state.chain.status === 'SUCCESS' && !isChainTerminal(before.status);

/**
 * Stores the end of a turn, its parent's next attempt and the next turn in one transaction, all of it sent at once: this process wrote
 * itself what it would have to read. undefined: nothing is stored, and the end has to go the usual way.
 */
export async function turnAtOnce(
  db: Database,
  end: ChainSave,
  capacity: Capacity,
  cache: ChainCache | undefined,
): Promise<Turned | undefined> {
  const { turnOf, tenantId } = end.loaded;
  const ended = await endedTurn(db, end);
  if (ended === undefined) return undefined;
  // Where the next turn gets an artifact it is refused here: which ones may be handed down follows from what is stored.
  const [parent] = await decideTurns(db, workOfEnds([ended], new Map()), cache);
  if (parent === undefined) return undefined;
  const [position, start] = [...parent.children!][0] as [number, ChildStart];
  const { origin, row } = turnOf!;
  try {
    return await db.transaction(async (tx) => {
      const [, stored, child] = await Promise.all([
        engineQueries.actForTenant(tx, tenantId),
        save(tx, [end, parent], LEASES),
        insertChild(tx, parent.loaded, position, start, { ...row, origin }, capacity),
      ]);
      if (stored.size < 2) throw new Outdated();
      await failpoint('listener.beforeChild');
      return { parent, child };
    });
  } catch (error) {
    if (error instanceof Outdated || !isTransient(error) || isInTheWay(error)) return undefined;
    throw error;
  }
}

/** Of what ends of children are to their parents: those that begin another turn, and send nothing else of the parent. */
export async function decideTurns(
  db: Queryable,
  work: readonly ChainWork[],
  cache: ChainCache | undefined,
): Promise<ChainSave[]> {
  const capacity = new Capacity();
  // Of control tasks alone.
  capacity.refresh([]);
  const decided = await decideWork(db, work, capacity, cache);
  return decided.filter(
    ({ children, dispatched, changed }) =>
      (children?.size ?? 0) > 0 &&
      dispatched.size === 0 &&
      [...changed.values()].every(({ status }) => status !== 'READY'),
  );
}

/** The row of `ended-children` that the end of a turn will be; undefined: it has to be read. */
async function endedTurn(db: Queryable, end: ChainSave): Promise<EndedChild | undefined> {
  const { chainId, turnOf, state } = end.loaded;
  const { row, taskRequestId } = turnOf!;
  const { timeLeftMs: left } = state.chain;
  if (left === null) return undefined;
  return {
    chain_id: row.parent_chain_id!,
    task_request_id: taskRequestId,
    attempt: row.parent_attempt!,
    child_id: chainId,
    status: 'SUCCESS',
    error: null,
    left_ms: Math.max(0, row.parent_left_ms! - row.timeout_seconds * 1_000 + left),
    outputs: await outputsOf(db, end, (row.outputs ?? null) as ChainOutputs | null),
    task_id: row.parent_task_id!,
    turn: row.parent_turn!,
    chain_name: row.chain_name,
    chain_type: row.chain_type,
    metadata: row.metadata ?? {},
    args: row.parent_args,
    child: turnOf!.plan,
    lists: false,
  };
}

/** The outputs of a chain that this save ends, as its row will show them. */
async function outputsOf(db: Queryable, end: ChainSave, outputs: ChainOutputs | null): Promise<object | null> {
  if (outputs === null) return null;
  const { chainId, state } = end.loaded;
  const positions = new Map([...state.tasks.values()].map(({ taskId, position }) => [taskId, position]));
  const named = [...new Set(Object.values(outputs).map(({ task_id: id }) => positions.get(id)!))];
  const results = new Map<number, unknown>(
    named.map((position) => [position, end.reports.get(position)?.result ?? null]),
  );
  const earlier = named.filter((position) => results.get(position) === null);
  if (earlier.length > 0) {
    const [chains, single] = [earlier.map(() => chainId), earlier.map(() => false)];
    for (const { execution_order: position, result } of await engineQueries.loadResults(db, chains, earlier, single)) {
      if (state.tasks.get(position)!.status === 'SUCCESS') results.set(position, result);
    }
  }
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { task_id: id, path }]) => [
      name,
      memberOf(results.get(positions.get(id)!), path),
    ]),
  );
}

/** As `#>` of jsonb. */
function memberOf(result: unknown, path: readonly string[]): JsonValue {
  let value = result as JsonValue | undefined;
  for (const step of path) {
    if (Array.isArray(value)) value = /^-?\d+$/.test(step) ? value.at(Number(step)) : undefined;
    else if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return null;
    else value = (value as Readonly<Record<string, JsonValue>>)[step];
  }
  return value ?? null;
}
