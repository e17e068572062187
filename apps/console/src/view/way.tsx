import { BaseEdge, getBezierPath, type Edge, type EdgeProps } from '@xyflow/react';
import type { Point, Way } from '../chain/node-size.js';

/** An edge with the way that the layout has found for it. */
export type EdgeOnWay = Edge<{ way: Way | undefined }, 'way'>;

export const EDGE_TYPES = { way: EdgeByWay };

function EdgeByWay({ data, markerEnd, interactionWidth, label, ...ends }: EdgeProps<EdgeOnWay>) {
  const [path, labelX, labelY] = data?.way === undefined ? getBezierPath(ends) : wayAndLabel(data.way);
  const shown = Object.fromEntries(
    Object.entries({ markerEnd, interactionWidth, label }).filter(([, value]) => value !== undefined),
  );
  return <BaseEdge {...{ path, labelX, labelY }} {...shown} />;
}

/** Of corners, px. */
const RADIUS = 8;
/** How far before its end the label of a way stands, px: between two levels. */
const BEFORE_END = 30;

function wayAndLabel(way: Way): [path: string, x: number, y: number] {
  const { x, y } = towards(way.at(-1)!, way.at(-2)!, BEFORE_END);
  return [pathOf(way), x, y];
}

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

/** The point so far from one point to the next, at most half of it. */
function towards(from: Point, to: Point, far = RADIUS): Point {
  const share = Math.min(0.5, far / Math.hypot(to.x - from.x, to.y - from.y));
  return { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) };
}
