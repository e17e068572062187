/** @jest-environment jsdom */
import { afterEach, test } from '@jest/globals';
import { cleanup, render, screen } from '@testing-library/react';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { TaskChainClient } from '#client';
import '../i18n.js';
import { useLiveChain } from './live-chain.js';

const { watchChain } = TaskChainClient.prototype;
afterEach(() => {
  cleanup();
  TaskChainClient.prototype.watchChain = watchChain;
});

function Shown() {
  const { stream, error } = useLiveChain('c');
  return <p>{`${stream} ${error instanceof Error ? error.message : ''}`}</p>;
}

test('what went wrong stays on the page, also where the chain changed just before', async () => {
  TaskChainClient.prototype.watchChain = async function* () {
    yield { event: 'chain', data: { chain_id: 'c' } } as never;
    throw new Error('There is no such chain.');
  };
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Shown />
    </QueryClientProvider>,
  );
  await screen.findByText(/^ended There is no such chain/);
  // The change was to be drawn 100 ms after it came.
  await new Promise((later) => setTimeout(later, 250));
  screen.getByText(/^ended There is no such chain/);
});
