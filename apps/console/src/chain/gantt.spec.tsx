/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { TaskChainClient, type ChainSummaryDto, type LiveTask } from '#client';
import '../i18n.js';
import { Gantt } from './gantt.js';

const { listTaskAttempts } = TaskChainClient.prototype;
afterEach(() => {
  cleanup();
  TaskChainClient.prototype.listTaskAttempts = listTaskAttempts;
});

const at = (second: number) => new Date(second * 1_000).toISOString();
const chain = { chain_id: 'c', status: 'SUCCESS' } as ChainSummaryDto;
const task = {
  ...{ task_id: 'train', task_name: '', status: 'SUCCESS', attempt: 2 },
  ...{ queued_at: at(60), started_at: at(70), completed_at: at(100) },
} as LiveTask;

test('each attempt stands once on the axis, its time in the queue before its run', async () => {
  const times = { queued_at: at(0), started_at: at(20), finished_at: at(50) };
  TaskChainClient.prototype.listTaskAttempts = (() =>
    Promise.resolve({
      items: [
        { attempt: 1, outcome: 'FAILURE', ...times },
        { attempt: 2, outcome: 'SUCCESS', queued_at: at(60), started_at: at(70), finished_at: at(100) },
      ],
    })) as never;
  const shown = (each: LiveTask) => (
    <QueryClientProvider client={new QueryClient()}>
      <Gantt chain={chain} tasks={[each]} open={() => {}} />
    </QueryClientProvider>
  );
  const { rerender } = render(shown(task));
  expect(screen.queryByText(/earlier attempt/)).not.toBe(null);
  await screen.findByRole('img', { name: /^attempt 1/ });
  const bars = screen.getAllByRole('img').map((attempt) =>
    [...attempt.children].map((bar) => {
      const { insetInlineStart, width } = (bar as HTMLElement).style;
      return [bar.classList[0], insetInlineStart, width];
    }),
  );
  expect(bars).toEqual([
    [
      ['queue', '0%', '20%'],
      ['run', '20%', '30%'],
    ],
    [
      ['queue', '60%', '10%'],
      ['run', '70%', '30%'],
    ],
  ]);
  rerender(shown({ ...task, attempt: 1 }));
  expect(screen.queryByText(/earlier attempt/)).toBe(null);
});
