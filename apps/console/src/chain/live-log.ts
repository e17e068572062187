import { useQueryClient } from '@tanstack/react-query';
import { startTransition, useCallback, useEffect, useRef, useState } from 'react';
import type { LiveTask, LogLineDto } from '#client';
import { api, apiWithStream, isSignedOut } from '../api.js';
import type { TaskPath } from './task-parts.js';

/** The newest lines that are kept here. */
export const MOST_LINES = 1_000;
/** Lines are shown together, at most so often, ms: a task may write thousands a second. */
const DRAW_MS = 200;
/** Log lines come beside the report of a task's end: for so long after it, ms, its log may still grow. */
const LATE_MS = 10_000;
const OVER = new Set(['SUCCESS', 'FAILURE', 'SKIPPED', 'CANCELLED']);

export interface LiveLog {
  /** In their order, at most `MOST_LINES`; undefined until the first answer. */
  readonly lines: readonly LogLineDto[] | undefined;
  /** `broken`: it was live, and is opened again. */
  readonly stream: 'connecting' | 'live' | 'broken' | 'ended';
  readonly error: unknown;
  readonly restart: () => void;
}

interface Shown extends Omit<LiveLog, 'restart'> {
  /** The task as it was when the stream ended. */
  readonly endedAs: LiveTask | undefined;
}
const NOTHING: Shown = { lines: undefined, stream: 'connecting', error: undefined, endedAs: undefined };

/** The log of a task: as it is written by a stream, and read once where the task has ended. A hidden tab keeps no stream. */
export function useLiveLog({ chain_id, task_id }: TaskPath, task: LiveTask | undefined): LiveLog {
  const queries = useQueryClient();
  const [shown, show] = useState(NOTHING);
  const [round, setRound] = useState(0);
  const restart = useCallback(() => {
    show((before) => ({ ...before, stream: 'connecting', error: undefined }));
    setRound((before) => before + 1);
  }, []);
  const now = useRef(task);
  useEffect(() => void (now.current = task), [task]);
  useEffect(() => {
    const stop = new AbortController();
    const lines = new Map<number, LogLineDto>();
    let stream: LiveLog['stream'] = 'connecting';
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = (error?: unknown) => {
      clearTimeout(timer);
      timer = undefined;
      const all = [...lines.values()].sort((a, b) => a.id - b.id).slice(-MOST_LINES);
      const state = stream;
      startTransition(() =>
        show((before) =>
          // Until lines are there again those before the break stay.
          error === undefined && all.length === 0 && state !== 'live' && state !== 'ended'
            ? { ...before, stream: state }
            : { lines: error === undefined ? all : before.lines, stream: state, error, endedAs: now.current },
        ),
      );
    };
    const drawSoon = () => void (timer ??= setTimeout(draw, DRAW_MS));
    const take = (line: LogLineDto) => {
      lines.set(line.id, line);
      // The oldest is the first that came, but for lines that were stored late.
      if (lines.size > 2 * MOST_LINES) for (const id of [...lines.keys()].slice(0, MOST_LINES)) lines.delete(id);
      drawSoon();
    };
    const read = async () => {
      const { signal } = stop;
      if (isSettled(now.current)) {
        const query = { tail: MOST_LINES };
        const { items } = await api.listTaskLogs({ path: { chain_id, task_id }, query, signal });
        for (const line of items) lines.set(line.id, line);
      } else {
        let wasLive = false;
        const client = apiWithStream((live) => {
          if (signal.aborted) return;
          wasLive ||= live;
          stream = live ? 'live' : wasLive ? 'broken' : 'connecting';
          drawSoon();
        });
        for await (const line of client.watchTaskLogs(chain_id, task_id, { tail: MOST_LINES, signal })) take(line);
      }
      stream = 'ended';
      draw();
    };
    read().catch((error: unknown) => {
      if (stop.signal.aborted) return;
      stream = 'ended';
      if (isSignedOut(error)) queries.setQueryData(['session'], null);
      else draw(error);
    });
    const look = () => {
      if (document.hidden) stop.abort();
      else if (stop.signal.aborted) restart();
    };
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      clearTimeout(timer);
      stop.abort();
    };
  }, [chain_id, task_id, round, restart, queries]);
  const { endedAs, ...log } = shown;
  // It runs once more. Without news of the task there is nothing to follow: the log would end and be opened again for ever.
  if (task !== endedAs && !OVER.has(task?.status ?? '') && log.stream === 'ended' && log.error === undefined) restart();
  return { ...log, restart };
}

function isSettled(task: LiveTask | undefined): boolean {
  if (!OVER.has(task?.status ?? '')) return false;
  return task!.completed_at === null || Date.now() - Date.parse(task!.completed_at) > LATE_MS;
}
