import { useQueryClient } from '@tanstack/react-query';
import { startTransition, useCallback, useEffect, useRef, useState } from 'react';
import type { ChainSummaryDto, LiveTask } from '#client';
import { apiWithStream, isSignedOut } from '../api.js';

/** Changes are shown together, at most so often, ms: a chain of thousands of tasks changes faster than a page draws. */
const DRAW_MS = 100;

/** What came is read for so long at a time, ms. */
const BUSY_MS = 10;

export interface LiveChain {
  readonly chain: ChainSummaryDto | undefined;
  /** In the order of the chain. */
  readonly tasks: readonly LiveTask[];
  /** `broken`: it was live, and is opened again where it broke. */
  readonly stream: 'connecting' | 'live' | 'broken' | 'ended';
  readonly error: unknown;
  /** Looks again: after a command, an ended chain may run once more. */
  readonly restart: () => void;
}

const NOTHING: Omit<LiveChain, 'restart'> = { chain: undefined, tasks: [], stream: 'connecting', error: undefined };

/**
 * A chain as it changes (the same one for as long as the caller is shown), by server-sent events alone. The client goes on by Last-Event-ID where the stream breaks. A hidden
 * tab keeps no stream: browsers open six connections to a host at most.
 */
export function useLiveChain(chainId: string): LiveChain {
  const queries = useQueryClient();
  const [shown, show] = useState(NOTHING);
  const [round, setRound] = useState(0);
  const drawn = useRef(() => {});
  useEffect(() => drawn.current(), [shown]);
  const restart = useCallback(() => setRound((before) => before + 1), []);
  useEffect(() => {
    const stop = new AbortController();
    const tasks = new Map<string, LiveTask>();
    let chain: ChainSummaryDto | undefined;
    let stream: LiveChain['stream'] = 'connecting';
    let wasLive = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    /** What is shown is drawn piece by piece: anew only once that is done, or a chain that changes fast would never be drawn. */
    let isDrawing = false;
    let isNewer = false;
    let isOver = false;
    const draw = (error?: unknown) => {
      timer = undefined;
      isDrawing = true;
      // Until the first event of the chain not all tasks are there.
      const isThere = chain !== undefined;
      const inOrder = isThere ? [...tasks.values()].sort((a, b) => a.execution_order - b.execution_order) : [];
      const state = stream;
      startTransition(() =>
        show((before) => {
          if (error !== undefined) return { ...before, stream: 'ended', error };
          return isThere ? { chain, tasks: inOrder, stream: state, error } : { ...before, stream: state };
        }),
      );
    };
    const drawSoon = () => {
      // What went wrong stays: nothing follows the chain any more.
      if (isOver) return;
      isNewer = isDrawing;
      if (!isDrawing) timer ??= setTimeout(draw, DRAW_MS);
    };
    drawn.current = () => {
      isDrawing = false;
      if (isNewer) drawSoon();
    };
    const client = apiWithStream((live) => {
      if (stop.signal.aborted) return;
      wasLive ||= live;
      stream = live ? 'live' : wasLive ? 'broken' : 'connecting';
      drawSoon();
    });
    let since = performance.now();
    const follow = async () => {
      for await (const update of client.watchChain(chainId, { signal: stop.signal })) {
        if (update.event === 'task') tasks.set(update.data.task_id, update.data);
        if (update.event === 'chain') chain = update.data;
        if (update.event === 'end') stream = 'ended';
        drawSoon();
        // Thousands of tasks come at once: the page answers in between.
        if (performance.now() - since > BUSY_MS) {
          await new Promise((next) => setTimeout(next));
          since = performance.now();
        }
      }
    };
    follow().catch((error: unknown) => {
      if (stop.signal.aborted) return;
      // Signed out in another tab, or the session is over: the page of the sign-in leads back here.
      if (isSignedOut(error)) queries.setQueryData(['session'], null);
      else {
        isOver = true;
        clearTimeout(timer);
        draw(error);
      }
    });
    const look = () => {
      if (document.hidden) stop.abort();
      else if (stop.signal.aborted || stream === 'ended') restart();
    };
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      clearTimeout(timer);
      stop.abort();
    };
  }, [chainId, round, restart, queries]);
  return { ...shown, restart };
}
