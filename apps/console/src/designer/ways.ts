import { NODE, type Layout, type Point, type Way } from '../chain/node-size.js';

/** The ways of edges around tasks, by where both ends stand: who moves an end has a plain edge again. */
export type Ways = ReadonlyMap<string, Way>;

const keyOf = (from: Point, to: Point) => `${from.x} ${from.y} ${to.x} ${to.y}`;

/** Undefined where the layout has found none between tasks that stand there. */
export function wayBetween(ways: Ways, from: Point | undefined, to: Point | undefined): Way | undefined {
  return from && to && ways.get(keyOf(from, to));
}

/** Between levels that follow each other, px. */
const GAP = 60;

/** What a layout has found, of the edges that pass a level: no task stands in the way of the others. */
export function waysOf({ places, ways }: Layout, edges: readonly (readonly [from: string, to: string])[]): Ways {
  const found = new Map<string, Way>();
  for (const [at, [from, to]] of edges.entries()) {
    const [a, b, way] = [places[from], places[to], ways[at]];
    if (a === undefined || b === undefined || way === undefined) continue;
    const passes = b.x - a.x >= 2 * (NODE.width + GAP) || b.y - a.y >= 2 * (NODE.height + GAP);
    if (passes) found.set(keyOf(a, b), way);
  }
  return found;
}
