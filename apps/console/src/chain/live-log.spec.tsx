/** @jest-environment jsdom */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { TaskChainClient, type LiveTask, type LogLineDto } from '#client';
import '../i18n.js';
import { Logs } from './log.js';

const { watchTaskLogs, listTaskLogs } = TaskChainClient.prototype;
const line = (id: number, message: string) =>
  ({ id, attempt: 1, logged_at: '2026-01-31T12:00:00Z', level: 'info', message }) as LogLineDto;

/** What the API sends: lines as they are given, until the end. */
let streams: { send(...lines: LogLineDto[]): void; end(): void; readonly signal: AbortSignal }[];
let read: object[];
beforeEach(() => {
  [streams, read] = [[], []];
  TaskChainClient.prototype.watchTaskLogs = async function* (_chain, _task, { signal } = {}) {
    const waiting: (LogLineDto | undefined)[] = [];
    let wake = () => {};
    const give = (...lines: (LogLineDto | undefined)[]) => {
      waiting.push(...lines);
      wake();
    };
    streams.push({ send: give, end: () => give(undefined), signal: signal! });
    signal!.addEventListener('abort', () => wake());
    for (;;) {
      while (waiting.length === 0 && !signal!.aborted) await new Promise<void>((next) => (wake = next));
      signal!.throwIfAborted();
      const next = waiting.shift();
      if (next === undefined) return;
      yield next;
    }
  };
  TaskChainClient.prototype.listTaskLogs = (async ({ query }: { query: object }) => {
    read.push(query);
    return { items: [line(7, 'long over')], next_after: 7 };
  }) as never;
});
afterEach(() => {
  cleanup();
  Object.assign(TaskChainClient.prototype, { watchTaskLogs, listTaskLogs });
});

const task = (status: string, completed_at: string | null = null) => ({ status, completed_at }) as LiveTask;
const path = { chain_id: 'c', task_id: 't' };
function show(first: LiveTask) {
  const client = new QueryClient();
  const page = (of: LiveTask) => (
    <QueryClientProvider client={client}>
      <Logs path={path} task={of} />
    </QueryClientProvider>
  );
  const { rerender, unmount } = render(page(first));
  return { become: (of: LiveTask) => rerender(page(of)), unmount };
}
const shown = () =>
  screen
    .getByRole('log')
    .textContent!.split('\n')
    .map((each) => each.split(' INFO ')[1]);

test('the log of a task that runs is followed to its end, in the order of its lines, and once more as it runs again', async () => {
  const { become, unmount } = show(task('RUNNING'));
  streams[0]!.send(line(1, 'one'), line(3, 'three'));
  await screen.findByText(/three/);
  streams[0]!.send(line(2, 'two, stored late'));
  await screen.findByText(/stored late/);
  expect(shown()).toEqual(['one', 'two, stored late', 'three']);
  // It ends, and its last line comes after that.
  become(task('SUCCESS', new Date().toISOString()));
  expect(streams[0]!.signal.aborted).toBe(false);
  streams[0]!.send(line(4, 'last'));
  streams[0]!.end();
  await screen.findByText('Ended');
  expect([shown().at(-1), streams.length, read]).toEqual(['last', 1, []]);
  become(task('QUEUED'));
  await screen.findByText('Connecting …');
  streams[1]!.send(line(1, 'one'), line(9, 'again'));
  await screen.findByText(/again/);
  unmount();
  expect(streams[1]!.signal.aborted).toBe(true);
});

test('a log that ends before its task is known to have ended is not opened again', async () => {
  const running = task('RUNNING');
  const { become } = show(running);
  streams[0]!.send(line(1, 'one'));
  await screen.findByText(/one/);
  streams[0]!.end();
  await screen.findByText('Ended');
  become(running);
  expect(streams).toHaveLength(1);
  // A change says that it goes on.
  become(task('RUNNING'));
  await screen.findByText('Connecting …');
  expect(streams).toHaveLength(2);
});

test('a task that has just ended is followed: its last lines may come after its end', async () => {
  show(task('SUCCESS', new Date(Date.now() - 2_000).toISOString()));
  streams[0]!.send(line(1, 'late'));
  await screen.findByText(/late/);
  expect(read).toEqual([]);
});

test('that of a task that ended before is read once; words are found in it', async () => {
  show(task('FAILURE', '2026-01-01T00:00:00Z'));
  await screen.findByText(/long over/);
  screen.getByText('Ended');
  expect([streams, read]).toEqual([[], [{ tail: 1_000 }]]);
  await userEvent.type(screen.getByRole('searchbox', { name: 'Find in the log' }), 'LONG');
  await screen.findByText(/long over/);
  await userEvent.type(screen.getByRole('searchbox', { name: 'Find in the log' }), 'er');
  await expect(screen.findByText(/long over/, {}, { timeout: 300 })).rejects.toThrow();
});

test('of many lines the newest are shown, it is said, and the download has all', async () => {
  show(task('RUNNING'));
  streams[0]!.send(...Array.from({ length: 2_500 }, (_, at) => line(at, `line ${at}`)));
  await screen.findByText(/line 2499/);
  expect([shown().length, shown()[0]]).toEqual([1_000, 'line 1500']);
  screen.getByText(/The newest 1000 lines/);
  const saved: Blob[] = [];
  Object.assign(URL, { createObjectURL: (blob: Blob) => `blob:${saved.push(blob)}`, revokeObjectURL: () => {} });
  const pages = [[line(1, 'first')], [line(2, 'second')], []];
  TaskChainClient.prototype.listTaskLogs = (async ({ query }: { query: { after: number } }) => {
    const items = pages.shift()!;
    return { items, next_after: items.at(-1)?.id ?? query.after };
  }) as never;
  await userEvent.click(screen.getByRole('button', { name: 'Download' }));
  while (saved.length === 0) await new Promise((later) => setTimeout(later, 5));
  expect(saved[0]!.size).toBe('2026-01-31T12:00:00Z #1 INFO first\n2026-01-31T12:00:00Z #1 INFO second\n'.length);
});
