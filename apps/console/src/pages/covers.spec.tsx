/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { cleanup, render, screen } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import '../i18n.js';
import { Cover, type Standing } from './covers.js';

afterEach(cleanup);

const STANDING: Standing = {
  ...{ party: 'bank-a', name: 'nightly', decision: 'approve', origin: 'schedule:schedule-1' },
  ...{ expires_at: '2999-01-01T00:00:00Z', proposer: null, purpose: 'risk' },
  tasks: [
    {
      ...{ task_id: 'fill', task_type: 'psi', params: { task_config: { keys: ['id'] } }, uses: 30 },
      holes: {
        '/rounds': { min: 1, max: 8 },
        '/table': { like: 'day-#' },
        '/columns': { each: { enum: ['age', '\u202eega'] } },
      },
    },
    { task_id: 'fixed', task_type: 'sql', params: {}, uses: 1, holes: {} },
  ],
};
const shown = (more: Partial<Standing> = {}) =>
  render(
    <MemoryRouter>
      <Cover of={{ ...STANDING, ...more }} />
    </MemoryRouter>,
  );

test('says what it covers, how often, until when, what may vary, and how it is ended', () => {
  shown();
  expect(screen.getByRole('link', { name: 'schedule-1' }).getAttribute('href')).toBe('/schedules/schedule-1');
  expect(screen.getByText('fill (psi): at most 30 instances, turns or runs')).toBeTruthy();
  expect(screen.getAllByRole('listitem').map(({ textContent }) => textContent)).toEqual([
    '/rounds: 1 or more; 8 or less',
    '/table: day-#, where # is any number',
    String.raw`/columns: a list, each of it: "age", "\u202eega"`,
  ]);
  expect(screen.getByText('Nothing: each parameter is as below.')).toBeTruthy();
  expect(screen.getByText('task-chain approvals uncover nightly --key ~/bank-a/bank-a.key')).toBeTruthy();
  expect(screen.queryByText('Expired')).toBeNull();
});

test('one that is over says so', () => {
  shown({ expires_at: '2020-01-01T00:00:00Z', origin: 'chain:chain-1' });
  expect(screen.getByText('Expired')).toBeTruthy();
  expect(screen.getByRole('link', { name: 'chain-1' }).getAttribute('href')).toBe('/chains/chain-1');
});
