import { PADDING } from '../chain/frames.js';
import { NODE, type Places } from '../chain/node-size.js';
import { parentOf } from './draft.js';
import type { Sheet } from './history.js';

const ACROSS = NODE.width + 60;
// With room for frames.
const DOWN = NODE.height + PADDING.top + PADDING.side;

/** The places of all tasks of a draft: one without a place stands behind its parents, below what is there. */
export function placed({ draft, places }: Sheet): Places {
  const all: Record<string, { x: number; y: number }> = {};
  for (const { task_id: id } of draft.tasks) if (places[id] !== undefined) all[id] = places[id];
  for (const { task_id: id, depends_on } of draft.tasks) {
    if (all[id] !== undefined) continue;
    const parents = depends_on.flatMap((each) => all[parentOf(each)] ?? []);
    const x = parents.length === 0 ? 0 : Math.max(...parents.map((place) => place.x)) + ACROSS;
    let y = parents.length === 0 ? 0 : Math.min(...parents.map((place) => place.y));
    const column = Object.values(all).filter((place) => Math.abs(place.x - x) < NODE.width);
    while (column.some((place) => Math.abs(place.y - y) < DOWN)) y += DOWN;
    all[id] = { x, y };
  }
  return all;
}
