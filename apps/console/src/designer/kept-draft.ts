import { useEffect, useRef, useState } from 'react';
import { isFields, LONGEST, readDraft } from './draft.js';
import type { Origin, Sheet } from './history.js';

const nameOf = (actor: string): string => `task-chain.draft.${actor}`;
const WRITE_MS = 300;

/** The draft that this browser keeps for a user; undefined where it keeps none that can be drawn. */
export function readKept(actor: string): Sheet | undefined {
  return readSheet(localStorage.getItem(nameOf(actor)));
}

function readSheet(text: string | null): Sheet | undefined {
  if (text === null || text.length > LONGEST) return undefined;
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

/** Keeps a draft over a reload. Says when another tab has changed the one that both show; its draft can be taken. */
export function useKept(actor: string, sheet: Sheet) {
  const [other, setOther] = useState<Sheet>();
  const written = useRef(sheet);
  useEffect(() => {
    if (written.current === sheet) return;
    const write = () => {
      // Once: another tab may have written since.
      if (written.current === sheet) return;
      written.current = sheet;
      try {
        localStorage.setItem(nameOf(actor), JSON.stringify(sheet));
      } catch {
        // There is no room: the draft is still here until the page is closed.
      }
    };
    const timer = setTimeout(write, WRITE_MS);
    addEventListener('pagehide', write);
    return () => {
      clearTimeout(timer);
      removeEventListener('pagehide', write);
    };
  }, [actor, sheet]);
  useEffect(() => {
    const listen = ({ key, newValue }: StorageEvent) => {
      if (key === nameOf(actor)) setOther(readSheet(newValue));
    };
    addEventListener('storage', listen);
    return () => removeEventListener('storage', listen);
  }, [actor]);
  return { other, forgetOther: () => setOther(undefined) };
}
