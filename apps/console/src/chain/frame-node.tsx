import type { Node, NodeProps } from '@xyflow/react';
import { useTranslation } from 'react-i18next';
import { shownText } from '../view/name.js';
import { boxesOf, type Frame } from './frames.js';
import { sized, type Places } from './node-size.js';

export type FrameNodeOf = Node<
  { title: string; names: readonly string[]; dashed: boolean; choose: () => void },
  'frame'
>;
/** Of the tasks in it, as a screen reader says them. */
const MOST_NAMES = 10;

/** A frame, behind its tasks. Its title is a button, and lets the pointer through everywhere else. */
export function FrameNode({ data: { title, names, dashed, choose } }: NodeProps<FrameNodeOf>) {
  const { t } = useTranslation();
  const all = names.slice(0, MOST_NAMES).map((each) => shownText(each, 60));
  const tasks = all.join(', ') + (names.length > all.length ? ' …' : '');
  return (
    <div className={`frame ${dashed ? 'dashed' : ''}`}>
      <button
        type="button"
        className="nodrag"
        title={title}
        aria-label={t('frames.named', { title, count: names.length, tasks })}
        onClick={choose}
      >
        <bdi>{title}</bdi>
      </button>
    </div>
  );
}

interface Titled {
  readonly title: string;
  /** What runs more than once. */
  readonly dashed: boolean;
}

/** Nodes with frames among them: each comes before its first task, and stands behind all. */
export function withFrames<Of, Shown extends Node>(
  nodes: readonly Shown[],
  frames: readonly Frame<Of>[],
  {
    places,
    titled,
    nameOf,
    choose,
  }: {
    readonly places: Places;
    readonly titled: (of: Of) => Titled;
    readonly nameOf: (task: string) => string;
    readonly choose: (tasks: readonly string[]) => void;
  },
): (Shown | FrameNodeOf)[] {
  const boxes = boxesOf(frames, places);
  const order = new Map(nodes.map(({ id }, at) => [id, at]));
  const before = Map.groupBy(
    frames.filter(({ id }) => boxes.has(id)),
    ({ tasks }) => nodes[Math.min(...tasks.map((id) => order.get(id) ?? Infinity))]?.id,
  );
  return nodes.flatMap((node) => [
    ...(before.get(node.id) ?? []).map(({ id, of, tasks }): FrameNodeOf => {
      const { x, y, ...size } = boxes.get(id)!;
      return {
        id,
        type: 'frame',
        position: { x, y },
        ...sized(size),
        data: { ...titled(of), names: tasks.map(nameOf), choose: () => choose(tasks) },
        zIndex: -1,
        style: { pointerEvents: 'none' },
        draggable: false,
        selectable: false,
        deletable: false,
        focusable: false,
        connectable: false,
      };
    }),
    node,
  ]);
}
