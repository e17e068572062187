import {
  cutText,
  type FaultList,
  FOR_EACH,
  type ForEach,
  instancesOf,
  isObject,
  type JsonValue,
  pointer,
  putItem,
  readForEach,
} from '#libs/chain-domain';
import { MAX_TASKS } from '#libs/dag-planner';
import { taskLabel } from './chain-schema-faults.js';
import { type LaterList, laterList, listOf } from './later-lists.js';

/** Characters that instances add to a chain: as many as a body may have. */
const MAX_ADDED = 10 * 1024 * 1024;
/** Of an id; a name has room for it. */
const MAX_ID = 64;
const MAX_NAME = 255;

type Task = Readonly<Record<string, JsonValue>>;
type Place = readonly (string | number)[];

export interface ExpandedLists {
  readonly tasks: readonly unknown[];
  /** Where a task of the body is now, by its place there. */
  readonly positionOf: (position: number) => number;
  /** Where a written-out task comes from. */
  readonly originOf: (position: number) => number;
  /** Where the caller has to look for what is wrong at a place of the written out tasks. */
  readonly placeOf: (place: string) => string;
  /** Tasks whose list comes out of a result, by their place in \`tasks\`: each runs a chain, whose tasks are the instances. */
  readonly later: ReadonlyMap<number, LaterList>;
}

/**
 * Writes tasks with `for_each` out: an instance for each item, and after them the task itself, which collects their results. So
 * the engine sees tasks like all others, and an owner who approves sees each of them. Adds what is wrong with the list.
 */
export function expandForEach(tasks: readonly unknown[], faults: FaultList): ExpandedLists {
  const written: unknown[] = [];
  const origins: number[] = [];
  const positions: number[] = [];
  const later = new Map<number, LaterList>();
  const room = { left: MAX_ADDED, tasks: MAX_TASKS - tasks.length };
  for (const [position, task] of tasks.entries()) {
    const before = tasks[position - 1];
    const fits = !isObject(task) || task['for_each'] === undefined || fitsForEach(task as Task, position, faults);
    const list = isObject(task) ? laterList(task as Task) : undefined;
    if (list !== undefined) later.set(written.length, list);
    const made =
      list !== undefined
        ? [{ ...collector(task as Task, [], before), task_params: list.params }]
        : isObject(task)
          ? fits
            ? writtenOut(task as Task, position, before, faults, room)
            : [collector(task as Task, [], before)]
          : [task];
    for (const each of made) {
      written.push(each);
      origins.push(position);
    }
    positions.push(written.length - 1);
  }
  return {
    tasks: written,
    positionOf: (position) => positions[position]!,
    originOf: (position) => origins[position]!,
    placeOf: (place) =>
      place.replace(/^\/tasks\/(\d+)(\/task_params\/task_config\/args\/[^/]+)?/, (whole, at: string, arg?: string) => {
        const origin = origins[Number(at)];
        if (origin === undefined) return whole;
        const list = later.get(Number(at));
        return `/tasks/${origin}${arg === undefined || list === undefined ? (arg ?? '') : list.placeOf(arg)}`;
      }),
    later,
  };
}

/** Adds what cannot stand beside `for_each` in a task. Returns whether there is nothing of it. */
function fitsForEach(task: Task, position: number, faults: FaultList): boolean {
  const wrong: readonly (readonly [code: string, place: Place, says: string, is: boolean])[] = [
    [
      'INVALID_VALUE',
      ['compensate_with'],
      'a task with for_each cannot have compensate_with: undo its work by hand or in another task',
      task['compensate_with'] !== undefined,
    ],
    [
      'INVALID_VALUE',
      ['repeat'],
      'repeat and for_each cannot stand in one task: put one of them into its chain',
      task['repeat'] !== undefined,
    ],
    [
      'CONCURRENCY_TWICE',
      ['for_each', 'max_parallel'],
      'it has a concurrency_key already: set one of them',
      task['concurrency_key'] !== undefined && readForEach(task['for_each']).maxParallel !== undefined,
    ],
  ];
  const found = wrong.filter(([, , , is]) => is);
  for (const [code, place, says] of found) {
    faults.add({
      code,
      pointer: pointer('tasks', position, ...place),
      message: `${taskLabel(task, position)}${says}.`,
    });
  }
  return found.length === 0;
}

/** The instances of a task and the task itself; of any other one the task alone. */
function writtenOut(
  task: Task,
  position: number,
  before: unknown,
  faults: FaultList,
  room: { left: number; tasks: number },
): Task[] {
  const add = (code: string, place: Place, says: string): void =>
    faults.add({
      code,
      pointer: pointer('tasks', position, ...place),
      message: `${taskLabel(task, position)}${says}.`,
    });
  const { for_each: said, ...rest } = task;
  if (task['task_type'] === FOR_EACH) {
    add(
      'UNKNOWN_TASK_TYPE',
      ['task_type'],
      `${FOR_EACH} is what a task with for_each becomes: name the type that it runs`,
    );
    return [rest];
  }
  if (said === undefined || typeof task['task_id'] !== 'string' || faults.full) return [rest];
  // What cannot be written out stands as a task without instances, so that the graph is checked as it would be.
  const refused = [collector(rest, [], before)];
  const list = listOf(said);
  const how = readForEach(said);
  if (!Array.isArray(list)) {
    add(
      'INVALID_VALUE',
      itemsPlace(said),
      'for_each takes a list, ${params.<name>} whose value is one, or ${tasks.<task_id>.result.<path>}',
    );
    return refused;
  }
  const found = instancesOf(task['task_id'], list, how);
  if ('code' in found) {
    const { code, field, says } = found;
    add(code, field === 'items' ? itemsPlace(said) : ['for_each', ...(field === null ? [] : [field])], says);
    return refused;
  }
  room.tasks -= found.instances.length;
  if (room.tasks < 0) {
    add('TOO_MANY_TASKS', ['for_each'], `with its instances the chain has more than ${MAX_TASKS} tasks`);
    return refused;
  }
  const instances: Task[] = [];
  for (const each of found.instances) {
    const params = putItem(rest['task_params'] ?? {}, ['tasks', position, 'task_params'], each);
    for (const fault of params.faults) faults.add({ ...fault, message: taskLabel(task, position) + fault.message });
    room.left -= JSON.stringify(params.value).length;
    if (room.left < 0)
      add('TOO_LARGE', ['for_each'], `its instances have more than ${MAX_ADDED} characters of parameters`);
    if (params.faults.length > 0 || room.left < 0 || faults.full) return refused;
    instances.push(instance(rest, each.id, before, params.value, how));
  }
  return [...instances, collector(rest, instances, before, found.atLeast)];
}

const itemsPlace = (said: JsonValue): Place => (isObject(said) ? ['for_each', 'items'] : ['for_each']);

function instance(task: Task, id: string, before: unknown, params: JsonValue, { maxParallel, atLeast }: ForEach): Task {
  const { task_id: base, task_name: name, is_callback: _callback, end_chain: _end, ...rest } = task;
  return {
    ...rest,
    ...waitsFor(task, before),
    task_id: id,
    ...(typeof name === 'string' && {
      task_name: `${cutText(name, MAX_NAME - MAX_ID)} ${id.slice(String(base).length)}`,
    }),
    task_params: params,
    ...(maxParallel !== undefined && {
      concurrency_key: base!,
      concurrency_limit: maxParallel,
      concurrency_in_chain: true,
    }),
    ...(atLeast !== undefined && { tolerable: true }),
  };
}

/** Fields of the task that stay with the one that collects; without instances, those that say when it starts as well. */
const OF_COLLECTOR = ['task_id', 'task_name', 'priority', 'tolerable', 'end_chain', 'is_callback'] as const;
const OF_START = ['depends_on', 'callback_for', 'trigger_rule', 'when'] as const;

function collector(task: Task, instances: readonly Task[], before: unknown, atLeast?: number): Task {
  const of = (fields: readonly string[]): Task =>
    Object.fromEntries(fields.flatMap((field) => (task[field] === undefined ? [] : [[field, task[field]]])));
  const starts: Task =
    instances.length === 0
      ? { ...waitsFor(task, before), ...of(OF_START) }
      : { depends_on: instances.map(({ task_id: id }) => id!), trigger_rule: 'none_failed_min_one_success' };
  return {
    ...of(OF_COLLECTOR),
    ...starts,
    task_type: FOR_EACH,
    task_params: { items: instances.length, ...(atLeast !== undefined && { at_least: atLeast }) },
  };
}

/** What a task waits for, written out where it only follows from the order of the list. */
function waitsFor(task: Task, before: unknown): Task {
  const { depends_on, callback_for } = task;
  if (depends_on !== undefined || callback_for !== undefined) {
    return { ...(depends_on !== undefined && { depends_on }), ...(callback_for !== undefined && { callback_for }) };
  }
  const last = isObject(before) ? before['task_id'] : undefined;
  return { depends_on: task['execution_mode'] === 'parallel' || typeof last !== 'string' ? [] : [last] };
}
