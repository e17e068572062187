import type { Places } from '../chain/node-size.js';
import { isFields, NoChain, readDraft, type Draft, type DraftTask, type Fields } from './draft.js';
import { argsFor, patched } from './edits.js';

/** Where a chain stands that is written out in a task of another one: the ids of the tasks that lead to it. The outermost has none. */
export type Path = readonly string[];

/** The API takes no chains that stand in each other deeper, the outermost counted. */
const MOST_DEEP = 5;

/** By task, which is never changed: it is asked for each time that the canvas is drawn. */
const READ = new WeakMap<DraftTask, Draft | 'none'>();

/** The chain that a task has in writing, where it can be drawn. It may have no tasks yet. */
function chainIn(task: DraftTask): Draft | undefined {
  const known = READ.get(task) ?? readChain(task) ?? 'none';
  READ.set(task, known);
  return known === 'none' ? undefined : known;
}

function readChain({ task_type: type, task_params: params }: DraftTask): Draft | undefined {
  const config = params['task_config'] ?? {};
  if (type !== 'chain' || !isFields(config) || config['template'] !== undefined) return undefined;
  try {
    return readDraft(config['chain'] ?? { tasks: [] });
  } catch (error) {
    if (error instanceof NoChain) return undefined;
    throw error;
  }
}

/** Whether the chain of a task of the chain at a path can be drawn. */
export const canOpen = (task: DraftTask, path: Path): boolean =>
  path.length + 1 < MOST_DEEP && chainIn(task) !== undefined;

/** How many tasks stand in the chain of a task, as it is written. */
export function sizeOf({ task_params: params }: DraftTask): number {
  const config = params['task_config'];
  const chain = isFields(config) ? config['chain'] : undefined;
  return isFields(chain) && Array.isArray(chain['tasks']) ? chain['tasks'].length : 0;
}

/** The task of the inner chain that a pointer into the task leads to; undefined: to none of them. */
export function innerIdAt(task: DraftTask, pointer: string): string | undefined {
  const [, at] = /^\/task_params\/task_config\/chain\/tasks\/(\d+)/.exec(pointer) ?? [];
  return at === undefined ? undefined : chainIn(task)?.tasks[Number(at)]?.task_id;
}

/** The chain at a path, or the last one on the way to it that can be drawn: a task may be gone by now. */
export function innerOf(draft: Draft, wanted: Path): { readonly draft: Draft; readonly path: Path } {
  const path: string[] = [];
  let inner = draft;
  for (const id of wanted) {
    const task = inner.tasks.find(({ task_id }) => task_id === id);
    if (task === undefined || !canOpen(task, path)) break;
    inner = chainIn(task)!;
    path.push(id);
  }
  return { draft: inner, path };
}

/** A draft with another chain at a path to one. */
export function withInner(draft: Draft, [id, ...rest]: Path, inner: Draft): Draft {
  if (id === undefined) return inner;
  const tasks = draft.tasks.map((task) => {
    if (task.task_id !== id) return task;
    const before = chainIn(task)!;
    const chain = withInner(before, rest, inner);
    const config = isFields(task.task_params['task_config']) ? task.task_params['task_config'] : {};
    // A chain without a name is shown by the name of the task.
    const written = chain.chain_name === '' ? patched<Fields>(chain, { chain_name: undefined }) : chain;
    const args = argsFor(config['args'], before['params'], chain['params']);
    return {
      ...task,
      task_params: { ...task.task_params, task_config: patched(config, { chain: written, args }) },
    };
  });
  return { ...draft, tasks };
}

/** The JSON pointer of the chain at a path. */
export function pointerTo(draft: Draft, path: Path): string {
  return path
    .map((id, depth) => {
      const { tasks } = innerOf(draft, path.slice(0, depth)).draft;
      const at = tasks.findIndex(({ task_id }) => task_id === id);
      return `/tasks/${at}/task_params/task_config/chain`;
    })
    .join('');
}

const prefixOf = (path: Path): string => path.map((id) => `${id}/`).join('');

/** Where the tasks of the chain at a path stand: all chains of a draft have their places together, by the way to each task. */
export function placesAt(places: Places, path: Path): Places {
  const prefix = prefixOf(path);
  return Object.fromEntries(
    Object.entries(places).flatMap(([name, place]) =>
      name.startsWith(prefix) && !name.includes('/', prefix.length) ? [[name.slice(prefix.length), place]] : [],
    ),
  );
}

/** The places once a task of the chain at a path has another id: its own, and those of the chains in it. */
export function placesRenamed(places: Places, path: Path, id: string, to: string): Places {
  const [before, after] = [prefixOf(path) + id, prefixOf(path) + to];
  const isAt = (name: string, prefix: string) => name === prefix || name.startsWith(`${prefix}/`);
  return Object.fromEntries(
    Object.entries(places).flatMap(([name, place]): [string, Places[string]][] => {
      if (isAt(name, before)) return [[after + name.slice(before.length), place]];
      // Of a task that is gone.
      return isAt(name, after) ? [] : [[name, place]];
    }),
  );
}

export function withPlacesAt(places: Places, path: Path, own: Places): Places {
  const prefix = prefixOf(path);
  const others = Object.entries(places).filter(
    ([name]) => !name.startsWith(prefix) || name.includes('/', prefix.length),
  );
  return Object.fromEntries([...others, ...Object.entries(own).map(([id, place]) => [prefix + id, place])]);
}
