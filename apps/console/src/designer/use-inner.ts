import { useStoreApi } from '@xyflow/react';
import { useMemo, useRef, useState } from 'react';
import { layOut } from '../chain/elk.js';
import type { Layout, Places, Room } from '../chain/node-size.js';
import { edgesOf, endsOf, type Draft } from './draft.js';
import { draftFrames } from './draft-frames.js';
import { renameTask } from './edits.js';
import type { Change, Sheet } from './history.js';
import { innerOf, placesAt, placesRenamed, withInner, withPlacesAt, type Path } from './inner-chain.js';
import { placed, type Drawn } from './places.js';
import { waysOf, type Ways } from './ways.js';

/** What cannot be laid out is drawn all the same. */
function laidOut(draft: Draft, { width, height }: Room): Promise<Layout> {
  const shape = {
    ids: draft.tasks.map(({ task_id }) => task_id),
    edges: endsOf(edgesOf(draft)),
    frames: draftFrames(draft),
  };
  return layOut(shape, width > 0 ? { width, height } : undefined).catch(() => ({ places: {}, ways: [] }));
}

/**
 * The chain that is drawn: that of the sheet, or one that is written out in a task. Its steps are those of the whole, so that undo goes through all of
 * them; where a step takes away the task that leads to it, the chain around it is drawn.
 */
export function useInner(now: Sheet, change: Change) {
  const canvas = useStoreApi();
  /** How many layouts were asked for: an older one that takes longer is not shown in place of the last. */
  const turns = useRef(0);
  const arrange = (draft: Draft, then: (laid: Places) => void): void => {
    const turn = ++turns.current;
    void laidOut(draft, canvas.getState()).then((laid) => {
      if (turn !== turns.current) return;
      const found = waysOf(laid, endsOf(edgesOf(draft)));
      // Undo leads back to tasks that stand where an older layout has put them.
      keepWays((before) => new Map([...before, ...found]));
      then(laid.places);
    });
  };
  const [ways, keepWays] = useState<Ways>(new Map());
  const [wanted, want] = useState<Path>([]);
  /** Where tasks of chains stand that nobody has moved, by the way to the chain: to look at one is no step. */
  const [laid, keepLaid] = useState<Readonly<Record<string, Places>>>({});
  const { draft, path } = useMemo(() => innerOf(now.draft, wanted), [now.draft, wanted]);
  // Who is out of a chain that was taken away stays there when it comes back.
  if (path.length < wanted.length) want(path);
  const key = JSON.stringify(path);
  const drawn = (sheet: Sheet): Drawn => {
    const inner = innerOf(sheet.draft, path).draft;
    return {
      draft: inner,
      places: placed({ draft: inner, places: { ...laid[key], ...placesAt(sheet.places, path) } }),
    };
  };
  const places = useMemo(
    () => placed({ draft, places: { ...laid[key], ...placesAt(now.places, path) } }),
    [draft, laid, key, now.places, path],
  );
  const put = (how: (drawn: Drawn) => Drawn, field?: string) =>
    change(
      (sheet) => {
        const before = drawn(sheet);
        const next = how(before);
        return {
          ...sheet,
          // Who moves a task changes nothing that the chain says.
          draft: next.draft === before.draft ? sheet.draft : withInner(sheet.draft, path, next.draft),
          places: withPlacesAt(sheet.places, path, next.places),
        };
      },
      field && `${key} ${field}`,
    );
  /** Gives a task another id, and leaves it where it stands, with what is in it; false where another task has that id. */
  const rename = (id: string, to: string): boolean => {
    if (renameTask(draft, id, to) === undefined) return false;
    change((sheet) => {
      const before = drawn(sheet);
      const next = renameTask(before.draft, id, to);
      if (next === undefined) return sheet;
      const all = withPlacesAt(sheet.places, path, before.places);
      return { ...sheet, draft: withInner(sheet.draft, path, next), places: placesRenamed(all, path, id, to) };
    }, `${key} rename ${id}`);
    return true;
  };
  const open = (next: Path, then: () => void): void => {
    const inner = innerOf(now.draft, next);
    const name = JSON.stringify(inner.path);
    const known = { ...laid[name], ...placesAt(now.places, inner.path) };
    const isKnown = inner.draft.tasks.some(({ task_id }) => Object.hasOwn(known, task_id));
    const show = (found?: Places) => {
      if (found !== undefined) keepLaid((all) => ({ ...all, [name]: found }));
      want(inner.path);
      then();
    };
    if (inner.path.length > 0 && !isKnown) return arrange(inner.draft, show);
    turns.current++;
    show();
  };
  /** Another draft is there: what was laid out was of the one before. */
  const leave = () => {
    want([]);
    keepLaid({});
  };
  return { draft, path, key, places, ways, put, rename, open, arrange, leave };
}
