import { BaseEdge, getBezierPath, type Edge, type EdgeProps } from '@xyflow/react';
import type { Point, Way } from '../chain/node-size.js';

/** An edge with the way that the layout has found for it. */
export type EdgeOnWay = Edge<{ way: Way | undefined }, 'way'>;

export const EDGE_TYPES = { way: EdgeByWay };

function EdgeByWay({ data, markerEnd, ...ends }: EdgeProps<EdgeOnWay>) {
  const path = data?.way === undefined ? getBezierPath(ends)[0] : pathOf(data.way);
  // Nobody clicks on these edges: a third fewer elements.
  return <BaseEdge path={path} interactionWidth={0} {...(markerEnd !== undefined && { markerEnd })} />;
}

/** Of corners, px. */
const RADIUS = 8;

/** By way of points, with round corners. */
export function pathOf(way: Way): string {
  return way
    .map((at, n) => {
      const [before, after] = [way[n - 1], way[n + 1]];
      if (before === undefined) return `M${at.x} ${at.y}`;
      if (after === undefined) return `L${at.x} ${at.y}`;
      const [from, to] = [towards(at, before), towards(at, after)];
      return `L${from.x} ${from.y}Q${at.x} ${at.y} ${to.x} ${to.y}`;
    })
    .join('');
}

/** Where the bend of a corner ends: half the way to the next one at most. */
function towards(from: Point, to: Point): Point {
  const share = Math.min(0.5, RADIUS / Math.hypot(to.x - from.x, to.y - from.y));
  return { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) };
}
