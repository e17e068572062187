/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { api } from '../api.js';
import '../i18n.js';
import { Opened } from './opened.js';
import { Artifacts, Attempts } from './task-parts.js';

afterEach(cleanup);

const file = { media_type: 'text/csv', size_bytes: 9, sha256: 'x', created_at: '2026-11-30T00:00:00Z' };

test('a file at a site is named with the site, and is neither linked nor shown', async () => {
  const items = [
    { ...file, name: 'bank-a/rows.csv', reference: 'artifact:c/t/bank-a/rows.csv', party: 'bank-a', at_site: 'bank-a' },
    { ...file, name: 'bank-b/rows.csv', reference: 'artifact:c/t/bank-b/rows.csv', party: 'bank-b', at_site: null },
  ];
  api.listTaskArtifacts = () => Promise.resolve({ items }) as never;
  const asked: string[] = [];
  globalThis.fetch = ((href: string) => (asked.push(href), Promise.resolve({ ok: true }))) as never;
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Artifacts path={{ chain_id: 'c', task_id: 't' }} moment="" />
    </QueryClientProvider>,
  );
  await screen.findByText('bank-a, at its site');
  expect(screen.getAllByRole('link').map((link) => link.textContent)).toEqual(['bank-b/rows.csv']);
  await screen.findByRole('button', { name: /Preview/ });
  expect(asked).toEqual(['/api/v1/chains/c/tasks/t/artifacts/bank-b/rows.csv']);
});

test('what a task has opened says of files at a site where they lie', async () => {
  const items = [
    { ...file, name: 'bank-a/rows.csv', reference: 'artifact:c/t/bank-a/rows.csv', party: 'bank-a', at_site: 'bank-a' },
    { ...file, name: 'bank-b/rows.csv', reference: 'artifact:c/t/bank-b/rows.csv', party: 'bank-b', at_site: null },
    { ...file, name: 'sum.json', reference: 'artifact:c/t/sum.json', party: null, at_site: 'bank-a' },
    { ...file, name: 'all.json', reference: 'artifact:c/t/all.json', party: null, at_site: null },
  ];
  api.listTaskArtifacts = () => Promise.resolve({ items }) as never;
  api.listTaskOpenings = () => Promise.resolve({ items: [], kept_at: 'site' }) as never;
  api.listTaskTypes = () => Promise.resolve({ items: [] }) as never;
  api.getSession = () => Promise.resolve({ role: 'author' }) as never;
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Opened
        path={{ chain_id: 'c', task_id: 't' }}
        moment=""
        of={{ task_type: 'psi', result: null, params: {} } as never}
      />
    </QueryClientProvider>,
  );
  await screen.findByText('1 file: bank-a/rows.csv');
  const [table] = screen.getAllByRole('table');
  const rows = within(table!).getAllByRole('row').slice(1);
  expect(rows.map((row) => row.textContent)).toEqual([
    'bank-a, at its site1 file: bank-a/rows.csv',
    'bank-b1 file: bank-b/rows.csv',
    'bank-a, at its site1 file: sum.json',
    'all who read the chain1 file: all.json',
  ]);
  // Nobody has told the server what was opened there: an empty list would be wrong.
  expect(await screen.findByText(/^What this task opened is in the ledgers at the sites/)).toBeTruthy();
  expect(screen.getByText('task-chain-node ledger ls')).toBeTruthy();
  expect(screen.queryByText('Nothing of a dataset that you may read was counted.')).toBeNull();
});

test.each([
  ['its protocol', { engine: 'secretflow', task_config: { protocol: 'KKRT' } }, 'transfers'],
  ['its engine, where it names no protocol', { engine: 'secretflow', task_config: {} }, 'points'],
  ['its type', { task_config: { protocol: 'KKRT' } }, 'native words'],
])('what leaves is said by %s', async (_, params, said) => {
  const on = (engine: string, protocol: string, leaves: string) => ({ engine, protocol, leaves });
  const engine_leaves = [
    on('celery', 'KKRT', 'fleet'),
    on('secretflow', 'ECDH', 'points'),
    on('secretflow', 'KKRT', 'transfers'),
  ];
  const type = { task_type: 'psi', leaves: 'native words', engine_leaves };
  api.listTaskArtifacts = () => Promise.resolve({ items: [] }) as never;
  api.listTaskOpenings = () => Promise.resolve({ items: [] }) as never;
  api.listTaskTypes = () => Promise.resolve({ items: [type] }) as never;
  api.getSession = () => Promise.resolve({ role: 'author' }) as never;
  const of = { task_type: 'psi', result: null, params } as never;
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Opened path={{ chain_id: 'c', task_id: 't' }} moment="" of={of} />
    </QueryClientProvider>,
  );
  await screen.findByText(`What leaves a party: ${said}`);
});

test.each([
  ['FAILURE', { code: 'TABLE_MISSING', message: 'there is no table' }, ['State', 'Error', 'Queued']],
  ['SUCCESS', null, ['State', 'Queued', 'Ran']],
])('an attempt of the outcome %s says why it failed beside its state, if it did', async (outcome, error, heads) => {
  const times = { queued_at: null, started_at: null, finished_at: null };
  const items = [{ attempt: 1, outcome, error, worker_id: null, ...times }];
  api.listTaskAttempts = () => Promise.resolve({ items }) as never;
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Attempts path={{ chain_id: 'c', task_id: 't' }} moment="" />
    </QueryClientProvider>,
  );
  const all = await screen.findAllByRole('columnheader');
  expect(all.map(({ textContent }) => textContent).slice(1, 4)).toEqual(heads);
  // By colour and sign too.
  expect(document.querySelector(`.status-${outcome.toLowerCase()}`)?.textContent).toMatch(/^[✗✓] (Failed|Success)$/);
  expect(screen.queryByText(/there is no table/) !== null).toBe(error !== null);
});

test('a report stands in a frame without any right, and only for those who may download it', async () => {
  const report = { ...file, media_type: 'text/html', name: 'report.html', reference: 'r', party: null, at_site: null };
  api.listTaskArtifacts = () => Promise.resolve({ items: [report] }) as never;
  const show = (task_id: string, mayRead: boolean) => {
    globalThis.fetch = (() => Promise.resolve({ ok: mayRead })) as never;
    return render(
      <QueryClientProvider client={new QueryClient()}>
        <Artifacts path={{ chain_id: 'c', task_id }} moment="" />
      </QueryClientProvider>,
    );
  };
  show('t', true);
  fireEvent.click(await screen.findByRole('button', { name: 'Show report.html' }));
  const frame = screen.getByTitle('report.html');
  expect([frame.getAttribute('sandbox'), frame.getAttribute('src')]).toEqual([
    '',
    '/api/v1/chains/c/tasks/t/artifacts/report.html',
  ]);
  cleanup();
  show('closed', false);
  await screen.findByText('report.html');
  await new Promise((next) => setTimeout(next));
  expect(screen.queryByRole('button', { name: 'Show report.html' })).toBeNull();
});
