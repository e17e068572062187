import { isDeepStrictEqual } from 'node:util';
import { isObject, type JsonValue } from '#libs/chain-domain';
import type { LastChild } from '#libs/repositories';
import type { ChildPlan, Repeat } from '../commands/new-chain.js';
import { evaluateConditions, type ConditionOutcome, type ConditionScope } from '../conditions/conditions.js';

type Args = Readonly<Record<string, JsonValue>>;

/** A turn, and the values that it gets. */
export interface Turn {
  readonly turn: number;
  readonly values: Args;
}

/** Whether a chain that repeats is at its end after a turn. `outputs`: of that turn, the result of the task as far as it is asked. */
export function untilHolds(
  { until }: Repeat,
  taskId: string,
  outputs: unknown,
  chain: ConditionScope['chain'],
): ConditionOutcome {
  const tasks = { [taskId]: { status: 'SUCCESS', result: outputs ?? {} } };
  return evaluateConditions([until], { tasks, chain, params: {} });
}

/**
 * The turn that an attempt of a task begins: the one after the last child, where that succeeded with these values and more turns
 * are to come; else the first. It follows from children that have ended, so that each turn starts once.
 */
export function nextTurn({ repeat, chain }: ChildPlan, taskId: string, args: Args, last: LastChild | undefined): Turn {
  const first = { turn: 1, values: args };
  if (repeat === undefined || last?.status !== 'SUCCESS' || last.turn >= repeat.max) return first;
  if (!isDeepStrictEqual(last.args, args)) return first;
  const { chainName: name, chainType: type, metadata } = chain;
  if (untilHolds(repeat, taskId, last.outputs, { name, type, metadata }).kind !== 'false') return first;
  const outputs = isObject(last.outputs) ? last.outputs : {};
  const carried = Object.entries(repeat.carry).map(([param, output]) => [
    param,
    (outputs[output] ?? null) as JsonValue,
  ]);
  return { turn: last.turn + 1, values: { ...args, ...(Object.fromEntries(carried) as Args) } };
}
