import { useEffect, useRef } from 'react';

/**
 * The focus in rows that are moved, added and removed: what was moved keeps it, a new row's first field gets it, and where a row was
 * removed the button that adds one.
 */
export function useRowFocus() {
  const list = useRef<HTMLDivElement>(null);
  const adding = useRef<HTMLButtonElement>(null);
  const next = useRef<() => void>(undefined);
  useEffect(() => {
    next.current?.();
    next.current = undefined;
  });
  const partOf = (index: number, part: string) =>
    list.current?.children[index]?.querySelector<HTMLElement>(`${part}:not(:disabled)`);
  const after = (focus: () => void) => void (next.current = focus);
  return {
    /** For the element around all rows. */
    list,
    /** For the button that adds a row. */
    adding,
    afterMove: (index: number, by: 1 | -1) => {
      const [way, back] = by === 1 ? ['.down', '.up'] : ['.up', '.down'];
      after(() => (partOf(index + by, way!) ?? partOf(index + by, back!))?.focus());
    },
    afterAdd: (index: number) => after(() => partOf(index, 'input, textarea')?.focus()),
    afterRemove: () => after(() => adding.current?.focus()),
  };
}
