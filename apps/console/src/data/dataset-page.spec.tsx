/** @jest-environment jsdom */
import { afterEach, expect, jest, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, configure, render, screen } from '@testing-library/react';
import { MemoryRouter, Route, Routes } from 'react-router';
import type { DatasetDto, KeptAt } from '#client';
import '../i18n.js';
import { api } from '../api.js';
import { DataPage } from './data-page.js';

configure({ asyncUtilTimeout: 20_000 });
// The editor of policies is not of this test.
jest.unstable_mockModule('./policy-editor.js', () => ({ PolicyEditor: () => null }));
const { default: DatasetPage } = await import('./dataset-page.js');

const before = { ...api };
afterEach(() => {
  cleanup();
  Object.assign(api, before);
});

const dataset = (party: string, kept_at: KeptAt): DatasetDto => ({
  ...{ reference: `dataset:${party}/customers@1`, party, name: 'customers', version: 1, format: 'csv' },
  ...{ columns: [], rows: 9, removed: false, kept_at },
});
function shown(path: string) {
  const nothing = async () => ({ items: [] });
  const account = { openings: 0, by_task_type: [], budgets: [], policy_expires_at: null };
  const lies = (party: string): KeptAt => (party === 'bank-a' ? 'site' : 'worker');
  Object.assign(api, {
    ...{ listParties: nothing, listNodes: nothing },
    listDatasets: async () => ({ items: ['bank-a', 'bank-b'].map((party) => dataset(party, lies(party))) }),
    listDatasetLedger: async ({ path: { party } }: { path: { party: string } }) => ({
      ...{ items: [], next_before: null, kept_at: lies(party) },
    }),
    getDatasetAccount: async () => account,
  });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <MemoryRouter initialEntries={[path]}>
        <Routes>
          <Route path="/data" element={<DataPage />} />
          <Route path="/data/:party/:name" element={<DatasetPage />} />
        </Routes>
      </MemoryRouter>
    </QueryClientProvider>,
  );
}

test('the list marks the copies of what lies at sites, and says where to look', async () => {
  shown('/data');
  expect((await screen.findByText('copy')).closest('tr')!.textContent).toContain('bank-a/customers@1');
  expect(screen.getAllByText('copy')).toHaveLength(1);
  expect(screen.getByText('task-chain-node datasets ls')).toBeTruthy();
});

test('a dataset of a party at its site is a copy, as its ledger, which lacks what was opened there', async () => {
  shown('/data/bank-a/customers');
  expect(await screen.findByText(/^A copy: what lies at the site of bank-a is what counts/)).toBeTruthy();
  expect(screen.getByText('task-chain-node datasets show customers')).toBeTruthy();
  cleanup();
  shown('/data/bank-a/customers?view=ledger');
  expect(await screen.findByText(/^A copy, which lacks what tasks opened at the site of bank-a/)).toBeTruthy();
  expect(screen.getByText('task-chain-node ledger show customers')).toBeTruthy();
});

test('one of a party without a site is none', async () => {
  shown('/data/bank-b/customers');
  expect(await screen.findByText('dataset:bank-b/customers@1')).toBeTruthy();
  expect(screen.queryByText(/^A copy/)).toBeNull();
  cleanup();
  shown('/data/bank-b/customers?view=ledger');
  expect(await screen.findByText(/^What tasks opened of this dataset to others/)).toBeTruthy();
  expect(screen.queryByText(/task-chain-node/)).toBeNull();
});
