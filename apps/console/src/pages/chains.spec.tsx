/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, configure, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { MemoryRouter, useLocation } from 'react-router';
import '../i18n.js';
import { api } from '../api.js';
import { ChainsPage } from './chains.js';

// Rows are drawn in pieces, between which time passes.
configure({ asyncUtilTimeout: 20_000 });

const { listChains } = api;
afterEach(() => {
  cleanup();
  Object.assign(api, { listChains });
});

type Query = Readonly<Record<string, string | number>>;

/** The page at an address, before a server with 25,000 chains, of which the pages behind the numbered ones are `a`, `b` and `c`; `held` waits there. */
function shown(address: string, held: Promise<void> = Promise.resolve()) {
  const asked: Query[] = [];
  const server = async ({ query }: { query: Query }) => {
    if (query['page_size'] !== 50) return { items: [], next_cursor: null, total: 0 };
    asked.push(query);
    const { cursor } = query;
    if (cursor !== undefined) await held;
    const at = cursor === undefined ? 'numbered' : String(cursor);
    const next = { numbered: 'a', a: 'b', b: 'c', c: null }[at];
    return { items: [chain(`at ${at}`)], next_cursor: next, total: cursor === undefined ? 25_000 : null };
  };
  Object.assign(api, { listChains: server });
  let search = '';
  function Address() {
    search = useLocation().search;
    return null;
  }
  render(
    <QueryClientProvider client={new QueryClient()}>
      <MemoryRouter initialEntries={[address]}>
        <ChainsPage actor="me" />
        <Address />
      </MemoryRouter>
    </QueryClientProvider>,
  );
  return { asked, search: () => search };
}

const chain = (name: string) => ({
  ...{ chain_id: name, chain_name: name, chain_type: 'complex', status: 'SUCCESS', labels: {}, progress: 100 },
  ...{ completed_tasks: 1, total_tasks: 1, started_at: null, completed_at: null, parent_turn: null },
  ...{ template_id: null, created_by: null, created_at: '2026-01-31T12:00:00.000Z' },
});

/** By its words: a search by role takes seconds in a page of this size. */
const button = (words: string): HTMLButtonElement => screen.getByText(words).closest('button')!;

test('behind the last numbered page it reads on, by an address for each page, as far as there are chains', async () => {
  const user = userEvent.setup({ pointerEventsCheck: 0 });
  const { search } = shown('/chains?status=SUCCESS&page=200');
  await screen.findByText('at numbered');
  for (const cursor of ['a', 'b', 'c']) {
    await user.click(button('Next page'));
    await screen.findByText(`at ${cursor}`);
    expect(search()).toBe(`?status=SUCCESS&cursor=${cursor}`);
  }
  const more = button('Next page');
  await waitFor(() => expect(more.disabled).toBe(true));
  await user.click(button('First page'));
  await screen.findByText('at numbered');
  expect(search()).toBe('?status=SUCCESS');
});

test('before it there is no such way: pages have numbers', async () => {
  shown('/chains?page=199');
  await screen.findByText('at numbered');
  expect(screen.queryByText('Next page')).toBeNull();
  expect(screen.getByTitle('200')).toBeTruthy();
});

test('asks for whole days of the zone of the user, and begins anew', async () => {
  const { asked, search } = shown('/chains?cursor=a');
  await screen.findByText('at a');
  fireEvent.change(screen.getByLabelText('Created from'), { target: { value: '2026-03-01' } });
  fireEvent.change(screen.getByLabelText('until'), { target: { value: '2026-03-31' } });
  await waitFor(() =>
    expect(asked.at(-1)).toMatchObject({
      page_size: 50,
      created_from: new Date(2026, 2, 1).toISOString(),
      created_to: new Date(2026, 3, 1).toISOString(),
    }),
  );
  expect(search()).not.toMatch(/cursor/);
  expect(screen.getByLabelText<HTMLInputElement>('until').value).toBe('2026-03-31');
});

test('asks again and again for what it shows alone: metadata may have megabytes', async () => {
  const { asked } = shown('/chains?fields=metadata');
  await screen.findByText('at numbered');
  const fields = String(asked[0]!['fields']).split(',');
  expect(fields).not.toContain('metadata');
  // Each of what a row is made of.
  expect(Object.keys(chain('a')).filter((name) => !fields.includes(name))).toEqual(['chain_id']);
});

test('says that there are no chains only where there are none', async () => {
  let said = false;
  const watch = new MutationObserver(() => (said ||= document.body.textContent.includes('There is no chain yet')));
  watch.observe(document.body, { childList: true, subtree: true, characterData: true });
  shown('/chains');
  await screen.findByText('at numbered');
  watch.disconnect();
  expect(said).toBe(false);
});

test('says of chains that it may not read no more than why', async () => {
  Object.assign(api, { listChains: () => Promise.reject(new Error('not today')) });
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <MemoryRouter initialEntries={['/chains?q=x']}>
        <ChainsPage actor="me" />
      </MemoryRouter>
    </QueryClientProvider>,
  );
  await screen.findByText('not today');
  expect(screen.queryByText(/No chain fits the filters/)).toBeNull();
});

test('pressed twice, it reads on once', async () => {
  const user = userEvent.setup({ pointerEventsCheck: 0 });
  let answer!: () => void;
  const { search } = shown('/chains?page=200', new Promise<void>((resolve) => (answer = resolve)));
  await screen.findByText('at numbered');
  await user.click(button('Next page'));
  expect(search()).toBe('?cursor=a');
  // The page before is still there, and so is its cursor.
  expect(screen.getByText('at numbered')).toBeTruthy();
  expect(button('Next page').disabled).toBe(true);
  answer();
  await screen.findByText('at a');
  expect(button('Next page').disabled).toBe(false);
});
