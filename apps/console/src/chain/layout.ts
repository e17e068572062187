import { useQuery } from '@tanstack/react-query';
import type { Drawn } from './groups.js';
import { inRows, layOut, type Shape } from './elk.js';
import type { Places } from './node-size.js';

/**
 * Where the nodes stand; undefined until they are laid out. Their states may change: only another graph is laid out anew. `areInOrder`: one follows
 * the other, which needs no more than rows.
 */
export function useLayout(
  { nodes, edges }: Drawn,
  frames: NonNullable<Shape['frames']>,
  areInOrder: boolean,
): { places: Places | undefined; error: unknown } {
  const shape: Shape = { ids: nodes.map(({ id }) => id), edges, frames };
  const { data, error } = useQuery({
    queryKey: ['layout', areInOrder, JSON.stringify(shape)],
    queryFn: () => (areInOrder ? inRows(shape.ids) : layOut(shape)),
    staleTime: Infinity,
    gcTime: 60_000,
  });
  return { places: data, error };
}
