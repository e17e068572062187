/** @jest-environment jsdom */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { act, cleanup, renderHook } from '@testing-library/react';
import type { Sheet } from './history.js';
import { readKept, useKept } from './kept-draft.js';

const NAME = 'task-chain.draft.ann';
const sheetOf = (chain_name: string): Sheet => ({ draft: { chain_name, tasks: [] }, places: {}, origin: undefined });
const nameIn = (store: Storage) =>
  (JSON.parse(store.getItem(NAME) ?? '{}') as { draft?: { chain_name: string } }).draft?.chain_name;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => {
  cleanup();
  jest.useRealTimers();
  localStorage.clear();
  sessionStorage.clear();
});

/** A tab that shows the draft that the browser keeps. */
function tab() {
  const first = readKept('ann');
  const {
    result,
    rerender,
    unmount: leave,
  } = renderHook(({ sheet }) => useKept('ann', sheet, first), {
    initialProps: { sheet: first.own ?? sheetOf('empty') },
  });
  const change = (chain_name: string) => rerender({ sheet: sheetOf(chain_name) });
  const edit = (chain_name: string) => {
    change(chain_name);
    act(() => jest.runAllTimers());
  };
  return {
    edit,
    change,
    leave,
    first,
    chosen: () => act(() => result.current.chosen()),
    other: () => result.current.other,
  };
}
/** Another tab writes; a frozen page is not told. */
function elsewhere(chain_name: string, isTold = true): void {
  const newValue = JSON.stringify(sheetOf(chain_name));
  localStorage.setItem(NAME, newValue);
  if (isTold) act(() => void dispatchEvent(new StorageEvent('storage', { key: NAME, newValue })));
}

test('a draft is kept for all tabs while one alone changes it', () => {
  tab().edit('a');
  expect([nameIn(localStorage), nameIn(sessionStorage)]).toEqual(['a', undefined]);
  expect(readKept('ann')).toEqual({ own: sheetOf('a'), other: undefined });
});

test('the last change is kept as the page is left, before its time has come', () => {
  const { change, leave } = tab();
  change('a');
  expect(nameIn(localStorage)).toBeUndefined();
  leave();
  expect(nameIn(localStorage)).toBe('a');
});

test('a draft near the longest chain is read again, with its places', () => {
  const sheet = {
    ...sheetOf('x'.repeat(999_000)),
    places: Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`task-${at}`, { x: at, y: at }])),
  };
  localStorage.setItem(NAME, JSON.stringify(sheet));
  expect(readKept('ann').own).toEqual(sheet);
});

test.each([true, false])(
  'neither of two tabs writes over the other until one is chosen, told by an event: %s',
  (told) => {
    const { edit, other, chosen } = tab();
    edit('mine');
    elsewhere('theirs', told);
    expect(other()?.draft.chain_name).toBe(told ? 'theirs' : undefined);
    edit('mine, too');
    expect([nameIn(localStorage), nameIn(sessionStorage)]).toEqual(['theirs', 'mine, too']);
    expect(other()?.draft.chain_name).toBe('theirs');
    // A reload of this tab loses nothing, and asks again.
    expect(readKept('ann')).toEqual({ own: sheetOf('mine, too'), other: sheetOf('theirs') });
    chosen();
    act(() => jest.runAllTimers());
    expect([nameIn(localStorage), nameIn(sessionStorage)]).toEqual(['mine, too', undefined]);
    edit('on');
    expect(nameIn(localStorage)).toBe('on');
  },
);

test('shows a change by another tab while this one has none, and keeps this one over a reload', () => {
  elsewhere('both', false);
  const { other } = tab();
  elsewhere('theirs');
  act(() => jest.runAllTimers());
  expect(other()?.draft.chain_name).toBe('theirs');
  expect(readKept('ann')).toEqual({ own: sheetOf('both'), other: sheetOf('theirs') });
});

test('who chooses at once is not asked again', () => {
  const { edit, other, chosen } = tab();
  edit('mine');
  elsewhere('theirs');
  chosen();
  act(() => jest.runAllTimers());
  expect([other(), nameIn(localStorage)]).toEqual([undefined, 'mine']);
});

test('what was written as the page is left counts', () => {
  const { edit } = tab();
  edit('a');
  const { unmount, rerender } = renderHook(({ sheet }) => useKept('ann', sheet, readKept('ann')), {
    initialProps: { sheet: sheetOf('a') },
  });
  rerender({ sheet: sheetOf('last') });
  dispatchEvent(new Event('pagehide'));
  expect(nameIn(localStorage)).toBe('last');
  unmount();
});
