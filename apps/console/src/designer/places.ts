import { PADDING } from '../chain/frames.js';
import { NODE, runsDown, type Places } from '../chain/node-size.js';
import { edgesOf, endsOf, parentOf } from './draft.js';
import type { Sheet } from './history.js';

const ACROSS = NODE.width + 60;
type Place = Places[string];
// With room for frames.
const DOWN = NODE.height + PADDING.top + PADDING.side;

/** The places of all tasks of a draft: one without a place stands behind its parents, beside what is there. */
export function placed({ draft, places }: Sheet): Places {
  const all: Record<string, { x: number; y: number }> = {};
  for (const { task_id: id } of draft.tasks) if (places[id] !== undefined) all[id] = places[id];
  const isDown = runsDown(endsOf(edgesOf(draft)), all);
  for (const { task_id: id, depends_on } of draft.tasks) {
    if (all[id] !== undefined) continue;
    const parents = depends_on.flatMap((each) => all[parentOf(each)] ?? []);
    all[id] = isDown ? below(parents, all) : behind(parents, all);
  }
  return all;
}

function behind(parents: readonly Place[], all: Places): Place {
  const x = parents.length === 0 ? 0 : Math.max(...parents.map((place) => place.x)) + ACROSS;
  let y = parents.length === 0 ? 0 : Math.min(...parents.map((place) => place.y));
  const column = Object.values(all).filter((place) => Math.abs(place.x - x) < NODE.width);
  while (column.some((place) => Math.abs(place.y - y) < DOWN)) y += DOWN;
  return { x, y };
}

function below(parents: readonly Place[], all: Places): Place {
  let x = parents.length === 0 ? 0 : Math.min(...parents.map((place) => place.x));
  const y = parents.length === 0 ? 0 : Math.max(...parents.map((place) => place.y)) + DOWN;
  const row = Object.values(all).filter((place) => Math.abs(place.y - y) < NODE.height);
  while (row.some((place) => Math.abs(place.x - x) < ACROSS)) x += ACROSS;
  return { x, y };
}
