import { startTransition, useCallback, useState } from 'react';
import type { Room } from '../chain/node-size.js';

/** The size of an element as it came into the page, for what is laid out once; undefined before. */
export function useRoom(): [(element: HTMLElement | null) => void, Room | undefined] {
  const [room, setRoom] = useState<Room>();
  const measure = useCallback((element: HTMLElement | null) => {
    if (element === null) return;
    const { clientWidth: width, clientHeight: height } = element;
    // Else React draws once more in the same task.
    startTransition(() => setRoom({ width, height }));
  }, []);
  return [measure, room];
}
