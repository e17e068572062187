import { useQuery } from '@tanstack/react-query';

/** Whether the reader may download a file. The API alone knows: HEAD is asked in the same way as GET, and is no download. */
export function useMayRead(href: string): boolean {
  const { data } = useQuery({
    queryKey: ['may read', href],
    queryFn: async ({ signal }) => (await fetch(href, { method: 'HEAD', signal })).ok,
    staleTime: Infinity,
  });
  return data === true;
}
