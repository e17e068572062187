/** @jest-environment jsdom */
import { afterEach, expect, jest, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { TaskChainClient } from '#client';
import '../i18n.js';

// Its style sheet is no JavaScript; e2e looks at the drawing.
jest.unstable_mockModule('./drawing.js', () => ({ Drawing: () => null, SIGNS: {} }));
const { Compare } = await import('./compare.js');

const { diffTemplateVersions } = TaskChainClient.prototype;
afterEach(() => {
  cleanup();
  TaskChainClient.prototype.diffTemplateVersions = diffTemplateVersions;
});

test('a change shows its value before and after, where there is one', async () => {
  const change = (pointer: string, how: string, values: object) => ({ pointer, change: how, ...values });
  TaskChainClient.prototype.diffTemplateVersions = (() =>
    Promise.resolve({
      ...{ from_version: 1, to_version: 2, same: false, tasks: [], edges: [] },
      chain: [
        change('/added', 'added', { after: 1 }),
        change('/removed', 'removed', { before: 2 }),
        change('/changed', 'changed', { before: 3, after: null }),
      ],
    })) as never;
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Compare templateId="t" of={{ from: '1', to: '2' }} />
    </QueryClientProvider>,
  );
  await screen.findByText('/added');
  const values = screen
    .getAllByRole('listitem')
    .map((item) => [...item.querySelectorAll('ins, del')].map((value) => `${value.tagName} ${value.textContent}`));
  expect(values).toEqual([['INS + 1'], ['DEL − 2'], ['DEL − 3', 'INS + null']]);
});
