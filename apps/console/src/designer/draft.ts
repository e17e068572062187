/** A chain as its author writes it. What the API will say of the rest is not known here. */
export interface Draft {
  readonly chain_name: string;
  readonly tasks: readonly DraftTask[];
  readonly [field: string]: unknown;
}
export interface DraftTask {
  readonly task_id: string;
  readonly task_type: string;
  readonly depends_on: readonly Dependency[];
  readonly task_params: Fields;
  readonly [field: string]: unknown;
}
export type Dependency = string | ({ readonly task_id: string } & Fields);
export type Fields = Readonly<Record<string, unknown>>;

/** Types of tasks that no worker runs, so that nothing says how one does. */
const CONTROL_TYPES: readonly string[] = ['wait', 'signal', 'sign_off', 'chain'];
export const isControlType = (type: string): boolean => CONTROL_TYPES.includes(type);

/** More tasks than this are not drawn: such chains are made by programs. */
export const MOST_TASKS = 500;
/** Characters of a chain that is read. */
export const LONGEST = 1_000_000;

export const EMPTY: Draft = { chain_name: 'my-chain', tasks: [] };

/** Why something is no chain that can be drawn; a name of the words. */
export class NoChain extends Error {
  constructor(readonly why: 'shape' | 'twice' | 'many') {
    super(why);
  }
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What stands under a name that somebody chose: it may be that of what every object has, such as constructor. */
export const memberOf = (of: Fields, name: string): unknown => (Object.hasOwn(of, name) ? of[name] : undefined);

/**
 * Reads a chain that somebody wrote. What can be drawn is checked here, and the rest by the API. Each task gets its `depends_on` in
 * writing: one of a sequence that names nothing to wait for waits for the task before it, and `callback_for` waits as well. Throws NoChain.
 */
export function readDraft(value: unknown): Draft {
  if (!isFields(value) || !Array.isArray(value['tasks'])) throw new NoChain('shape');
  if (value['tasks'].length > MOST_TASKS) throw new NoChain('many');
  const armed = new Set(
    value['tasks'].flatMap((task: unknown) => (isFields(task) ? armsOf(task) : [])).flatMap(({ to }) => to),
  );
  let before: string | undefined;
  const tasks = value['tasks'].map((task: unknown): DraftTask => {
    if (!isFields(task)) throw new NoChain('shape');
    const { task_id: id, task_type: type, depends_on: own, callback_for: more } = task;
    if (typeof id !== 'string' || typeof type !== 'string' || id.length > 200) throw new NoChain('shape');
    const isFirst = before === undefined || task['execution_mode'] === 'parallel' || armed.has(id);
    const isInOrder = own === undefined && more === undefined && !isFirst;
    const implied = isInOrder ? [before!] : [];
    const written = Array.isArray(own) ? own.filter((each) => isDependency(each)) : implied;
    const known = new Set(written.map((each) => parentOf(each)));
    const callbacks = (Array.isArray(more) ? more : []).filter((each) => typeof each === 'string' && !known.has(each));
    before = id;
    const params = isFields(task['task_params']) ? task['task_params'] : {};
    return { ...task, task_id: id, task_type: type, depends_on: [...written, ...callbacks], task_params: params };
  });
  if (new Set(tasks.map(({ task_id }) => task_id)).size < tasks.length) throw new NoChain('twice');
  const { chain_name: name } = value;
  return { ...value, chain_name: typeof name === 'string' ? name : '', tasks };
}

const isDependency = (value: unknown): value is Dependency =>
  typeof value === 'string' || (isFields(value) && typeof value['task_id'] === 'string');

/** What a task is called where it is shown: what is written as its name may be anything. */
export const nameOf = ({ task_id: id, task_name: name }: DraftTask): string =>
  typeof name === 'string' && name !== '' ? name : id;

export const parentOf = (dependency: Dependency): string =>
  typeof dependency === 'string' ? dependency : dependency.task_id;

/** The arms of a task's branch: which tasks run after it, and when; of the last one, where no other is taken. */
export function armsOf(task: Fields): { readonly to: readonly string[]; readonly when: string | undefined }[] {
  const { branch } = task;
  return (Array.isArray(branch) ? branch : []).flatMap((arm: unknown) => {
    if (!isFields(arm)) return [];
    const to = arm['then'] ?? arm['else'];
    if (!Array.isArray(to)) return [];
    const when = typeof arm['when'] === 'string' ? arm['when'] : undefined;
    return [{ to: to.filter((each) => typeof each === 'string'), when }];
  });
}

export interface DraftEdge {
  readonly from: string;
  readonly to: string;
  readonly when?: string | undefined;
  readonly isArm: boolean;
  /** The conditions of the arms that name the task: they are one edge. */
  readonly arms?: readonly (string | undefined)[];
}

export const edgeId = ({ from, to, isArm }: Pick<DraftEdge, 'from' | 'to' | 'isArm'>): string =>
  JSON.stringify([from, to, isArm]);

/** As graphs are laid out. */
export const endsOf = (edges: readonly DraftEdge[]) => edges.map(({ from, to }) => [from, to] as const);

/** What is worked out of something that never changes, once: the canvas and each field of a form ask for it each time that they are drawn. */
function onceFor<Of extends object, Made>(make: (of: Of) => Made): (of: Of) => Made {
  const known = new WeakMap<Of, { readonly made: Made }>();
  return (of) => {
    const found = known.get(of) ?? { made: make(of) };
    known.set(of, found);
    return found.made;
  };
}

const edgesAt = onceFor((task: DraftTask): readonly DraftEdge[] => {
  const { task_id: id, depends_on } = task;
  const parents = depends_on.map((each): DraftEdge => {
    const when = typeof each !== 'string' && typeof each['when'] === 'string' ? each['when'] : undefined;
    return { from: parentOf(each), to: id, when, isArm: false };
  });
  const named = armsOf(task).flatMap(({ to, when }) => to.map((each) => ({ to: each, when })));
  const arms = [...Map.groupBy(named, ({ to }) => to)].map(([to, all]): DraftEdge => {
    const asked = all.map(({ when }) => when);
    return { from: id, to, when: asked.length === 1 ? asked[0] : undefined, isArm: true, arms: asked };
  });
  return [...parents, ...arms];
});

const edgesAmong = onceFor((tasks: readonly DraftTask[]): readonly DraftEdge[] => {
  const known = new Set(tasks.map(({ task_id }) => task_id));
  return tasks.flatMap((task) => edgesAt(task)).filter(({ from, to }) => known.has(from) && known.has(to));
});

/** What waits for what, as it is drawn: dependencies, and the arms of branches. */
export const edgesOf = ({ tasks }: Draft): readonly DraftEdge[] => edgesAmong(tasks);

const byId = onceFor((tasks: readonly DraftTask[]) => new Map(tasks.map((task) => [task.task_id, task])));

export const taskOf = ({ tasks }: Draft, id: string): DraftTask | undefined => byId(tasks).get(id);

const ancestry = onceFor((tasks: readonly DraftTask[]) => ({
  parents: Map.groupBy(edgesAmong(tasks), ({ to }) => to),
  known: new Map<string, readonly string[]>(),
}));

/** All tasks before a task, which it may refer to. */
export function ancestorsOf({ tasks }: Draft, id: string): readonly string[] {
  const { parents, known } = ancestry(tasks);
  const found = new Set<string>();
  const open = known.has(id) ? [] : [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const { from } of parents.get(next) ?? []) {
      if (from === id || found.has(from)) continue;
      found.add(from);
      open.push(from);
    }
  }
  const all = known.get(id) ?? [...found];
  known.set(id, all);
  return all;
}

/** An id that no task has yet: psi, psi-2, … */
export function freeId({ tasks }: Pick<Draft, 'tasks'>, wanted: string): string {
  const taken = new Set(tasks.map(({ task_id }) => task_id));
  const base = wanted.slice(0, 58);
  for (let n = 1; ; n++) {
    const id = n === 1 ? base : `${base}-${n}`;
    if (!taken.has(id)) return id;
  }
}
