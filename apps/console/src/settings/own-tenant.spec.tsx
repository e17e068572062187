/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import '../i18n.js';
import { OwnTenant } from './settings-page.js';

afterEach(cleanup);

const TENANT = {
  ...{ tenant_id: 'bank', name: 'Bank', weight: 1, max_running_chains: 7, max_waiting_tasks: null },
  ...{ max_creates_per_minute: null, max_artifact_bytes: null, default_engine: null, allowed_engines: null },
  use: { running_chains: 3, waiting_tasks: 0, creates_last_minute: 0, artifact_bytes: 0 },
};
function factsOf(tenant: object): readonly (string | null)[] {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
  client.setQueryData(['tenant'], { ...TENANT, ...tenant });
  render(
    <MemoryRouter>
      <QueryClientProvider client={client}>
        <OwnTenant />
      </QueryClientProvider>
    </MemoryRouter>,
  );
  return screen.getAllByRole('definition').map((each) => each.textContent);
}

test('a tenant sees which engines run its tasks', () => {
  expect(factsOf({})).toEqual(['as the deployment has it', 'all that are set up']);
  cleanup();
  expect(factsOf({ default_engine: 'secretflow', allowed_engines: ['secretflow', 'native'] })).toEqual([
    'secretflow',
    'secretflow, native',
  ]);
});

test('a tenant sees its limits, and what of them is used', () => {
  factsOf({});
  const rows = screen.getAllByRole('row').map((row) => [...row.children].map((cell) => cell.textContent));
  expect(rows.slice(-4)[0]).toEqual(['Running chains', '3', '7']);
  expect(rows.slice(-3)[0]).toEqual(['Waiting tasks', '0', 'no limit']);
});
