/** Of a node of the graph, px. */
export const NODE = { width: 210, height: 58 } as const;

/** A node of this size. Without `measured` React Flow forgets with each change where the edges of the node end. */
export const sized = ({ width, height }: Room) => ({ width, height, measured: { width, height } });

/** Of a canvas, px. */
export interface Room {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where nodes stand, by their ids. */
export type Places = Readonly<Record<string, Point>>;

/** The points that an edge goes by, from end to end. */
export type Way = readonly Point[];

export interface Layout {
  readonly places: Places;
  /** Of the edges, in their order; undefined for one that meets no node on its straight way. */
  readonly ways: readonly (Way | undefined)[];
}

/** Whether edges that leave no doubt go down more often than to the right: then they leave nodes at the bottom. */
export function runsDown(edges: readonly (readonly [from: string, to: string])[], places: Places): boolean {
  let more = 0;
  for (const [from, to] of edges) {
    const [a, b] = [places[from], places[to]];
    if (a === undefined || b === undefined) continue;
    const isBeside = b.x >= a.x + NODE.width;
    const isBelow = b.y >= a.y + NODE.height;
    if (isBeside !== isBelow) more += isBelow ? 1 : -1;
  }
  return more > 0;
}

/** The zoom at which all nodes are in sight: 1 at most. */
export function zoomOf(places: Places, room: Room): number {
  const all = Object.values(places);
  const span = (ends: readonly number[], size: number) => Math.max(...ends) - Math.min(...ends) + size;
  const across =
    room.width /
    span(
      all.map(({ x }) => x),
      NODE.width,
    );
  const down =
    room.height /
    span(
      all.map(({ y }) => y),
      NODE.height,
    );
  return Math.min(1, across, down);
}
