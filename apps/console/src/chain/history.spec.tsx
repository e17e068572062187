/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import type { ChainSummaryDto } from '#client';
import '../i18n.js';
import { api } from '../api.js';
import { History } from './history.js';

const { listChainEvents } = api;
afterEach(() => {
  cleanup();
  Object.assign(api, { listChainEvents });
});

const event = (id: number, kind: string, data: object) => ({
  ...{ id, kind, task_id: null, attempt: null, disposition: 'ACCEPTED', recorded_at: '2026-01-31T12:00:00Z', data },
});

test('says who commanded, and of a child that it was the chain that runs it', async () => {
  const items = [event(1, 'PauseChain', { by: 'ann' }), event(2, 'CancelChain', { by: 'parent' })];
  Object.assign(api, { listChainEvents: async () => ({ items: [...items, event(3, 'ChainFinished', {})] }) });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <History chain={{ chain_id: 'c', version: 1 } as ChainSummaryDto} />
    </QueryClientProvider>,
  );
  const rows = (await screen.findAllByRole('row')).slice(1).map((row) => row.textContent);
  expect(rows).toEqual([
    expect.stringMatching(/Chain paused.*by ann$/),
    expect.stringMatching(/Chain cancelled.*by the chain that runs it$/),
    expect.stringMatching(/Chain ended$/),
  ]);
});
