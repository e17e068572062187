import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { TaskChainClient } from '#client';
import { readTagged } from '../read-tagged.js';
import { Failed } from './failed.js';

interface TaggedProps<T> {
  /** What it is, apart from all else. */
  readonly id: string;
  readonly read: (client: TaskChainClient) => Promise<T>;
  readonly children: (of: T, tag: string) => ReactNode;
}

/** A form of what is there as it is opened. The tag is of that state: what somebody else saves meanwhile is not written over. */
export function Tagged<T>({ id, read, children }: TaggedProps<T>) {
  const query = useQuery({
    queryKey: ['to change', id],
    queryFn: () => readTagged(read),
    staleTime: Infinity,
    gcTime: 0,
  });
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return query.data === undefined ? null : children(query.data.of, query.data.tag);
}
