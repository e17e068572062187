import { readDependencies } from './dependencies.js';
import { pointer } from './input-fault.js';
import { type JsonValue, mapStrings } from './map-strings.js';
import { splitText } from './reference-syntax.js';
import { changesOf, leavesOf, type DiffMode, type ValueChange } from './value-diff.js';

/** What became of a task or an edge. */
export type Change = 'added' | 'removed' | 'renamed' | 'changed' | 'same';

/** What a change is about: words for people, parameters of tasks, rules of running, or parameters and outputs of the chain. */
export type ChangedPart = 'text' | 'parameters' | 'policy' | 'interface';

export type PartChange = ValueChange & { readonly part: ChangedPart };

/** A task of either chain. `changes` have pointers into the task. */
export interface TaskDiff {
  readonly task_id: string;
  readonly task_name: string;
  readonly task_type: string;
  readonly change: Change;
  /** Its id before, and how much of it stayed (0 to 1). Null unless it was renamed. */
  readonly renamed_from: string | null;
  readonly likeness: number | null;
  readonly changes: readonly PartChange[];
}

/** A dependency of either chain, by the ids after. */
export interface EdgeDiff {
  readonly from: string;
  readonly to: string;
  readonly change: Exclude<Change, 'renamed'>;
  readonly changes: readonly ValueChange[];
}

/** How one chain became another. */
export interface ChainDiff {
  /** Whether both mean the same. Values that were put in for parameters are no difference. */
  readonly same: boolean;
  /** Changes of what is no task, with pointers into the chain. */
  readonly chain: readonly PartChange[];
  /** Every task: those after in their order, then those removed. */
  readonly tasks: readonly TaskDiff[];
  readonly edges: readonly EdgeDiff[];
}

type Body = Readonly<Record<string, unknown>>;
type Json = Record<string, JsonValue>;
interface Task {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** All of it but its id and what it waits for. */
  readonly fields: Json;
}
interface Edge {
  readonly from: string;
  readonly to: string;
  readonly fields: Json;
}
interface Side {
  readonly body: Body;
  readonly tasks: ReadonlyMap<string, Task>;
  readonly edges: readonly Edge[];
}
interface Pair {
  readonly from: Task;
  readonly to: Task;
  readonly likeness: number;
}

/** Tasks that share less are two tasks. */
const LEAST_LIKENESS = 0.5;
/** Pairs of tasks that are compared at most: beyond it, tasks are added and removed. */
const MOST_PAIRS = 1_000_000;
/** Says only what `depends_on` says as well. */
const OF_EDGES = new Set(['task_id', 'depends_on', 'callback_for', 'execution_mode']);
const OF_MAKING = ['tasks', 'args', 'execute'];

/**
 * Compares two bodies of `POST /chains` by meaning: the order of keys and of tasks, and the form in which a dependency is
 * written, make no difference. A removed and an added task of one type that have half in common are one that was renamed;
 * references follow it. `of-template`: the second was made of the first, whose parameters it has values for.
 * Both must be chains that `POST /chains` takes.
 */
export function diffChains(before: Body, after: Body, mode: DiffMode = 'versions'): ChainDiff {
  const old = sideOf(before);
  const now = sideOf(after);
  const renames = renamesOf(old, now);
  const named = new Map(renames.map(({ from, to }) => [from.id, to.id]));
  const asNow = (value: JsonValue): JsonValue => (named.size === 0 ? value : withNames(value, named));
  const pairs = new Map(renames.map((pair) => [pair.to.id, pair]));

  const chain = chainChanges(asNow(restOf(old, mode)) as Json, restOf(now, mode), mode);
  const tasks = [...now.tasks.values()].map((task): TaskDiff => {
    const pair = pairs.get(task.id);
    const from = pair?.from ?? old.tasks.get(task.id);
    if (from === undefined) return taskDiff(task, 'added');
    const changes = changesOf(asNow(from.fields), task.fields, [], mode).map((each) => ({
      part: partOfTask(each.pointer),
      ...each,
    }));
    if (pair !== undefined)
      return { ...taskDiff(task, 'renamed', changes), renamed_from: from.id, likeness: pair.likeness };
    return taskDiff(task, changes.some(isDifference) ? 'changed' : 'same', changes);
  });
  for (const task of old.tasks.values())
    if (!now.tasks.has(task.id) && !named.has(task.id)) tasks.push(taskDiff(task, 'removed'));
  const edges = edgeDiffs(old.edges, now.edges, (id) => named.get(id) ?? id, asNow);
  const same = ![...tasks, ...edges].some(({ change }) => change !== 'same') && !chain.some(isDifference);
  return { same, chain, tasks, edges };
}

const isDifference = ({ change }: ValueChange): boolean => change !== 'filled';

function taskDiff({ id, name, type }: Task, change: Change, changes: readonly PartChange[] = []): TaskDiff {
  return { task_id: id, task_name: name, task_type: type, change, renamed_from: null, likeness: null, changes };
}

function sideOf(body: Body): Side {
  const sent = Array.isArray(body['tasks']) ? (body['tasks'] as Json[]) : [];
  const tasks = new Map<string, Task>();
  const edges: Edge[] = [];
  readDependencies(sent).forEach(({ id, dependencies }, i) => {
    const fields = Object.fromEntries(Object.entries(sent[i]!).filter(([key]) => !OF_EDGES.has(key)));
    const { task_name: name, task_type: type } = fields;
    tasks.set(id, { id, name: typeof name === 'string' ? name : id, type: String(type), fields });
    for (const { taskId, dependencyType, when } of dependencies)
      edges.push({ from: taskId, to: id, fields: { dependency_type: dependencyType, ...(when !== null && { when }) } });
  });
  return { body, tasks, edges };
}

/** What is no task. A chain that was made of a template has its parameters no more. */
function restOf({ body }: Side, mode: DiffMode): Json {
  const left = mode === 'of-template' ? [...OF_MAKING, 'params'] : OF_MAKING;
  return Object.fromEntries(Object.entries(body as Json).filter(([key]) => !left.includes(key)));
}

/** The likeliest pairs first, each task in one of them. */
function renamesOf(old: Side, now: Side): Pair[] {
  const gone = [...old.tasks.values()].filter(({ id }) => !now.tasks.has(id));
  const come = [...now.tasks.values()].filter(({ id }) => !old.tasks.has(id));
  if (gone.length * come.length > MOST_PAIRS) return [];
  const marks = (side: Side, tasks: readonly Task[]) => {
    const near = neighboursOf(side.edges);
    return new Map(tasks.map((task) => [task, new Set([...leavesOf(task.fields), ...(near.get(task.id) ?? [])])]));
  };
  const [before, after] = [marks(old, gone), marks(now, come)];
  const pairs: Pair[] = [];
  for (const from of gone) {
    for (const to of come) {
      if (from.type !== to.type) continue;
      const likeness = likenessOf(before.get(from)!, after.get(to)!);
      if (likeness >= LEAST_LIKENESS) pairs.push({ from, to, likeness });
    }
  }
  const taken = new Set<Task>();
  return pairs
    .sort((a, b) => b.likeness - a.likeness)
    .filter(({ from, to }) => {
      if (taken.has(from) || taken.has(to)) return false;
      taken.add(from).add(to);
      return true;
    });
}

function neighboursOf(edges: readonly Edge[]): Map<string, string[]> {
  const near = new Map<string, string[]>();
  const add = (id: string, mark: string) => void near.set(id, [...(near.get(id) ?? []), mark]);
  for (const { from, to } of edges) {
    add(from, `before ${to}`);
    add(to, `after ${from}`);
  }
  return near;
}

/** The share that both have of what each has, in hundredths. */
function likenessOf(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let both = 0;
  for (const mark of a) if (b.has(mark)) both++;
  return Math.round((200 * both) / (a.size + b.size)) / 100;
}

/** References to renamed tasks by their new names. No new name is one of the old ones. */
function withNames(value: JsonValue, named: ReadonlyMap<string, string>): JsonValue {
  return mapStrings(value, [], (text) => {
    let out = '';
    for (const segment of splitText(text)) {
      if (segment.kind === 'text') {
        out += segment.text.replaceAll('${', () => '$${');
        continue;
      }
      const [, id, rest] = /^\$\{tasks\.(.+?)(\.(?:result|party_results)(?:[.[}].*|$))/s.exec(segment.raw) ?? [];
      const name = id === undefined ? undefined : named.get(id);
      out += name === undefined ? segment.raw : `\${tasks.${name}${rest}`;
    }
    return out;
  });
}

function chainChanges(before: Json, after: Json, mode: DiffMode): PartChange[] {
  return changesOf(before, after, [], mode).map((each) => ({ part: partOfChain(each.pointer), ...each }));
}

function partOfTask(at: string): ChangedPart {
  if (at.startsWith('/task_params')) return 'parameters';
  return at === '/task_name' ? 'text' : 'policy';
}

function partOfChain(at: string): ChangedPart {
  if (/^\/(params|outputs)(\/|$)/.test(at)) return 'interface';
  return at.startsWith('/options') ? 'policy' : 'text';
}

function edgeDiffs(
  old: readonly Edge[],
  now: readonly Edge[],
  nameNow: (id: string) => string,
  asNow: (value: JsonValue) => JsonValue,
): EdgeDiff[] {
  const before = new Map(
    old.map(({ from, to, fields }): [string, Edge] => {
      const [a, b] = [nameNow(from), nameNow(to)];
      return [pointer(a, b), { from: a, to: b, fields: asNow(fields) as Json }];
    }),
  );
  const diffs = now.map(({ from, to, fields }): EdgeDiff => {
    const there = before.get(pointer(from, to));
    if (there === undefined) return { from, to, change: 'added', changes: [] };
    before.delete(pointer(from, to));
    const changes = changesOf(there.fields, fields, [], 'versions');
    return { from, to, change: changes.length > 0 ? 'changed' : 'same', changes };
  });
  for (const { from, to } of before.values()) diffs.push({ from, to, change: 'removed', changes: [] });
  return diffs;
}
