import { useQuery } from '@tanstack/react-query';
import type { Drawn } from './bands.js';
import { layOut, type Places, type Shape } from './elk.js';

/** Where the nodes stand; undefined until they are laid out. Their states may change: only another graph is laid out anew. */
export function useLayout({ nodes, edges }: Drawn): { places: Places | undefined; error: unknown } {
  const shape: Shape = { ids: nodes.map(({ id }) => id), edges };
  const { data, error } = useQuery({
    queryKey: ['layout', JSON.stringify(shape)],
    queryFn: () => layOut(shape),
    staleTime: Infinity,
    gcTime: 60_000,
  });
  return { places: data, error };
}
