import { useMemo, useState } from 'react';
import { edgeId, edgesOf, type Draft, type DraftEdge } from './draft.js';
import { useStable } from './use-stable.js';

/** What is chosen on the canvas: tasks, or edges. */
export function useSelection(draft: Draft) {
  const [wanted, selectTasks] = useState<ReadonlySet<string>>(new Set());
  // After undo a task may be gone.
  const selected = useMemo(
    () => new Set(draft.tasks.flatMap(({ task_id }) => (wanted.has(task_id) ? [task_id] : []))),
    [draft, wanted],
  );
  const [lines, selectLines] = useState<ReadonlySet<string>>(new Set());
  const select = useStable((ids: ReadonlySet<string>) => {
    selectTasks(ids);
    selectLines(new Set());
  });
  const chooseLine = useStable((line: Pick<DraftEdge, 'from' | 'to' | 'isArm'>) => {
    selectTasks(new Set());
    selectLines(new Set([edgeId(line)]));
  });
  const [only] = selected.size === 1 ? draft.tasks.filter(({ task_id }) => selected.has(task_id)) : [];
  const [line] =
    lines.size === 1 && selected.size === 0 ? edgesOf(draft).filter((each) => lines.has(edgeId(each))) : [];
  return { selected, lines, select, selectTasks, selectLines, chooseLine, only, line };
}
