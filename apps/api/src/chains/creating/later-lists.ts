import {
  DEFAULT_MAX_ITEMS,
  type ForEach,
  isObject,
  type JsonValue,
  mapStrings,
  pointer,
  readForEach,
  type Segment,
  splitText,
} from '#libs/chain-domain';

type Task = Readonly<Record<string, JsonValue>>;

/** A task with `for_each` over a list that is known once its chain runs: the listener opens it as a chain of its instances. */
export interface LaterList {
  /** Of the task itself: what it gives to its chain. */
  readonly params: Readonly<Record<string, JsonValue>>;
  readonly forEach: ForEach & { readonly maxItems: number };
  /** The chain, written with one instance. */
  readonly chain: Readonly<Record<string, JsonValue>>;
  /** Its parameters: the item, the index, and the references of the task. */
  readonly open: ReadonlySet<string>;
  /** Where the task has a value of its chain's parameters, by the place of that parameter. */
  readonly placeOf: (place: string) => string;
}

/** The list of a `for_each`, or what stands for it. */
export const listOf = (said: JsonValue | undefined): JsonValue | undefined =>
  isObject(said) ? (said as Task)['items'] : said;

/** Fields that say when the task starts and ends, and not how an instance runs. */
const OF_TASK = ['for_each', 'depends_on', 'callback_for', 'is_callback', 'execution_mode'] as const;
const OF_START = ['trigger_rule', 'when', 'end_chain', 'priority', 'tolerable'] as const;

/** What a task with `for_each` becomes whose list comes out of a result; undefined: it has a list, or none at all. */
export function laterList(task: Task): LaterList | undefined {
  const { for_each: said, task_id: id, task_params: params = {} } = task;
  const list = listOf(said);
  if (typeof list !== 'string' || !list.startsWith('${') || typeof id !== 'string') return undefined;
  const forEach = { maxItems: DEFAULT_MAX_ITEMS, ...readForEach(said) };
  const { maxParallel, atLeast } = forEach;
  const lifted = lift(params);
  const left = new Set<string>([...OF_TASK, ...OF_START, 'compensate_with', 'repeat']);
  const pattern = Object.fromEntries(Object.entries(task).filter(([field]) => !left.has(field)));
  const names = [...lifted.used];
  return {
    params: { task_config: { args: { items: list, ...lifted.args } } },
    forEach,
    chain: {
      ...(names.length > 0 && {
        params: { type: 'object', properties: Object.fromEntries(names.map((name) => [name, {}])) },
      }),
      tasks: [
        {
          ...pattern,
          depends_on: [],
          task_params: lifted.params,
          // One instance stands for all: each is made of it.
          for_each: {
            items: [0],
            ...(maxParallel !== undefined && { max_parallel: maxParallel }),
            ...(atLeast !== undefined && { at_least: 1 }),
          },
        },
      ],
      outputs: { results: `\${tasks.${id}.result}` },
    },
    open: lifted.used,
    placeOf: (place) => {
      const name = place.split('/').at(-1)!;
      if (name === 'items') return isObject(said) ? '/for_each/items' : '/for_each';
      return lifted.places.get(name) ?? place;
    },
  };
}

/**
 * Parameters as those of a chain: `${item}` and `${index}` are its parameters, and each reference to a result is another one, whose
 * value the task gives.
 */
function lift(params: JsonValue): {
  readonly params: JsonValue;
  readonly args: Readonly<Record<string, string>>;
  readonly used: ReadonlySet<string>;
  readonly places: ReadonlyMap<string, string>;
} {
  const names = new Map<string, string>();
  const places = new Map<string, string>();
  const used = new Set<string>();
  const paramOf = (
    { raw, body }: Extract<Segment, { kind: 'reference' }>,
    place: readonly (string | number)[],
  ): string => {
    const [root] = /^[^.[]*/.exec(body ?? '')!;
    if (root === 'item' || root === 'index') {
      used.add(root);
      return `\${params.${body!}}`;
    }
    // A parameter of the chain around it, whose value comes as that starts, is another one as well.
    if (root !== 'tasks' && root !== 'params') return raw;
    const name = names.get(raw) ?? `ref_${names.size}`;
    if (!names.has(raw)) places.set(name, pointer('task_params', ...place));
    names.set(raw, name);
    used.add(name);
    return `\${params.${name}}`;
  };
  const lifted = mapStrings(params, [], (text, place) =>
    [...splitText(text)]
      .map((segment) =>
        segment.kind === 'text' ? segment.text.replaceAll('${', () => '$${') : paramOf(segment, place),
      )
      .join(''),
  );
  return { params: lifted, args: Object.fromEntries([...names].map(([raw, name]) => [name, raw])), used, places };
}
