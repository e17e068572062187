import { useReactFlow, useStore, type FitViewOptions } from '@xyflow/react';
import { useEffect, useRef } from 'react';

/** A scroll bar that comes or goes beside the page is no other width. */
const SCROLL_BAR_PX = 20;

/** Around a graph that fits its canvas. The zoom buttons at the left hide none of it. */
export const BESIDE_CONTROLS: FitViewOptions['padding'] = { y: 0.1, right: 0.1, left: '56px' };

/** In a graph: shows the whole of it again once its canvas has another width, as where a phone is turned. */
export function FitAgain() {
  const flow = useReactFlow();
  const width = useStore((state) => state.width);
  const fitted = useRef(width);
  useEffect(() => {
    const before = fitted.current;
    if (Math.abs(width - before) <= SCROLL_BAR_PX) return;
    fitted.current = width;
    // The first width is the graph's own to fit.
    if (before > 0) void flow.fitView({ maxZoom: 1, padding: BESIDE_CONTROLS });
  }, [flow, width]);
  return null;
}
