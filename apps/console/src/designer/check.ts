import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import type { CreateChainRequest, FaultDto, ValidationDto } from '#client';
import { api } from '../api.js';
import type { Draft } from './draft.js';
import { innerOf, pointerTo, type Path } from './inner-chain.js';

/** After the last change, ms. */
const PAUSE_MS = 400;
const TASK = /^\/tasks\/(\d+)(.*)$/s;

export interface Check {
  readonly answer: ValidationDto | undefined;
  readonly error: unknown;
  /** With pointers into the chain that is drawn as it is now, though it was another draft that the API looked at. */
  readonly faults: readonly FaultDto[];
  /** How many of them each task has. */
  readonly byTask: ReadonlyMap<string, number>;
  /** How many there are in the chains around the one that is drawn. */
  readonly outside: number;
  readonly busy: boolean;
}

/** What the API says of a draft, asked as it changes, and what of that is wrong in the chain at a path. */
export function useCheck(draft: Draft, path: Path): Check {
  const [settled, settle] = useState(draft);
  useEffect(() => {
    const timer = setTimeout(() => settle(draft), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [draft]);
  const text = useMemo(() => JSON.stringify(settled), [settled]);
  const { data, error, isFetching } = useQuery({
    queryKey: ['validate', text],
    queryFn: async ({ signal }) => ({
      of: settled,
      answer: await api.validateChain({ body: settled as unknown as CreateChainRequest, signal }),
    }),
    enabled: settled.tasks.length > 0,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 60_000,
  });
  const { faults, byTask, outside } = useMemo(
    () => seenIn(data?.answer.errors ?? NONE, data?.of ?? draft, draft, path),
    [data, draft, path],
  );
  const isEmpty = draft.tasks.length === 0;
  const busy = isFetching || settled !== draft;
  const answer = isEmpty ? undefined : data?.answer;
  return useMemo(
    () => ({
      answer,
      error: isEmpty ? null : error,
      faults: isEmpty ? NONE : faults,
      byTask,
      outside: isEmpty ? 0 : outside,
      busy,
    }),
    [answer, byTask, busy, error, faults, isEmpty, outside],
  );
}

const NONE: readonly FaultDto[] = [];

/** What of the faults of a draft is wrong in the chain at a path, with pointers into that chain as it is now. */
export function seenIn(errors: readonly FaultDto[], of: Draft, now: Draft, path: Path) {
  const places = new Map(innerOf(now, path).draft.tasks.map(({ task_id }, at) => [task_id, at]));
  const byTask = new Map<string, number>();
  const asked = innerOf(of, path).draft.tasks;
  const prefix = pointerTo(of, path);
  const own = errors.filter(
    ({ pointer = '' }) => prefix === '' || pointer === prefix || pointer.startsWith(`${prefix}/`),
  );
  const faults = own.flatMap((fault): FaultDto[] => {
    const pointer = fault.pointer?.slice(prefix.length);
    const [, number, rest] = TASK.exec(pointer ?? '') ?? [];
    if (number === undefined) return [pointer === undefined ? fault : { ...fault, pointer }];
    const id = asked[Number(number)]?.task_id;
    const at = id === undefined ? undefined : places.get(id);
    if (id === undefined || at === undefined) return [];
    byTask.set(id, (byTask.get(id) ?? 0) + 1);
    return [{ ...fault, pointer: `/tasks/${at}${rest}` }];
  });
  return { faults, byTask, outside: errors.length - own.length };
}
