import { useEffect, useState } from 'react';

/** Filters of the chains page under a name. */
export interface View {
  readonly name: string;
  /** As `filtersOf` writes them. */
  readonly search: string;
}

/** More are not offered; the oldest go first. */
const MOST = 50;
const nameOf = (actor: string): string => `task-chain.views.${actor}`;

/** What of an address says which part of a list is shown. */
export const PLACES = ['page', 'cursor'];

/** The filters and the order of an address, in one way to write them: without the page, and sorted. */
export function filtersOf(search: URLSearchParams): string {
  const filters = new URLSearchParams([...search].filter(([name, value]) => !PLACES.includes(name) && value !== ''));
  filters.sort();
  return filters.toString();
}

/** The views that this browser keeps. Skips entries that are not views. */
export function readViews(text: string | null): readonly View[] {
  try {
    const kept: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(kept) ? kept.filter(isView) : [];
  } catch {
    return [];
  }
}

function isView(value: unknown): value is View {
  const { name, search } = (value ?? {}) as Record<string, unknown>;
  return typeof name === 'string' && typeof search === 'string';
}

/** With this view as the newest; one of the same name goes. */
export const withView = (views: readonly View[], view: View): readonly View[] =>
  [...views.filter(({ name }) => name !== view.name), view].slice(-MOST);

/** The views that this browser keeps for a user, in all its tabs, and what changes them. */
export function useViews(actor: string) {
  const [text, setText] = useState(() => localStorage.getItem(nameOf(actor)));
  useEffect(() => {
    const listen = ({ key, newValue }: StorageEvent) => {
      if (key === nameOf(actor)) setText(newValue);
    };
    addEventListener('storage', listen);
    return () => removeEventListener('storage', listen);
  }, [actor]);
  const change = (next: (views: readonly View[]) => readonly View[]) => {
    const written = JSON.stringify(next(readViews(localStorage.getItem(nameOf(actor)))));
    setText(written);
    try {
      localStorage.setItem(nameOf(actor), written);
    } catch {
      // There is no room: the views are still here until the page is closed.
    }
  };
  return { views: readViews(text), change };
}
