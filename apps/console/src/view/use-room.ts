import { useCallback, useState } from 'react';
import type { Room } from '../chain/node-size.js';

/** The size of an element as it came into the page, for what is laid out once; undefined before. */
export function useRoom(): [(element: HTMLElement | null) => void, Room | undefined] {
  const [room, setRoom] = useState<Room>();
  const measure = useCallback((element: HTMLElement | null) => {
    if (element !== null) setRoom({ width: element.clientWidth, height: element.clientHeight });
  }, []);
  return [measure, room];
}
