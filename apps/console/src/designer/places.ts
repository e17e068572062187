import { PADDING } from '../chain/frames.js';
import { NODE, runsDown, type Places } from '../chain/node-size.js';
import { edgesOf, endsOf, parentOf, type DraftTask } from './draft.js';
import { addTask, paste } from './edits.js';
import type { Sheet } from './history.js';

const ACROSS = NODE.width + 60;
type Place = Places[string];
// With room for frames.
const DOWN = NODE.height + PADDING.top + PADDING.side;

/** A chain as it is drawn. */
export type Drawn = Pick<Sheet, 'draft' | 'places'>;

/** The places of all tasks of a draft: one without a place stands behind its parents, beside what is there. */
export function placed({ draft, places }: Drawn): Places {
  // A task may have the name of what every object has, such as constructor.
  const all = new Map<string, Place>();
  for (const { task_id: id } of draft.tasks) if (Object.hasOwn(places, id)) all.set(id, places[id]!);
  const isDown = runsDown(endsOf(edgesOf(draft)), Object.fromEntries(all));
  for (const { task_id: id, depends_on } of draft.tasks) {
    if (all.has(id)) continue;
    const parents = depends_on.flatMap((each) => all.get(parentOf(each)) ?? []);
    const there = [...all.values()];
    all.set(id, isDown ? below(parents, there) : behind(parents, there));
  }
  return Object.fromEntries(all);
}

function behind(parents: readonly Place[], all: readonly Place[]): Place {
  const x = parents.length === 0 ? 0 : Math.max(...parents.map((place) => place.x)) + ACROSS;
  let y = parents.length === 0 ? 0 : Math.min(...parents.map((place) => place.y));
  const column = all.filter((place) => Math.abs(place.x - x) < NODE.width);
  while (column.some((place) => Math.abs(place.y - y) < DOWN)) y += DOWN;
  return { x, y };
}

function below(parents: readonly Place[], all: readonly Place[]): Place {
  let x = parents.length === 0 ? 0 : Math.min(...parents.map((place) => place.x));
  const y = parents.length === 0 ? 0 : Math.max(...parents.map((place) => place.y)) + DOWN;
  const row = all.filter((place) => Math.abs(place.y - y) < NODE.height);
  while (row.some((place) => Math.abs(place.x - x) < ACROSS)) x += ACROSS;
  return { x, y };
}

/** With one task more: around the point where it was dropped, else behind its parents. Throws NoChain where there are too many. */
export function withTask(
  { draft, places }: Drawn,
  type: string,
  parents: readonly string[],
  at?: Place,
): [Drawn, string[]] {
  const [next, id] = addTask(draft, type, { task_config: {} }, parents);
  const known = at && { [id]: { x: at.x - NODE.width / 2, y: at.y - NODE.height / 2 } };
  return [{ draft: next, places: placed({ draft: next, places: { ...places, ...known } }) }, [id]];
}

/** With copies, beside what they are copies of: what was cut, or is of another chain, stands nowhere here. Throws NoChain where there are too many. */
export function withCopies({ draft, places }: Drawn, copies: readonly DraftTask[]): [Drawn, string[]] {
  const [next, names] = paste(draft, copies);
  const beside = [...names].flatMap(([id, copy]): [string, Place][] => {
    if (!Object.hasOwn(places, id)) return [];
    const { x, y } = places[id]!;
    return [[copy, { x: x + 40, y: y + NODE.height + 30 }]];
  });
  const known = { ...places, ...Object.fromEntries(beside) };
  return [{ draft: next, places: placed({ draft: next, places: known }) }, [...names.values()]];
}
