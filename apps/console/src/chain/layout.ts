import { useQuery } from '@tanstack/react-query';
import type { Drawn } from './groups.js';
import { inRows, layOut, MANY, type Shape } from './elk.js';
import type { Layout, Room } from './node-size.js';

/**
 * Where the nodes stand; undefined until they are laid out. Their states may change: only another graph is laid out anew. `areInOrder`: one follows
 * the other, which needs no more than rows. `room` is that of the canvas, once it is there.
 */
export function useLayout(
  { nodes, edges }: Drawn,
  frames: NonNullable<Shape['frames']>,
  areInOrder: boolean,
  room: Room | undefined,
): { layout: Layout | undefined; error: unknown } {
  const shape: Shape = { ids: nodes.map(({ id }) => id), edges, frames };
  const { data, error } = useQuery({
    queryKey: ['layout', areInOrder, JSON.stringify(shape), nodes.length > MANY && !areInOrder ? null : room],
    queryFn: () => (areInOrder ? inRows(shape, room!) : layOut(shape, room)),
    enabled: room !== undefined,
    staleTime: Infinity,
    gcTime: 60_000,
  });
  return { layout: data, error };
}
