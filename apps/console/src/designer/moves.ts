import type { NodeChange } from '@xyflow/react';
import { useRef } from 'react';
import type { Places } from '../chain/node-size.js';

/** What changes of nodes say of where tasks stand. */
interface Move {
  /** Undefined where nothing stands elsewhere. */
  readonly places: Places | undefined;
  /** Whether somebody drags, or has let go; undefined where the changes say nothing of that. */
  readonly isDragged: boolean | undefined;
  /** Moves with one name are one step back: all of a drag, and presses of arrow keys that follow each other. */
  readonly name: string;
}

/** Drags of the whole page: a canvas that is drawn anew does not go on with one of the last. */
let drags = 0;

/** Tells drags apart, of one task or of several, from the first change of its place to the last. */
export function useMoves(): (changes: readonly NodeChange[], before: Places) => Move {
  const drag = useRef<number>(undefined);
  return (changes, before) => {
    const moves = changes.flatMap((change) => (change.type === 'position' ? [change] : []));
    const isDragged = moves.length === 0 ? undefined : moves.some(({ dragging }) => dragging === true);
    if (isDragged === true) drag.current ??= ++drags;
    const ids = moves.map(({ id }) => id);
    const name = drag.current === undefined ? `keys ${JSON.stringify(ids)}` : `drag ${drag.current}`;
    if (isDragged === false) drag.current = undefined;
    const next = moves.flatMap(({ id, position }) => {
      const was = before[id];
      return position === undefined || (was?.x === position.x && was.y === position.y) ? [] : [[id, position] as const];
    });
    return { isDragged, name, places: next.length > 0 ? { ...before, ...Object.fromEntries(next) } : undefined };
  };
}
