import { Background, Controls, MarkerType, ReactFlow, type Node, type NodeProps } from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { useQuery } from '@tanstack/react-query';
import { Skeleton } from 'antd';
import { useTranslation } from 'react-i18next';
import type { EdgeDiffDto, TaskDiffDto } from '#client';
import { layOut } from '../chain/elk.js';
import { NODE, sized, type Layout } from '../chain/node-size.js';
import { Failed } from '../view/failed.js';
import { BESIDE_CONTROLS, FitAgain } from '../view/fit-again.js';
import { Name, shownText } from '../view/name.js';
import { Incoming, Outgoing, sidesOf } from '../view/sides.js';
import { STILL } from '../view/still-flow.js';
import { useRoom } from '../view/use-room.js';
import { EDGE_TYPES, type EdgeOnWay } from '../view/way.js';

export type DrawnTask = Pick<TaskDiffDto, 'task_id' | 'task_name' | 'task_type' | 'change'>;
export type DrawnEdge = Pick<EdgeDiffDto, 'from' | 'to' | 'change'>;

interface DrawingProps {
  readonly tasks: readonly DrawnTask[];
  readonly edges: readonly DrawnEdge[];
  /** What a click on a task does. */
  readonly open?: (task: string) => void;
}

export const SIGNS = { added: '+', removed: '−', renamed: '>', changed: '~', same: '' } as const;

type Shown = Node<{ task: DrawnTask; open: ((task: string) => void) | undefined }>;
const TYPES = { task: TaskNode };

/** A chain that nobody edits here, with what became of each task and edge in its colour, by a sign and in words. */
export function Drawing({ tasks, edges, open }: DrawingProps) {
  const { t } = useTranslation();
  const shape = {
    ids: tasks.map(({ task_id }) => task_id),
    edges: edges.map(({ from, to }) => [from, to] as const),
  };
  const [measure, room] = useRoom();
  const layout = useQuery({
    queryKey: ['layout', JSON.stringify(shape), room],
    queryFn: () => layOut(shape, room),
    enabled: room !== undefined,
    staleTime: Infinity,
    gcTime: 60_000,
  });
  if (layout.isError) return <Failed error={layout.error} />;
  const { places, ways }: Layout = layout.data ?? { places: {}, ways: [] };
  const sides = sidesOf(shape.edges, places);
  const nodes = tasks.map((task): Shown => ({
    id: task.task_id,
    type: 'task',
    position: places[task.task_id] ?? { x: 0, y: 0 },
    ...sized(NODE),
    ...sides,
    // React Flow takes the pointer from nodes that are neither dragged nor selected.
    style: { pointerEvents: 'all' },
    data: { task, open },
  }));
  const lines = edges.map(({ from, to, change }, at): EdgeOnWay => ({
    id: JSON.stringify([from, to]),
    type: 'way',
    source: from,
    target: to,
    className: `edge-${change}`,
    data: { way: ways[at] },
    // Nobody clicks on these edges: a third fewer elements.
    interactionWidth: 0,
    markerEnd: { type: MarkerType.ArrowClosed },
    ariaLabel: `${t('designer.edge', { from: shownText(from), to: shownText(to) })}${change === 'same' ? '' : `: ${t(`templates.changes.${change}`)}`}`,
  }));
  return (
    <div ref={measure} className="canvas drawing" role="region" aria-label={t('designer.canvas')}>
      {layout.isPending ? (
        <Skeleton active title={false} />
      ) : (
        <ReactFlow
          key={tasks.length}
          nodes={nodes}
          edges={lines}
          nodeTypes={TYPES}
          edgeTypes={EDGE_TYPES}
          {...STILL}
          minZoom={0.05}
          fitViewOptions={{ maxZoom: 1, padding: BESIDE_CONTROLS }}
        >
          <Background />
          <FitAgain />
          <Controls showInteractive={false} />
        </ReactFlow>
      )}
    </div>
  );
}

function TaskNode({ data: { task, open }, ...sides }: NodeProps<Shown>) {
  const { t } = useTranslation();
  const { task_id, task_name, task_type, change } = task;
  const inside = (
    <>
      <Incoming {...sides} isConnectable={false} />
      <Name text={task_name || task_id} className="cell" />
      <span className="line">
        {change === 'same' ? null : (
          <span className={`change change-${change}`}>
            {SIGNS[change]} {t(`templates.changes.${change}`)}{' '}
          </span>
        )}
        <span className="dim">{shownText(task_type, 40)}</span>
      </span>
      <Outgoing {...sides} isConnectable={false} />
    </>
  );
  if (open === undefined) return <div className={`node node-${change}`}>{inside}</div>;
  return (
    <button type="button" className={`node nodrag node-${change}`} onClick={() => open(task_id)}>
      {inside}
    </button>
  );
}
