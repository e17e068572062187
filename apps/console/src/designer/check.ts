import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import type { CreateChainRequest, FaultDto, ValidationDto } from '#client';
import { api } from '../api.js';
import type { Draft } from './draft.js';

/** After the last change, ms. */
const PAUSE_MS = 400;
const TASK = /^\/tasks\/(\d+)(.*)$/s;

export interface Check {
  readonly answer: ValidationDto | undefined;
  readonly error: unknown;
  /** With pointers into the draft as it is now, though it was another one that the API looked at. */
  readonly faults: readonly FaultDto[];
  /** How many of them each task has. */
  readonly byTask: ReadonlyMap<string, number>;
  readonly busy: boolean;
}

/** What the API says of a draft, asked as it changes. */
export function useCheck(draft: Draft): Check {
  const [settled, settle] = useState(draft);
  useEffect(() => {
    const timer = setTimeout(() => settle(draft), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [draft]);
  const { data, error, isFetching } = useQuery({
    queryKey: ['validate', JSON.stringify(settled)],
    queryFn: async ({ signal }) => ({
      of: settled,
      answer: await api.validateChain({ body: settled as unknown as CreateChainRequest, signal }),
    }),
    enabled: settled.tasks.length > 0,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 60_000,
  });
  const { faults, byTask } = useMemo(() => {
    const places = new Map(draft.tasks.map(({ task_id }, at) => [task_id, at]));
    const counts = new Map<string, number>();
    const moved = (data?.answer.errors ?? []).flatMap((fault): FaultDto[] => {
      const [, number, rest] = TASK.exec(fault.pointer ?? '') ?? [];
      if (number === undefined) return [fault];
      const id = data?.of.tasks[Number(number)]?.task_id;
      const at = id === undefined ? undefined : places.get(id);
      if (id === undefined || at === undefined) return [];
      counts.set(id, (counts.get(id) ?? 0) + 1);
      return [{ ...fault, pointer: `/tasks/${at}${rest}` }];
    });
    return { faults: moved, byTask: counts };
  }, [data, draft]);
  const isEmpty = draft.tasks.length === 0;
  return {
    answer: isEmpty ? undefined : data?.answer,
    error: isEmpty ? null : error,
    faults: isEmpty ? [] : faults,
    byTask,
    busy: isFetching || settled !== draft,
  };
}
