/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import '../i18n.js';
import { SavedViews } from './saved-views.js';
import { filtersOf, readViews } from './views.js';

const KEPT_AS = 'task-chain.views.key:one';

afterEach(() => {
  cleanup();
  localStorage.clear();
});

/** The page around it: its address is a state here. */
function Page({ at }: { at: string }) {
  const [search, open] = useState(at);
  return (
    <QueryClientProvider client={new QueryClient()}>
      <output>{search}</output>
      <button onClick={() => open('page=3&status=FAILURE')}>elsewhere</button>
      <SavedViews actor="key:one" search={new URLSearchParams(search)} open={open} />
    </QueryClientProvider>
  );
}

async function save(name: string) {
  const user = userEvent.setup();
  await user.click(screen.getByRole('button', { name: 'Save this view' }));
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Save' }).disabled).toBe(true);
  await user.type(screen.getByRole('textbox', { name: 'Name' }), name);
  const says = screen.getByRole('dialog').textContent;
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await screen.findByRole('button', { name: 'Delete this view' });
  return says;
}

test('a view keeps the filters and the order, not the page, and leads back to them', async () => {
  const user = userEvent.setup();
  render(<Page at="status=RUNNING&q=risk&page=2&labels=" />);
  expect(await save('  risk ')).toContain('in this browser');
  expect(readViews(localStorage.getItem(KEPT_AS))).toEqual([{ name: 'risk', search: 'q=risk&status=RUNNING' }]);
  await user.click(screen.getByRole('button', { name: 'elsewhere' }));
  expect(await save('risk')).toContain('takes the place');
  expect(readViews(localStorage.getItem(KEPT_AS))).toEqual([{ name: 'risk', search: 'status=FAILURE' }]);
  await user.click(screen.getByRole('button', { name: 'Delete this view' }));
  expect(readViews(localStorage.getItem(KEPT_AS))).toEqual([]);
  expect(screen.queryByRole('combobox', { name: 'Saved views' })).toBeNull();
});

test('a view of another tab is there at once, and opens', async () => {
  const user = userEvent.setup();
  render(<Page at="" />);
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Save this view' }).disabled).toBe(true);
  const newValue = JSON.stringify([{ name: 'mine', search: 'q=x' }]);
  act(() => void dispatchEvent(new StorageEvent('storage', { key: 'task-chain.views.key:two', newValue })));
  expect(screen.queryByRole('combobox', { name: 'Saved views' })).toBeNull();
  act(() => void dispatchEvent(new StorageEvent('storage', { key: KEPT_AS, newValue })));
  await user.click(screen.getByRole('combobox', { name: 'Saved views' }));
  await user.click(await screen.findByTitle('mine'));
  expect(screen.getByRole('status').textContent).toBe('q=x');
});

test('what is no view in the store is left out', () => {
  const views = (text: string | null) => readViews(text).map(({ name }) => name);
  expect(views(null)).toEqual([]);
  expect(views('{')).toEqual([]);
  expect(views('{"name":"a","search":"q=a"}')).toEqual([]);
  expect(views('[null, 1, {"name":"a"}, {"name":7,"search":""}, {"name":"b","search":"q=b"}]')).toEqual(['b']);
  expect(filtersOf(new URLSearchParams('sort=chain_name&page=7&q='))).toBe('sort=chain_name');
});
