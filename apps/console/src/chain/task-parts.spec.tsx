/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { api } from '../api.js';
import '../i18n.js';
import { Artifacts } from './task-parts.js';

afterEach(cleanup);

test('a file at a site is named with the site, and is neither linked nor shown', async () => {
  const file = { media_type: 'text/csv', size_bytes: 9, sha256: 'x', created_at: '2026-11-30T00:00:00Z' };
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
