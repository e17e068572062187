import { type FaultList, FOR_EACH, isObject, type JsonValue, pointer, putItem, quoted } from '#libs/chain-domain';
import { MAX_TASKS } from '#libs/dag-planner';
import { taskLabel } from './chain-schema-faults.js';

/** Characters that instances add to a chain: as many as a body may have. */
const MAX_ADDED = 10 * 1024 * 1024;
const MAX_ID = 64;
const MAX_NAME = 255;
const KEY = /^[A-Za-z0-9._-]{1,62}$/;

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
}

/** What `for_each` says, with what it leaves out. */
interface Loop {
  readonly items: readonly JsonValue[];
  readonly key?: string;
  readonly maxParallel?: number;
  readonly atLeast?: number;
}

/**
 * Writes tasks with `for_each` out: an instance for each item, and after them the task itself, which collects their results. So
 * the engine sees tasks like all others, and an owner who approves sees each of them. Adds what is wrong with the list.
 */
export function expandForEach(tasks: readonly unknown[], faults: FaultList): ExpandedLists {
  const written: unknown[] = [];
  const origins: number[] = [];
  const positions: number[] = [];
  const room = { left: MAX_ADDED, tasks: MAX_TASKS - tasks.length };
  for (const [position, task] of tasks.entries()) {
    const made = isObject(task) ? instancesOf(task as Task, position, tasks[position - 1], faults, room) : [task];
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
      place.replace(/^\/tasks\/(\d+)/, (whole, at: string) =>
        origins[Number(at)] === undefined ? whole : `/tasks/${origins[Number(at)]}`,
      ),
  };
}

/** The instances of a task and the task itself; of any other one the task alone. */
function instancesOf(
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
  if (task['compensate_with'] !== undefined) {
    const says = 'a task with for_each cannot have compensate_with: undo its work by hand or in another task';
    add('INVALID_VALUE', ['compensate_with'], says);
    return [rest];
  }
  // What cannot be written out stands as a task without instances, so that the graph is checked as it would be.
  const refused = [collector(rest, [], before, { items: [] })];
  const loop = readLoop(said, task, add);
  if (loop === undefined) return refused;
  const { items } = loop;
  room.tasks -= items.length;
  if (room.tasks < 0) {
    add('TOO_MANY_TASKS', ['for_each'], `with its instances the chain has more than ${MAX_TASKS} tasks`);
    return refused;
  }
  const known = new Set<string>();
  const instances: Task[] = [];
  for (const [index, item] of items.entries()) {
    const id = idOf(task['task_id'], loop, { item, index }, known, add);
    if (id === undefined) return refused;
    const params = putItem(rest['task_params'] ?? {}, ['tasks', position, 'task_params'], { item, index });
    for (const fault of params.faults) faults.add({ ...fault, message: taskLabel(task, position) + fault.message });
    room.left -= JSON.stringify(params.value).length;
    if (room.left < 0)
      add('TOO_LARGE', ['for_each'], `its instances have more than ${MAX_ADDED} characters of parameters`);
    if (params.faults.length > 0 || room.left < 0 || faults.full) return refused;
    instances.push(instance(rest, id, before, params.value, loop));
  }
  return [...instances, collector(rest, instances, before, loop)];
}

function instance(task: Task, id: string, before: unknown, params: JsonValue, { maxParallel, atLeast }: Loop): Task {
  const { task_id: base, task_name: name, is_callback: _callback, end_chain: _end, ...rest } = task;
  return {
    ...rest,
    ...waitsFor(task, before),
    task_id: id,
    ...(typeof name === 'string' && {
      task_name: `${name.slice(0, MAX_NAME - MAX_ID)} ${id.slice(String(base).length)}`,
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

function collector(task: Task, instances: readonly Task[], before: unknown, { atLeast }: Loop): Task {
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

function readLoop(
  said: JsonValue,
  task: Task,
  add: (code: string, place: Place, says: string) => void,
): Loop | undefined {
  const settings = isObject(said) ? (said as Task) : {};
  const at = isObject(said) ? ['for_each', 'items'] : ['for_each'];
  const list = isObject(said) ? settings['items'] : said;
  if (typeof list === 'string' && list.startsWith('${tasks.')) {
    add(
      'NOT_SUPPORTED_YET',
      at,
      'for_each over the result of a task is not supported yet: take a list of the chain or of params',
    );
    return undefined;
  }
  if (!Array.isArray(list)) {
    add('INVALID_VALUE', at, 'for_each takes a list, or ${params.<name>} whose value is a list');
    return undefined;
  }
  const { key, batch, max_items: most, max_parallel: maxParallel, at_least: least } = settings;
  if (typeof most === 'number' && list.length > most) {
    add('OUT_OF_RANGE', at, `the list has ${list.length} items, and max_items is ${most}`);
    return undefined;
  }
  if (maxParallel !== undefined && task['concurrency_key'] !== undefined) {
    add('CONCURRENCY_TWICE', ['for_each', 'max_parallel'], 'it has a concurrency_key already: set one of them');
    return undefined;
  }
  const size = typeof batch === 'number' ? batch : 1;
  const items =
    typeof batch === 'number'
      ? Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))
      : list;
  const atLeast = typeof least !== 'number' ? undefined : least < 1 ? Math.ceil(least * items.length) : least;
  if (atLeast !== undefined && (!Number.isInteger(atLeast) || (atLeast > items.length && items.length > 0))) {
    add('OUT_OF_RANGE', ['for_each', 'at_least'], `at_least is ${atLeast}, and there are ${items.length} instances`);
    return undefined;
  }
  return {
    items,
    ...(typeof key === 'string' && { key }),
    ...(typeof maxParallel === 'number' && { maxParallel }),
    ...(atLeast !== undefined && { atLeast }),
  };
}

/** The id of an instance: it never changes, whatever becomes of the others. */
function idOf(
  base: string,
  { key }: Loop,
  of: { readonly item: JsonValue; readonly index: number },
  known: Set<string>,
  add: (code: string, place: Place, says: string) => void,
): string | undefined {
  const name = key === undefined ? of.index : putItem(key, [], of).value;
  const text = String(name);
  const place = ['for_each', ...(key === undefined ? [] : ['key'])];
  if ((typeof name !== 'string' && !Number.isSafeInteger(name)) || !KEY.test(text)) {
    add('INVALID_VALUE', place, `the key of item ${of.index} must be of letters, digits and . _ - or a whole number`);
    return undefined;
  }
  if (known.has(text)) {
    add('DUPLICATE_KEY', place, `two items have the key ${quoted(text)}`);
    return undefined;
  }
  known.add(text);
  const id = `${base}[${text}]`;
  if (id.length <= MAX_ID) return id;
  add('INVALID_VALUE', place, `the id ${quoted(id)} has more than ${MAX_ID} characters: give the task a shorter one`);
  return undefined;
}
