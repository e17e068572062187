import { useCallback, useReducer } from 'react';
import type { Places } from '../chain/node-size.js';
import { EMPTY, type Draft } from './draft.js';

/** The version of a template that a draft began with. */
export interface Origin {
  readonly template_id: string;
  readonly version: number;
}

/** A draft and where its tasks stand. */
export interface Sheet {
  readonly draft: Draft;
  readonly places: Places;
  /** Stays with the draft, so that it can be saved as the next version. */
  readonly origin?: Origin | undefined;
}

interface History {
  readonly past: readonly Sheet[];
  readonly now: Sheet;
  readonly future: readonly Sheet[];
  /** What was changed last: typing on in one field is one step. */
  readonly field: string | undefined;
}
type Step =
  { do: 'undo' } | { do: 'redo' } | { do: 'change'; change: (now: Sheet) => Sheet; field: string | undefined };

const MOST_STEPS = 200;

function reduce(history: History, step: Step): History {
  const { past, now, future } = history;
  if (step.do === 'undo') {
    const before = past.at(-1);
    if (before === undefined) return history;
    return { past: past.slice(0, -1), now: before, future: [now, ...future], field: undefined };
  }
  if (step.do === 'redo') {
    const [next, ...rest] = future;
    if (next === undefined) return history;
    return { past: [...past, now], now: next, future: rest, field: undefined };
  }
  const next = step.change(now);
  if (next === now) return history;
  const goesOn = step.field !== undefined && step.field === history.field;
  return { past: goesOn ? past : [...past, now].slice(-MOST_STEPS), now: next, future: [], field: step.field };
}

export type Change = (change: (now: Sheet) => Sheet, field?: string) => void;

/** A draft with its steps, to go back and forth. */
export function useHistory(first: Sheet = { draft: EMPTY, places: {} }) {
  const [{ past, now, future }, dispatch] = useReducer(reduce, { past: [], now: first, future: [], field: undefined });
  const change = useCallback<Change>((how, field) => dispatch({ do: 'change', change: how, field }), []);
  const undo = useCallback(() => dispatch({ do: 'undo' }), []);
  const redo = useCallback(() => dispatch({ do: 'redo' }), []);
  return { now, change, undo, redo, canUndo: past.length > 0, canRedo: future.length > 0 };
}
