/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import '../i18n.js';
import { api } from '../api.js';
import { Cover, Covers, type Standing } from './covers.js';

const { listParties, listStatements } = api;
afterEach(() => {
  cleanup();
  Object.assign(api, { listParties, listStatements });
});

const STANDING: Standing = {
  ...{ party: 'bank-a', name: 'nightly', decision: 'approve', serial: 7, origin: 'schedule:schedule-1' },
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

/** The page of a reader of all parties, of which there are `count`: none has approved a whole. Answers a party at a time. */
function page(count: number) {
  const client = new QueryClient();
  const waiting: (() => void)[] = [];
  const items = Array.from({ length: count }, (_, at) => ({ party: `bank-${at}` }));
  Object.assign(api, {
    listParties: async () => ({ items }),
    listStatements: () => new Promise((answer) => waiting.push(() => answer({ items: [] }))),
  });
  render(
    <QueryClientProvider client={client}>
      <Covers session={{ party: null, role: 'viewer' }} />
    </QueryClientProvider>,
  );
  return { client, waiting };
}
const NONE = 'No owner has approved anything in advance.';

test('says that there is none only once all parties were asked and have answered', async () => {
  const { waiting } = page(2);
  expect(screen.queryByText(NONE)).toBeNull();
  await waitFor(() => expect(waiting).toHaveLength(2));
  expect(screen.queryByText(NONE)).toBeNull();
  for (const answer of waiting) answer();
  await screen.findByText(NONE);
});

test('of more parties than it asks, it does not say that there is none', async () => {
  const { client, waiting } = page(21);
  await waitFor(() => expect(waiting).toHaveLength(20));
  for (const answer of waiting) answer();
  await waitFor(() => expect(client.isFetching()).toBe(0));
  screen.getByText(/first 20 parties/);
  expect(screen.queryByText(NONE)).toBeNull();
});
