import { useEffect, useRef, useState } from 'react';
import { isFields, LONGEST, readDraft } from './draft.js';
import type { Origin, Sheet } from './history.js';

const nameOf = (actor: string): string => `task-chain.draft.${actor}`;
const WRITE_MS = 300;

export interface Kept {
  /** Undefined where the browser keeps none that can be drawn. */
  readonly own: Sheet | undefined;
  /** What another tab made of the draft meanwhile, and nobody has chosen between the two yet. */
  readonly other: Sheet | undefined;
}

/** The draft that this browser keeps for a user, and the one that this tab keeps apart from it. */
export function readKept(actor: string): Kept {
  const [kept, apart] = [localStorage.getItem(nameOf(actor)), sessionStorage.getItem(nameOf(actor))];
  const own = apart === kept ? undefined : readSheet(apart);
  return own === undefined ? { own: readSheet(kept), other: undefined } : { own, other: readSheet(kept) };
}

function readSheet(text: string | null): Sheet | undefined {
  // The places of its tasks, beside the chain.
  if (text === null || text.length > 4 * LONGEST) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (!isFields(value) || !isFields(value['places'])) return undefined;
    const draft = readDraft(value['draft']);
    const places = Object.entries(value['places']).filter(
      (each): each is [string, { x: number; y: number }] =>
        isFields(each[1]) && Number.isFinite(each[1]['x']) && Number.isFinite(each[1]['y']),
    );
    return { draft, places: Object.fromEntries(places), origin: readOrigin(value['origin']) };
  } catch {
    return undefined;
  }
}

function readOrigin(value: unknown): Origin | undefined {
  if (!isFields(value)) return undefined;
  const { template_id, version } = value;
  return typeof template_id === 'string' && typeof version === 'number' ? { template_id, version } : undefined;
}

/**
 * Keeps a draft over a reload, where all tabs of the browser find it. Says when another tab has changed it: until somebody has chosen one of the
 * two, this tab keeps its own apart, so that neither is written over the other.
 */
export function useKept(actor: string, sheet: Sheet, first: Kept) {
  const name = nameOf(actor);
  const [other, setOther] = useState(first.other);
  const isApart = other !== undefined;
  const written = useRef<{ sheet: Sheet | undefined; isApart: boolean }>({ sheet, isApart });
  /** What all tabs had when this one looked last. */
  const known = useRef(localStorage.getItem(name));
  const pending = useRef<() => void>(() => undefined);
  useEffect(() => {
    const isWritten = () => written.current.sheet === sheet && written.current.isApart === isApart;
    if (isWritten()) return;
    const write = () => {
      // Once: another tab may have written since.
      if (isWritten()) return;
      const text = JSON.stringify(sheet);
      const there = localStorage.getItem(name);
      // Some events are missed: a page that one has gone back to was frozen.
      const news = isApart || there === known.current || there === text ? undefined : readSheet(there);
      known.current = there;
      written.current = { sheet, isApart: isApart || news !== undefined };
      try {
        if (written.current.isApart) sessionStorage.setItem(name, text);
        else {
          localStorage.setItem(name, text);
          known.current = text;
          sessionStorage.removeItem(name);
        }
      } catch {
        // There is no room: the draft is still here until the page is closed.
      }
      if (news !== undefined) setOther(news);
    };
    pending.current = write;
    const timer = setTimeout(write, WRITE_MS);
    addEventListener('pagehide', write);
    return () => {
      clearTimeout(timer);
      removeEventListener('pagehide', write);
    };
  }, [name, sheet, isApart]);
  // Who leaves the page at once loses nothing.
  useEffect(() => () => pending.current(), []);
  useEffect(() => {
    const listen = ({ key, newValue }: StorageEvent) => {
      if (key !== name) return;
      known.current = newValue;
      // What this tab has is written nowhere any more.
      written.current = { sheet: undefined, isApart: true };
      setOther(readSheet(newValue));
    };
    addEventListener('storage', listen);
    return () => removeEventListener('storage', listen);
  }, [name]);
  return { other, chosen: () => setOther(undefined) };
}
