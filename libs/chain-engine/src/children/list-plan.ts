import {
  CHILD_CHAIN,
  type ControlType,
  expandParams,
  failure,
  instancesOf,
  isControlType,
  type JsonValue,
  type ListFault,
  readSignal,
  readSignOff,
  readWait,
  type TaskError,
} from '#libs/chain-domain';
import { checkTaskParams, findTaskType } from '#libs/compute';
import type { ChildPlan, NewTask } from '../commands/new-chain.js';
import { argsOf, fillPlan, isLonger, MAX_ARGS } from './child-plan.js';
import { namedIn, type Handed } from './handed.js';

/** Characters of parameters of all instances together: as many as a body may have. */
const MAX_ADDED = 10 * 1024 * 1024;

/** The chain of all instances, or why there is none. Null: the list is empty. */
export type FilledList = { readonly chain: ChildPlan['chain'] | null } | { readonly error: TaskError };

/**
 * Writes the chain of a `for_each` out over the list that a result brought: an instance for each item, as at creation, and the task
 * that collects their results. What an item brings is data, never a reference. Nothing is made of a list that has a fault.
 */
export function fillList(
  plan: ChildPlan,
  taskId: string,
  args: Readonly<Record<string, JsonValue>>,
  handed: Handed = new Map(),
): FilledList {
  // The list is a result, and so are the values beside it.
  if (isLonger(args, 2 * MAX_ARGS))
    return refused('INVALID_PARAMS', `its values have more than ${2 * MAX_ARGS} characters`);
  const { items: list, ...values } = args;
  const forEach = plan.forEach!;
  if (!Array.isArray(list)) {
    const kind = list === null ? 'null' : typeof list === 'object' ? 'an object' : `a ${typeof list}`;
    return refused('NOT_A_LIST', `for_each takes a list, and what the result has there is ${kind}`);
  }
  const found = instancesOf(taskId, list, forEach);
  if ('code' in found) return listError(found, list.length, forEach.maxItems);
  const { instances, atLeast } = found;
  if (instances.length === 0) return { chain: null };
  const [pattern, collector] = plan.chain.tasks as [NewTask, NewTask];
  const declared = Object.keys(plan.open);
  const filled: NewTask[] = [];
  let left = MAX_ADDED;
  for (const { id, item, index } of instances) {
    const own = new Map(Object.entries<JsonValue>({ ...values, item, index }));
    const { expand } = expandParams({ declared, values: own, secrets: new Set() });
    const { value: params, faults } = expand(pattern.params as JsonValue, []);
    left -= JSON.stringify(params).length;
    const wrong =
      faults[0]?.message ??
      (left < 0
        ? `its instances have more than ${MAX_ADDED} characters of parameters`
        : faultOf(pattern, params, handed));
    if (wrong !== undefined) return refused('INVALID_PARAMS', `${id} cannot run: ${wrong}`);
    const taskName = pattern.taskName.replace(/\[0\]$/, () => id.slice(taskId.length));
    const read = namedIn(params, handed);
    filled.push({
      ...pattern,
      ...{ taskId: id, taskName, params, successors: [instances.length] },
      ...(read.size > 0 && { handed: read }),
    });
  }
  const [dependency] = collector.dependsOn;
  const collects: NewTask = {
    ...collector,
    params: { items: instances.length, ...(atLeast !== undefined && { at_least: atLeast }) },
    dependsOn: instances.map(({ id }) => ({ ...dependency!, taskId: id })),
    predecessors: instances.map((_, position) => position),
  };
  const chainType = instances.length === 1 ? 'sequential' : 'chord';
  return { chain: { ...plan.chain, chainType, tasks: [...filled, collects] } };
}

/** What is wrong with the parameters of an instance, as far as it can be told before it runs. */
function faultOf({ taskType, child }: NewTask, params: JsonValue, handed: Handed): string | undefined {
  if (!isControlType(taskType)) {
    // Whether there is such a type was looked at when the chain was created.
    const [first] = findTaskType(taskType) === undefined ? [] : checkTaskParams(taskType, params);
    return first && `task_params${first.pointer.replaceAll('/', '.')} ${first.message}`;
  }
  if (taskType === CHILD_CHAIN && child !== undefined) {
    const filled = fillPlan(child, argsOf(params), handed);
    return 'fault' in filled ? filled.fault : undefined;
  }
  const read = READ[taskType]?.(params);
  return read !== undefined && 'fault' in read ? `task_config ${read.fault}` : undefined;
}

/** By control type: what reads its parameters. */
const READ: Partial<Record<ControlType, (params: unknown) => object | { readonly fault: string }>> = {
  wait: readWait,
  signal: readSignal,
  sign_off: readSignOff,
};

function listError({ field, says }: ListFault, items: number, maxItems: number): FilledList {
  if (field === 'items') return refused('TOO_MANY_ITEMS', `the list has ${items} items, and max_items is ${maxItems}`);
  return refused(field === 'at_least' ? 'TOO_FEW_SUCCEEDED' : 'INVALID_PARAMS', says);
}

const refused = (code: Parameters<typeof failure>[0], message: string): FilledList => ({
  error: failure(code, message),
});
