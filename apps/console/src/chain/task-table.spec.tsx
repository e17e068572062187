/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { LiveTask } from '#client';
import '../i18n.js';
import { ROW_PX } from '../view/many-rows.js';
import { TaskTable } from './task-table.js';

afterEach(cleanup);

const tasks = Array.from({ length: 10_000 }, (_, at) => {
  const task = { task_id: `step-${at}`, task_name: '', task_type: 'diagnostic', status: 'SUCCESS', attempt: 1 };
  return { ...task, started_at: null, completed_at: null, worker_id: null, error: null } as unknown as LiveTask;
});
const shown = () => [...document.querySelectorAll('.row button')].map(({ textContent }) => textContent);

const heads = () => screen.getAllByRole('columnheader').map(({ textContent }) => textContent);

test('errors stand beside the state, and take no room where there are none', () => {
  const few = tasks.slice(0, 2);
  const { rerender } = render(<TaskTable tasks={few} open={() => {}} />);
  expect(heads()).toEqual(['Task', 'State', 'Task type', 'Attempt', 'Duration', 'Worker']);
  const failed = { ...few[1]!, status: 'FAILURE', error: { code: 'TABLE_MISSING', message: 'none' } } as LiveTask;
  rerender(<TaskTable tasks={[few[0]!, failed]} open={() => {}} />);
  expect(heads().slice(1, 3)).toEqual(['State', 'Error']);
  expect(screen.getByText('TABLE_MISSING')).toBeTruthy();
});

test('of 10,000 tasks those in sight are in the page, wherever it is scrolled; all keep their place', async () => {
  const opened: string[] = [];
  const { container } = render(<TaskTable tasks={tasks} open={(id) => opened.push(id)} />);
  expect([shown().length, shown()[0]]).toEqual([26, 'step-0']);
  const plain = container.querySelectorAll('*').length;
  expect(plain).toBeLessThan(400);
  const group = screen.getByRole('group', { name: 'Table' });
  group.scrollTop = 9_986 * ROW_PX;
  fireEvent.scroll(group);
  await screen.findByText('step-9999');
  expect(shown()).toEqual(Array.from({ length: 20 }, (_, at) => `step-${9_980 + at}`));
  const heights = [...container.querySelectorAll<HTMLElement>('.space td')].map(({ style }) => style.height);
  expect(heights).toEqual([`${9_980 * ROW_PX}px`]);
  const last = screen.getByText('step-9999');
  expect(last.closest('tr')!.getAttribute('aria-rowindex')).toBe('10001');
  await userEvent.click(last);
  expect(opened).toEqual(['step-9999']);
  // Found while the page is still scrolled far down.
  await userEvent.type(screen.getByRole('searchbox'), 'step-123');
  await screen.findByText('step-123');
  expect(screen.getByRole('table').getAttribute('aria-rowcount')).toBe('12');
  await userEvent.type(screen.getByRole('searchbox'), 'x');
  await screen.findByText('No task fits.');
  expect(screen.queryByRole('table')).toBeNull();
});
