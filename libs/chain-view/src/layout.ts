import type { Graph } from './graph.js';

/** The position of an item: the middle of its left side, in units of the picture. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** By position in `nodes`. */
  readonly nodes: readonly Place[];
  /** By position in `edges`: the places between its two ends, one a level, through which it goes. */
  readonly bends: readonly (readonly Place[])[];
}

/** Sizes of a box, and the room between boxes. */
export interface Spacing {
  readonly width: number;
  readonly height: number;
  readonly gapX: number;
  readonly gapY: number;
}

/** A box, or a place where an edge passes a level. */
interface Slot {
  readonly level: number;
  readonly height: number;
  readonly before: Slot[];
  readonly after: Slot[];
  order: number;
  y: number;
}

const SWEEPS = 4;
/** Edges that pass more levels than this in all go straight: a picture so dense is not read edge by edge. */
const MAX_BENDS = 20_000;

/**
 * Places a graph by levels, from left to right. Within a level, what hangs together stands side by side (barycentres,
 * swept forth and back), and an edge over several levels has a gap in each, so that it crosses no box.
 */
export function layOut(graph: Graph, spacing: Spacing): Layout {
  const { width, height, gapX, gapY } = spacing;
  const columns: Slot[][] = [];
  const add = (level: number, slotHeight: number): Slot => {
    const column = (columns[level] ??= []);
    const slot: Slot = { level, height: slotHeight, before: [], after: [], order: column.length, y: 0 };
    column.push(slot);
    return slot;
  };
  const boxes = graph.nodes.map(({ level }) => add(level, height));
  const boxOf = new Map(graph.nodes.map(({ task_id }, i) => [task_id, boxes[i]!]));
  const ends = graph.edges.map(({ from, to }) => [boxOf.get(from)!, boxOf.get(to)!] as const);
  const span = ends.reduce((sum, [from, to]) => sum + to.level - from.level - 1, 0);
  const bends = ends.map(([from, to]) => {
    const passed: Slot[] = [];
    for (let level = from.level + 1; span <= MAX_BENDS && level < to.level; level++) passed.push(add(level, 0));
    [...passed, to].reduce((left, right) => {
      left.after.push(right);
      right.before.push(left);
      return right;
    }, from);
    return passed;
  });
  sweep(columns);
  const heights = columns.map((column) => column.reduce((sum, slot) => sum + slot.height + gapY, -gapY));
  const tallest = Math.max(0, ...heights);
  columns.forEach((column, level) => {
    let y = (tallest - heights[level]!) / 2;
    for (const slot of column) {
      slot.y = y + slot.height / 2;
      y += slot.height + gapY;
    }
  });
  const place = ({ level, y }: Slot): Place => ({ x: level * (width + gapX), y });
  return {
    width: columns.length * (width + gapX) - gapX,
    height: tallest,
    nodes: boxes.map(place),
    bends: bends.map((passed) => passed.map(place)),
  };
}

/** Orders each level by the middle of its neighbours on the one side, then on the other. */
function sweep(columns: readonly Slot[][]): void {
  for (let round = 0; round < SWEEPS; round++) {
    const forth = round % 2 === 0;
    for (const column of forth ? columns : [...columns].reverse()) {
      const middles = new Map(column.map((slot) => [slot, middle(forth ? slot.before : slot.after, slot.order)]));
      column.sort((a, b) => middles.get(a)! - middles.get(b)! || a.order - b.order);
      column.forEach((slot, order) => (slot.order = order));
    }
  }
}

function middle(neighbours: readonly Slot[], own: number): number {
  if (neighbours.length === 0) return own;
  return neighbours.reduce((sum, { order }) => sum + order, 0) / neighbours.length;
}
