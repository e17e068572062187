/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { LiveTask } from '#client';
import '../i18n.js';
import { api } from '../api.js';
import { Inputs } from './inputs.js';

const { listTasks } = api;
afterEach(() => {
  cleanup();
  Object.assign(api, { listTasks });
});

test('of many inputs the first are listed, it is said how many there are, and more come when they are asked for', async () => {
  const asked: string[] = [];
  Object.assign(api, {
    listTasks: async ({ query }: { query: { task_id: string } }) => {
      asked.push(query.task_id);
      return { items: [{ task_id: query.task_id, result: { rows: `rows of ${query.task_id}` } }] };
    },
  });
  const ids = Array.from({ length: 27 }, (_, at) => `t${at}`);
  const tasks = ids.map((task_id) => ({ task_id, status: 'SUCCESS', attempt: 1 }) as LiveTask);
  const params = ids.map((id) => `\${tasks.${id}.result.rows}`);
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Inputs chainId="c" params={params} tasks={tasks} open={() => {}} />
    </QueryClientProvider>,
  );
  await screen.findByText('rows of t19');
  // Each is asked for by its id, and not found among those whose ids hold it.
  expect([asked, screen.getAllByRole('row').length]).toEqual([ids.slice(0, 20), 21]);
  screen.getByText(/The first 20 of 27 inputs/);
  await userEvent.click(screen.getByRole('button', { name: 'Show 7 more' }));
  await screen.findByText('rows of t26');
  expect([asked, screen.queryByRole('button', { name: /more/ })]).toEqual([ids, null]);
});
