/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { act, cleanup, renderHook } from '@testing-library/react';
import type { NodeChange } from '@xyflow/react';
import { readDraft } from './draft.js';
import { useHistory } from './history.js';
import { useMoves } from './moves.js';

afterEach(cleanup);

const to = (id: string, x: number, dragging?: boolean): NodeChange => ({
  ...{ id, type: 'position', position: { x, y: 0 } },
  ...(dragging !== undefined && { dragging }),
});
const DRAFT = readDraft({ tasks: ['a', 'b'].map((task_id) => ({ task_id, task_type: 'x', depends_on: [] })) });

/** What the canvas does with changes, as the page keeps its history. */
function canvas() {
  const first = { draft: DRAFT, places: { a: { x: 0, y: 0 }, b: { x: 9, y: 0 } } };
  const { result } = renderHook(() => ({ ...useHistory(first), step: useMoves() }));
  const dragged: (boolean | undefined)[] = [];
  return {
    dragged,
    at: () => Object.values(result.current.now.places).map(({ x }) => x),
    move: (...changes: NodeChange[]) =>
      act(() => {
        const { step, change, now } = result.current;
        const { places, name, isDragged } = step(changes, now.places);
        dragged.push(isDragged);
        if (places !== undefined) change((sheet) => ({ ...sheet, places }), `move ${name}`);
      }),
    undo: () => act(() => result.current.undo()),
    redo: () => act(() => result.current.redo()),
    canUndo: () => result.current.canUndo,
  };
}

test('a drag is one step back, of one task or of several, and places come back', () => {
  const { at, move, undo, redo, dragged } = canvas();
  move(to('a', 5, true));
  move(to('a', 7, true));
  move(to('a', 7, false));
  move(to('a', 20, true), to('b', 30, true));
  move(to('a', 21, true), to('b', 31, true));
  move(to('a', 21, false), to('b', 31, false));
  expect(dragged).toEqual([true, true, false, true, true, false]);
  undo();
  expect(at()).toEqual([7, 9]);
  undo();
  expect(at()).toEqual([0, 9]);
  redo();
  redo();
  expect(at()).toEqual([21, 31]);
});

test('arrow keys that follow each other are one step, apart from a drag before them', () => {
  const { at, move, undo } = canvas();
  move(to('a', 5, true));
  move(to('a', 5, false));
  move(to('a', 6));
  move(to('a', 7));
  move(to('b', 11));
  undo();
  expect(at()).toEqual([7, 9]);
  undo();
  expect(at()).toEqual([5, 9]);
  undo();
  expect(at()).toEqual([0, 9]);
});

test('who takes a task and puts it back where it was has made no step', () => {
  const { move, canUndo } = canvas();
  move(to('a', 0, true));
  move(to('a', 0, false));
  move({ id: 'a', type: 'select', selected: true });
  expect(canUndo()).toBe(false);
});
