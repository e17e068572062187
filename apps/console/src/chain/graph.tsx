import { useQuery } from '@tanstack/react-query';
import {
  Background,
  Controls,
  Handle,
  MiniMap,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  type Edge,
  type Node,
  type NodeProps,
} from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { Input, Skeleton } from 'antd';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LiveTask } from '#client';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Name, shownText } from '../view/name.js';
import { Status } from '../view/status.js';
import { STILL } from '../view/still-flow.js';
import { drawnOf, MOST_NODES, type DrawnNode } from './bands.js';
import { fits } from './fits.js';
import { useLayout } from './layout.js';
import { NODE } from './node-size.js';

interface GraphProps {
  readonly chainId: string;
  readonly tasks: readonly LiveTask[];
  readonly open: (task: string) => void;
}
type Shown = Node<{ drawn: DrawnNode; critical: boolean; found: boolean; open: () => void }>;

const TYPES = { task: TaskNode, band: BandNode };

/** A chain as a graph with live states. */
export function Graph(props: GraphProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
}

function Canvas({ chainId, tasks, open }: GraphProps) {
  const { t } = useTranslation();
  const flow = useReactFlow();
  const [band, openBand] = useState<number>();
  const [text, find] = useState('');
  const path = useQuery({
    queryKey: ['graph', chainId],
    queryFn: ({ signal }) => api.getChainGraph({ path: { chain_id: chainId }, signal }),
    staleTime: Infinity,
  }).data?.critical_path;
  const drawn = useMemo(() => drawnOf(tasks, band), [tasks, band]);
  const { places, error } = useLayout(drawn);
  const critical = useMemo(() => new Map(path?.map((task, at) => [`task ${task}`, at])), [path]);
  const isLaidOut = places !== undefined;
  useEffect(() => {
    // Once React Flow has the nodes.
    if (isLaidOut) requestAnimationFrame(() => void flow.fitView({ maxZoom: 1, padding: 0.1 }));
  }, [flow, isLaidOut, band]);
  if (error !== null) return <Failed error={error} />;
  if (places === undefined) return <Skeleton active title={false} />;
  const nodes = drawn.nodes.map((each): Shown => {
    const { id, task, levels } = each;
    const number = Number(id.slice('band '.length));
    return {
      id,
      type: task === undefined ? 'band' : 'task',
      position: places[id] ?? { x: 0, y: 0 },
      ...NODE,
      // React Flow takes the pointer from nodes that are neither dragged nor selected.
      style: { pointerEvents: 'all' },
      data: {
        drawn: each,
        critical: critical.has(id),
        found: text !== '' && task !== undefined && fits(task, text),
        open: () => (task === undefined ? openBand(number) : open(task.task_id)),
      },
      ariaLabel: (task && shownText(task.task_name)) ?? t('chain.levels', { from: levels[0], to: levels[1] }),
    };
  });
  const onPath = (source: string, target: string) => critical.get(target) === (critical.get(source) ?? NaN) + 1;
  const edges = drawn.edges.map(([source, target]): Edge => ({
    id: `${source} > ${target}`,
    source,
    target,
    className: onPath(source, target) ? 'critical' : '',
  }));
  const show = (wanted: string) => {
    find(wanted);
    const first = nodes.find(({ data: { drawn: each } }) => each.task !== undefined && fits(each.task, wanted));
    if (wanted === '' || first === undefined) return;
    const { x, y } = first.position;
    void flow.setCenter(x + NODE.width / 2, y + NODE.height / 2, { zoom: 1 });
  };
  return (
    <>
      <Input.Search
        allowClear
        className="search"
        aria-label={t('chain.find')}
        placeholder={t('chain.find')}
        onSearch={show}
      />{' '}
      <span className="dim">{tasks.length > MOST_NODES ? t('chain.banded') : t('chain.critical')}</span>
      <div className="canvas" role="region" aria-label={t('chain.graph')}>
        <ReactFlow nodes={nodes} edges={edges} nodeTypes={TYPES} {...STILL} minZoom={0.02}>
          <Background />
          <Controls showInteractive={false} />
          <MiniMap
            pannable
            zoomable
            ariaLabel={t('chain.minimap')}
            nodeClassName={({ data }) => `map-${stateOf((data as Shown['data']).drawn).toLowerCase()}`}
          />
        </ReactFlow>
      </div>
    </>
  );
}

/** What needs a look comes first. */
const WORST = ['FAILURE', 'RUNNING', 'RETRYING', 'QUEUED', 'READY', 'PENDING', 'CANCELLED', 'SKIPPED', 'SUCCESS'];
const stateOf = ({ members }: DrawnNode): string =>
  WORST.find((state) => members.some(({ status }) => status === state)) ?? 'PENDING';

function TaskNode({ data: { drawn, critical, found, open } }: NodeProps<Shown>) {
  const task = drawn.task!;
  const marks = `${critical ? 'on-path' : ''} ${found ? 'found' : ''}`;
  return (
    <button type="button" className={`node nodrag edge-${task.status.toLowerCase()} ${marks}`} onClick={open}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <Name text={task.task_name || task.task_id} className="cell" />
      <span className="line">
        <Status of={task.status} />
        {task.status === 'RUNNING' && <span className="dim"> {Math.round(task.progress * 100)} %</span>}
      </span>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </button>
  );
}

function BandNode({ data: { drawn, open } }: NodeProps<Shown>) {
  const { t } = useTranslation();
  const [from, to] = drawn.levels;
  const done = drawn.members.filter(({ status }) => status === 'SUCCESS').length;
  return (
    <button type="button" className={`node nodrag band edge-${stateOf(drawn).toLowerCase()}`} onClick={open}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <span className="cell">{t('chain.levels', { from, to })}</span>
      <span className="line">
        <Status of={stateOf(drawn)} />{' '}
        <span className="dim">
          {done}/{drawn.members.length}
        </span>
      </span>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </button>
  );
}
