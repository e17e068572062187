import {
  armsOf,
  freeId,
  isFields,
  MOST_TASKS,
  NoChain,
  parentOf,
  type Dependency,
  type Draft,
  type DraftTask,
  type Fields,
} from './draft.js';

const withTasks = (draft: Draft, tasks: readonly DraftTask[]): Draft => ({ ...draft, tasks });
const mapTask = (draft: Draft, id: string, change: (task: DraftTask) => DraftTask): Draft =>
  withTasks(
    draft,
    draft.tasks.map((task) => (task.task_id === id ? change(task) : task)),
  );

/** Sets fields of a chain or a task; undefined removes one. */
export function patched<Of extends Fields>(of: Of, patch: Fields): Of {
  const next: Record<string, unknown> = { ...of, ...patch };
  for (const [name, value] of Object.entries(patch)) if (value === undefined) delete next[name];
  return next as Of;
}

export const editTask = (draft: Draft, id: string, patch: Fields): Draft =>
  mapTask(draft, id, (task) => patched(task, patch));

/** Adds tasks. Throws NoChain where the chain could not be read again. */
function withMore(draft: Draft, more: readonly DraftTask[]): Draft {
  if (draft.tasks.length + more.length > MOST_TASKS) throw new NoChain('many');
  return withTasks(draft, [...draft.tasks, ...more]);
}

/** Throws NoChain where there are too many tasks. */
export function addTask(draft: Draft, type: string, params: Fields, parents: readonly string[] = []): [Draft, string] {
  const task_id = freeId(draft, type.replaceAll(/[^A-Za-z0-9._-]/g, '-'));
  const task: DraftTask = { task_id, task_type: type, depends_on: parents, task_params: params };
  return [withMore(draft, [task]), task_id];
}

export function connect(draft: Draft, from: string, to: string): Draft {
  if (from === to) return draft;
  return mapTask(draft, to, (task) =>
    task.depends_on.some((each) => parentOf(each) === from)
      ? task
      : { ...task, depends_on: [...task.depends_on, from] },
  );
}

/** The dependencies of a task as chosen anew: those that stay keep their conditions. */
export function setParents(draft: Draft, id: string, parents: readonly string[]): Draft {
  return mapTask(draft, id, (task) => {
    const known = new Map(task.depends_on.map((each) => [parentOf(each), each]));
    return withParents(
      task,
      parents.map((each) => known.get(each) ?? each),
    );
  });
}

/** Changes one dependency of a task; without fields it is written as a name alone. */
export function editDependency(draft: Draft, id: string, parent: string, patch: Fields): Draft {
  return mapTask(draft, id, (task) =>
    withParents(
      task,
      task.depends_on.map((each): Dependency => {
        if (parentOf(each) !== parent) return each;
        const next = patched(typeof each === 'string' ? { task_id: each } : each, patch);
        return Object.keys(next).length === 1 ? parent : next;
      }),
    ),
  );
}

function withParents(task: DraftTask, depends_on: readonly Dependency[]): DraftTask {
  const parents = new Set(depends_on.map((each) => parentOf(each)));
  const callbacks = task['callback_for'];
  if (!Array.isArray(callbacks)) return { ...task, depends_on };
  const left = callbacks.filter((each: unknown) => parents.has(each as string));
  return patched({ ...task, depends_on }, { callback_for: left.length > 0 ? left : undefined });
}

export function disconnect(draft: Draft, from: string, to: string): Draft {
  return mapTask(draft, to, (task) =>
    withParents(
      task,
      task.depends_on.filter((each) => parentOf(each) !== from),
    ),
  );
}

/**
 * The branch of a task with other names of tasks; undefined leaves one out. An arm without a task stays: its condition is not lost, those after it mean
 * what they meant, and the API asks for a task. What is no arm, and no name, stays as it is written.
 */
function withArms<Of extends Fields>(task: Of, renamedTo: (id: string) => string | undefined): Of {
  const { branch } = task;
  if (!Array.isArray(branch)) return task;
  const arms = branch.map((arm: unknown) => {
    if (!isFields(arm)) return arm;
    const key = Array.isArray(arm['then']) ? 'then' : 'else';
    const to = arm[key];
    if (!Array.isArray(to)) return arm;
    const left = to.flatMap((each: unknown) => (typeof each === 'string' ? (renamedTo(each) ?? []) : [each]));
    return { ...arm, [key]: left };
  });
  return patched(task, { branch: arms });
}

export function removeTasks(draft: Draft, ids: ReadonlySet<string>): Draft {
  const left = draft.tasks.filter(({ task_id }) => !ids.has(task_id));
  return withTasks(
    draft,
    left.map((task) =>
      withParents(
        withArms(task, (id) => (ids.has(id) ? undefined : id)),
        task.depends_on.filter((each) => !ids.has(parentOf(each))),
      ),
    ),
  );
}

/** `${tasks.a-b.result.x}` and `${tasks.a[0].result}` of a parameter, `tasks.a.status` of a condition. */
const MEMBER = /(\$\{)?\btasks\.([A-Za-z0-9._-]+?)(?=(?:\[[A-Za-z0-9._-]+\])?\.(?:result|party_results|status)\b)/g;
/** `tasks["a-b"]` of a condition, in which `a-b` would be a subtraction, and `tasks["a[0]"]`. */
const INDEX = /\btasks\["([A-Za-z0-9._-]+)(\[[A-Za-z0-9._-]+\])?"\]/g;
const IDENTIFIER = /^[A-Za-z_]\w*$/;

/** Gives tasks new ids, everywhere where they are named: dependencies, references, outputs. */
const renamed = <Of>(of: Of, names: ReadonlyMap<string, string>): Of =>
  rewritten(of, (value) =>
    value
      .replaceAll(MEMBER, (whole, open: string | undefined, id: string) => {
        const to = names.get(id);
        if (to === undefined) return whole;
        return open !== undefined || IDENTIFIER.test(to) ? `${open ?? ''}tasks.${to}` : `tasks["${to}"]`;
      })
      .replaceAll(INDEX, (whole, id: string, instance: string | undefined) =>
        names.has(id) ? `tasks["${names.get(id)!}${instance ?? ''}"]` : whole,
      ),
  );

/** The same, with another text in place of each. */
function rewritten<Of>(of: Of, text: (value: string) => string): Of {
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map((each) => walk(each));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, walk(each)]));
  };
  return walk(of) as Of;
}

/** A task with other names in what it does. It leaves a chain that is written out there: its names are separate, and it cannot refer to those around it. */
function reworked<Of extends Fields>(work: Of, anew: (work: Of) => Of): Of {
  const next = anew(work);
  const { task_params: params } = work;
  const config = isFields(params) ? params['task_config'] : undefined;
  if (work['task_type'] !== 'chain' || !isFields(config) || config['chain'] === undefined) return next;
  const { task_config: changed, ...others } = next['task_params'] as Fields;
  return { ...next, task_params: { ...others, task_config: { ...(changed as Fields), chain: config['chain'] } } };
}

function renamedTask(task: DraftTask, names: ReadonlyMap<string, string>): DraftTask {
  const name = (id: string): string => names.get(id) ?? id;
  const { task_id, depends_on, ...rest } = task;
  const { callback_for: callbacks, compensate_with: undoes } = task;
  const anew = (work: Fields) => renamed(work, names);
  return {
    ...(withArms(reworked<Fields>(rest, anew), name) as DraftTask),
    ...(isFields(undoes) && { compensate_with: reworked(undoes, anew) }),
    task_id: name(task_id),
    depends_on: depends_on.map((each) =>
      typeof each === 'string' ? name(each) : { ...renamed(each, names), task_id: name(each.task_id) },
    ),
    ...(Array.isArray(callbacks) && { callback_for: callbacks.map((each: string) => name(each)) }),
  };
}

/** Gives a task another id; undefined where another task has it. */
export function renameTask(draft: Draft, id: string, to: string): Draft | undefined {
  if (to !== id && draft.tasks.some(({ task_id }) => task_id === to)) return undefined;
  const names = new Map([[id, to]]);
  const tasks = draft.tasks.map((task) => renamedTask(task, names));
  return { ...patched(draft, { outputs: renamed(draft['outputs'], names) }), tasks };
}

/** `${params.rows}`, of which `$${` makes plain text. */
const PARAM = /(?<!\$)\$\{params\.([^.[\]{}]+)(?=[.[}])/g;

const paramsOf = (schema: unknown): string[] =>
  isFields(schema) && isFields(schema['properties']) ? Object.keys(schema['properties']) : [];

/** What became of the parameters that are gone: the name that one has now. A form renames one at a time. */
function goneParams(before: unknown, after: unknown): ReadonlyMap<string, string | undefined> {
  const [had, has] = [paramsOf(before), paramsOf(after)];
  const gone = had.filter((name) => !has.includes(name));
  const come = has.filter((name) => !had.includes(name));
  return new Map(gone.map((name) => [name, gone.length === 1 && come.length === 1 ? come[0] : undefined]));
}

/** The values for the parameters of a chain once those are others: one that is renamed keeps its own, and what no parameter has any more goes. */
export function argsFor(args: unknown, before: unknown, after: unknown): unknown {
  const gone = goneParams(before, after);
  if (!isFields(args) || gone.size === 0) return args;
  const left = Object.entries(args).flatMap(([name, value]) => {
    const now = gone.has(name) ? gone.get(name) : name;
    return now === undefined ? [] : [[now, value] as const];
  });
  return left.length > 0 ? Object.fromEntries(left) : undefined;
}

/** Gives a chain other parameters; where one has another name, its tasks refer to that. */
export function setParams(draft: Draft, params: unknown): Draft {
  const { params: before, args } = draft;
  const next = patched(draft, { params, args: argsFor(args, before, params) });
  const names = goneParams(before, params);
  if ([...names.values()].every((to) => to === undefined)) return next;
  const anew = <Of>(of: Of): Of =>
    rewritten(of, (text) =>
      text.replaceAll(PARAM, (whole, name: string) => {
        const to = names.get(name);
        return to === undefined ? whole : `\${params.${to}`;
      }),
    );
  const tasks = draft.tasks.map((task): DraftTask => {
    const { compensate_with: undoes } = task;
    return { ...reworked(task, anew), ...(isFields(undoes) && { compensate_with: reworked(undoes, anew) }) };
  });
  return { ...next, tasks };
}

/**
 * Adds copies of tasks. What they say of each other holds among the copies; they wait for no others that are not there. Throws NoChain where there are
 * too many tasks.
 */
export function paste(draft: Draft, copies: readonly DraftTask[]): [Draft, Map<string, string>] {
  const names = new Map<string, string>();
  let taken: readonly DraftTask[] = draft.tasks;
  for (const copy of copies) {
    const task_id = freeId({ tasks: taken }, copy.task_id);
    names.set(copy.task_id, task_id);
    taken = [...taken, { ...copy, task_id }];
  }
  const known = new Set([...draft.tasks.map(({ task_id }) => task_id), ...names.keys()]);
  const added = copies.map((copy) => {
    const parents = copy.depends_on.filter((each) => known.has(parentOf(each)));
    // A copy takes no arm to a task that is not copied; without any such task it is no branch.
    const armed = withArms(copy, (id) => (names.has(id) ? id : undefined));
    const own = armsOf(armed).some(({ to }) => to.length > 0) ? armed : patched(armed, { branch: undefined });
    return renamedTask(withParents(own, parents), names);
  });
  return [withMore(draft, added), names];
}
