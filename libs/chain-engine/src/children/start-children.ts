import { isChainTerminal, type JsonValue, type Task } from '#libs/chain-domain';
import { failpoint } from '#libs/platform';
import { engineQueries, insertWholeChain, save } from '#libs/repositories';
import type { ChainSave, ChildStart, LastChildRow, Queryable } from '#libs/repositories';
import { Refused, type Incoming } from '../apply/decide-chain.js';
import { decideWork, LEASES, type ChainWork } from '../apply/decide-work.js';
import { Capacity } from '../dispatch/capacity.js';
import { newChainRows, type ChildPlan } from '../commands/new-chain.js';
import { isLonger } from './child-plan.js';
import { madeChild } from './made-child.js';

/** What is left of a chain's time is at least so much for a child, s. */
const SHORTEST_S = 1;

/**
 * Starts the children of a save within its transaction, which the version of the chain guards: so each attempt of a task has one child.
 * One that has not succeeded and got the same values goes on from its breakpoint, or from the instances that an operator named. -> the
 * new ones, whose first tasks are to be sent when this is stored.
 */
export async function startChildren(
  tx: Queryable,
  { loaded, children = new Map() }: ChainSave,
  capacity: Capacity,
): Promise<ChainSave[]> {
  const begun: ChainSave[] = [];
  for (const [position, start] of children) {
    await failpoint('listener.beforeChild');
    const { attempt, priority } = loaded.state.tasks.get(position)!;
    const last = await engineQueries.lastChild(tx, loaded.chainId, position, start.args);
    const open = last.same === true && (last.status !== 'SUCCESS' || last.again !== null);
    if (open && (await goesOn(tx, last))) {
      await engineQueries.adoptChild(tx, last.chain_id, attempt, priority, leftOf(loaded));
    } else begun.push(await insertChild(tx, loaded, position, start, last, capacity));
  }
  return begun;
}

type Last = Extract<LastChildRow, { readonly same: boolean }>;

const positionsOf = (tasks: Iterable<Task>, ids: ReadonlySet<string>): readonly number[] =>
  [...tasks].filter(({ taskId }) => ids.has(taskId)).map(({ position }) => position);

/** Whether an earlier child runs, again where it has ended. */
async function goesOn(tx: Queryable, { chain_id: chainId, status, again }: Last): Promise<boolean> {
  if (!isChainTerminal(status)) return true;
  const incoming = ({ state }: ChainSave['loaded']): readonly Incoming[] => {
    const from = again === null ? undefined : positionsOf(state.tasks.values(), new Set(again));
    return [{ event: { kind: 'RetryChain', from, includeDownstream: true, byParent: true }, data: { by: 'parent' } }];
  };
  try {
    const work: ChainWork = { chainId, requestIds: undefined, incoming };
    await save(tx, await decideWork(tx, [work], new Capacity()), LEASES);
  } catch (error) {
    // Its work was undone, or nothing is left of it to run again.
    if (error instanceof Refused) return false;
    throw error;
  }
  await engineQueries.wake(tx);
  return true;
}

/** What a child takes over from the chain around it. */
export type TakenOver = Pick<LastChildRow, 'created_by' | 'by_admin' | 'origin'>;

/** Inserts a child of a task that was opened, in the transaction that stores this. */
export async function insertChild(
  tx: Queryable,
  loaded: ChainSave['loaded'],
  position: number,
  { chain, args, turn, plan }: ChildStart,
  facts: TakenOver,
  capacity: Capacity,
): Promise<ChainSave> {
  const { chainId, tenantId } = loaded;
  const { taskId, attempt, priority } = loaded.state.tasks.get(position)!;
  const leftMs = leftOf(loaded);
  const child = chain as ChildPlan['chain'];
  const made = newChainRows(
    {
      ...child,
      createdBy: facts.created_by,
      byAdmin: facts.by_admin,
      origin: facts.origin,
      timeoutSeconds: Math.max(SHORTEST_S, Math.min(child.timeoutSeconds, Math.ceil(leftMs / 1_000))),
      execute: true,
      parent: { chainId, taskId, position, attempt, turn, priority, args, leftMs },
    },
    loaded.nowMs,
    (taskType) => capacity.take(taskType, tenantId),
  );
  const { row, tasks, edges } = made;
  const stored = await insertWholeChain(tx, row, tasks, edges, { leaseMs: LEASES.queuedMs });
  if (tasks.some(({ status }) => status === 'READY')) await engineQueries.wake(tx);
  const { taskRequestId } = loaded.rows.get(position)!;
  const weight = plan && weightOf(plan);
  const turnOf = weight === undefined ? undefined : { row, plan: plan!, weight, taskRequestId, origin: facts.origin };
  return madeChild(made, stored!.made!, tenantId, turnOf);
}

/** Larger plans are read for each turn. */
const KEPT_PLAN = 64 * 1_024;
/** Bytes of a plan that count as a task: the parameters that are kept of one. */
const TASK_BYTES = 2_048;

/** How many tasks a plan counts as where it is kept; undefined: it is too large. */
function weightOf(plan: object): number | undefined {
  return isLonger(plan as JsonValue, KEPT_PLAN) ? undefined : Math.ceil(JSON.stringify(plan).length / TASK_BYTES);
}

/** What is left of a chain's time, ms. */
function leftOf({ nowMs, state: { chain } }: ChainSave['loaded']): number {
  const { deadlineAt, timeLeftMs, timeoutMs } = chain;
  return timeLeftMs ?? (deadlineAt === null ? timeoutMs : deadlineAt - nowMs);
}
