/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import i18next from 'i18next';
import { MemoryRouter } from 'react-router';
import type { ReactNode } from 'react';
import type { ChainSummaryDto, TaskDetailDto, WaitingDto } from '#client';
import '../i18n.js';
import { api } from '../api.js';
import type { Action } from './action.js';
import { ActionModal } from './action-modal.js';
import { TaskDrawer } from './task-drawer.js';
import { wordsOfWaiting } from './waiting.js';

afterEach(cleanup);

const within = (part: ReactNode) => (
  <MemoryRouter>
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      {part}
    </QueryClientProvider>
  </MemoryRouter>
);

test('says of a task nothing that is true of the one looked at before, while it is asked for', async () => {
  const waits = (task_id: string): TaskDetailDto =>
    ({
      ...{ task_id, task_name: '', task_type: 'signal', status: 'RUNNING', hold: 'SIGNAL', error: null, params: {} },
      ...{ depends_on: [], result: null, child_chain_id: null, skip_reason: null },
      waiting: { code: 'SIGNAL', message: '', signal: { name: 'file-arrived', key: `of ${task_id}` } },
    }) as never;
  Object.assign(api, {
    getTask: ({ path }: { path: { task_id: string } }) =>
      path.task_id === 'a' ? Promise.resolve(waits('a')) : new Promise(() => {}),
    listTaskTypes: async () => ({ items: [] }),
  });
  const chain = { chain_id: 'chain-1', status: 'RUNNING', version: 1 } as ChainSummaryDto;
  const ignore = () => {};
  const drawer = (taskId: string) => (
    <TaskDrawer {...{ chain, taskId, tasks: [], live: undefined, act: ignore, close: ignore, open: ignore }} />
  );
  const client = new QueryClient();
  const shown = (taskId: string) => (
    <MemoryRouter>
      <QueryClientProvider client={client}>{drawer(taskId)}</QueryClientProvider>
    </MemoryRouter>
  );
  const { rerender } = render(shown('a'));
  await screen.findByText(/the key of a,/);
  screen.getByRole('button', { name: 'Send the signal' });
  rerender(shown('b'));
  expect(screen.queryByText(/the key of a,/)).toBeNull();
  expect(screen.queryByRole('button', { name: 'Send the signal' })).toBeNull();
});

test('a command is done only once its dry run, as it is chosen now, has been shown', async () => {
  let answer = () => {};
  const done: boolean[] = [];
  const action: Action = {
    ...{ name: 'retryTask', asks: 'downstream' },
    send: async ({ dry_run, downstream }) => {
      if (!dry_run) done.push(downstream);
      else if (!downstream) await new Promise<void>((next) => (answer = next));
      return { lines: [{ key: 'a', what: downstream ? 'a and what follows' : 'a alone', to: 'READY' }] };
    },
  };
  render(within(<ActionModal action={action} close={() => {}} done={() => {}} />));
  await screen.findByText('a and what follows');
  const confirm = screen.getByRole<HTMLButtonElement>('button', { name: 'Retry from here' });
  expect(confirm.disabled).toBe(false);
  fireEvent.click(screen.getByRole('checkbox'));
  expect(confirm.disabled).toBe(true);
  answer();
  await screen.findByText('a alone');
  expect(confirm.disabled).toBe(false);
  fireEvent.click(confirm);
  await waitFor(() => expect(done).toEqual([false]));
});

test.each<[Partial<WaitingDto>, string]>([
  [{ code: 'IN_QUEUE', ahead: 1 }, 'It is in the queue; 1 task of its type is ahead of it.'],
  [{ code: 'IN_QUEUE', ahead: 2, ahead_at_least: true }, 'It is in the queue; ≥ 2 tasks of its type are ahead of it.'],
  [{ code: 'IN_QUEUE' }, 'It is in the queue.'],
  [{ code: 'WAITING_FOR_ROOM', ahead: 0 }, 'The workers are busy; 0 tasks of its type are ahead of it.'],
  // No worker has to be free for what the control plane does itself.
  [{ code: 'WAITING_FOR_ROOM' }, 'It starts next.'],
  [
    { code: 'SIGNAL', signal: { name: 'go', key: '\u202etxt' } },
    String.raw`It waits for the signal go with the key \u202etxt, at most until .`,
  ],
])('says of %j why the task waits', (waiting, words) => {
  expect(wordsOfWaiting(waiting as WaitingDto, i18next.t)).toBe(words);
});
