import { useStoreApi } from '@xyflow/react';
import { useMemo, useState } from 'react';
import { layOut } from '../chain/elk.js';
import type { Places, Room } from '../chain/node-size.js';
import { edgesOf, endsOf, type Draft } from './draft.js';
import { draftFrames } from './draft-frames.js';
import type { Change, Sheet } from './history.js';
import { innerOf, placesAt, withInner, withPlacesAt, type Path } from './inner-chain.js';
import { placed } from './places.js';

type Drawn = Pick<Sheet, 'draft' | 'places'>;

/** What cannot be laid out is drawn all the same. */
function laidOut(draft: Draft, { width, height }: Room): Promise<Places> {
  const shape = {
    ids: draft.tasks.map(({ task_id }) => task_id),
    edges: endsOf(edgesOf(draft)),
    frames: draftFrames(draft),
  };
  return layOut(shape, width > 0 ? { width, height } : undefined).catch((): Places => ({}));
}

/**
 * The chain that is drawn: that of the sheet, or one that is written out in a task. Its steps are those of the whole, so that undo goes through all of
 * them; where a step takes away the task that leads to it, the chain around it is drawn.
 */
export function useInner(now: Sheet, change: Change) {
  const canvas = useStoreApi();
  const arrange = (draft: Draft) => laidOut(draft, canvas.getState());
  const [wanted, want] = useState<Path>([]);
  /** Where tasks of chains stand that nobody has moved, by the way to the chain: to look at one is no step. */
  const [laid, keepLaid] = useState<Readonly<Record<string, Places>>>({});
  const { draft, path } = useMemo(() => innerOf(now.draft, wanted), [now.draft, wanted]);
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
  const open = async (next: Path): Promise<void> => {
    const inner = innerOf(now.draft, next);
    const name = JSON.stringify(inner.path);
    const known = { ...laid[name], ...placesAt(now.places, inner.path) };
    if (inner.path.length > 0 && !inner.draft.tasks.some(({ task_id }) => known[task_id] !== undefined)) {
      const found = await arrange(inner.draft);
      keepLaid((all) => ({ ...all, [name]: found }));
    }
    want(next);
  };
  return { draft, path, key, places, put, open, arrange, leave: () => want([]) };
}
