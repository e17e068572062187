import { useQuery } from '@tanstack/react-query';
import {
  Background,
  Controls,
  MiniMap,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  type Node,
  type NodeProps,
} from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { Input, Segmented, Skeleton } from 'antd';
import type { TFunction } from 'i18next';
import { useCallback, useDeferredValue, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LiveTask } from '#client';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { BESIDE_CONTROLS, FitAgain } from '../view/fit-again.js';
import { Name, shownText } from '../view/name.js';
import { Status } from '../view/status.js';
import { Incoming, Outgoing, sidesOf } from '../view/sides.js';
import { STILL } from '../view/still-flow.js';
import { duration } from '../view/times.js';
import { useRoom } from '../view/use-room.js';
import { EDGE_TYPES, type EdgeOnWay } from '../view/way.js';
import { fits } from './fits.js';
import { FrameNode, withFrames } from './frame-node.js';
import { drawnOf, groupOf, GROUPINGS, MOST_NODES, type DrawnNode, type Gathered, type Grouping } from './groups.js';
import { useLayout } from './layout.js';
import { liveFrames, liveTitle } from './live-frames.js';
import { NODE, sized } from './node-size.js';

interface GraphProps {
  readonly chainId: string;
  readonly tasks: readonly LiveTask[];
  readonly open: (task: string) => void;
}
type Shown = Node<{ drawn: DrawnNode; critical: boolean; found: boolean; open: () => void }>;

/** So many nodes are seen at once: a small map of them would only lie on some. */
const UNMAPPED = 20;

// React Flow has a look of its own for nodes of the type `group`.
const TYPES = { task: TaskNode, gathered: GroupNode, frame: FrameNode };

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
  const [by, gatherBy] = useState<Grouping>('level');
  const [group, openGroup] = useState<Gathered['open']>();
  const [text, find] = useState('');
  // What queries answer is drawn piece by piece, and not at once.
  const answer = useQuery({
    queryKey: ['graph', chainId],
    queryFn: ({ signal }) => api.getChainGraph({ path: { chain_id: chainId }, signal }),
    staleTime: Infinity,
  }).data;
  const graph = useDeferredValue(answer);
  const asked = by === 'party' ? graph?.nodes : undefined;
  const parties = useMemo(() => new Map(asked?.map((each) => [each.task_id, each.parties])), [asked]);
  const isFound = useCallback((task: LiveTask) => text !== '' && fits(task, text), [text]);
  const how = useMemo(
    (): Gathered => ({ by, open: group, isFirst: isFound, partiesOf: (id) => parties.get(id) ?? [] }),
    [by, group, isFound, parties],
  );
  const now = useMemo(() => drawnOf(tasks, how), [tasks, how]);
  const isGathered = tasks.length > MOST_NODES;
  // What is gathered is no more in sight as a whole.
  const framed = useMemo(() => (isGathered ? [] : framesOfNodes(tasks)), [isGathered, tasks]);
  const [measure, room] = useRoom();
  const areInOrder = isGathered && by === 'level' && group === undefined;
  const { layout: laidOut, error } = useLayout(now, framed, areInOrder, room);
  const laid = useMemo(() => ({ drawn: now, frames: framed, layout: laidOut, how }), [now, framed, laidOut, how]);
  const { drawn, frames, layout, how: drawnAs } = useDeferredValue(laid);
  const places = layout?.places;
  const critical = useMemo(() => new Map(graph?.critical_path.map((task, at) => [`task ${task}`, at])), [graph]);
  const isLaidOut = places !== undefined;
  const first = drawn.nodes.find(({ task }) => task !== undefined && isFound(task))?.id;
  const found = first === undefined ? undefined : places?.[first];
  useEffect(() => {
    // Once React Flow has the nodes.
    if (!isLaidOut) return;
    const frame = requestAnimationFrame(() => {
      if (found === undefined) void flow.fitView({ maxZoom: 1, padding: BESIDE_CONTROLS });
      else void flow.setCenter(found.x + NODE.width / 2, found.y + NODE.height / 2, { zoom: 1 });
    });
    return () => cancelAnimationFrame(frame);
  }, [flow, isLaidOut, found, drawnAs.open, drawnAs.by]);
  if (error !== null) return <Failed error={error} />;
  const sides = sidesOf(drawn.edges, places ?? {});
  const shown = (places === undefined ? [] : drawn.nodes).map((each): Shown => {
    const { id, task } = each;
    return {
      id,
      type: task === undefined ? 'gathered' : 'task',
      position: places?.[id] ?? { x: 0, y: 0 },
      ...sized(NODE),
      ...sides,
      // React Flow takes the pointer from nodes that are neither dragged nor selected.
      style: { pointerEvents: 'all' },
      data: {
        drawn: each,
        critical: critical.has(id),
        found: task !== undefined && isFound(task),
        open: () => (task === undefined ? openGroup(nextOf(id)) : open(task.task_id)),
      },
      ariaLabel: task === undefined ? nameOfGroup(each, t) : shownText(task.task_name || task.task_id),
    };
  });
  const names = new Map(drawn.nodes.map(({ id, task }) => [id, task?.task_name || id]));
  const nodes = withFrames(shown, frames, {
    places: places ?? {},
    titled: (of) => ({ title: liveTitle(of, t), dashed: of.kind === 'each' }),
    nameOf: (id) => names.get(id) ?? id,
    choose: (ids) => void flow.fitView({ nodes: ids.map((id) => ({ id })), maxZoom: 1, padding: 0.2 }),
  });
  const onPath = (source: string, target: string) => critical.get(target) === (critical.get(source) ?? NaN) + 1;
  const edges = drawn.edges.map(([source, target], at): EdgeOnWay => ({
    id: `${source} > ${target}`,
    type: 'way',
    source,
    target,
    className: onPath(source, target) ? 'critical' : '',
    data: { way: layout?.ways[at] },
    // Nobody clicks on these edges: a third fewer elements.
    interactionWidth: 0,
  }));
  const show = (wanted: string) => {
    find(wanted);
    const task = wanted === '' ? undefined : tasks.find((each) => fits(each, wanted));
    const id = task && groupOf(tasks, task, how);
    if (id !== undefined) openGroup({ id, page: 0 });
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
      {isGathered && (
        <Segmented
          aria-label={t('chain.gather')}
          options={GROUPINGS.map((value) => ({ value, label: t(`chain.gatherBy.${value}`) }))}
          value={by}
          onChange={(value) => {
            gatherBy(value);
            openGroup(undefined);
          }}
        />
      )}{' '}
      <span className="dim aside">{t(isGathered ? 'chain.gathered' : 'chain.critical')}</span>
      <div ref={measure} className="canvas" role="region" aria-label={t('chain.graph')}>
        {isLaidOut ? (
          <ReactFlow nodes={nodes} edges={edges} nodeTypes={TYPES} edgeTypes={EDGE_TYPES} {...STILL} minZoom={0.02}>
            <Background />
            <FitAgain />
            <Controls showInteractive={false} />
            {shown.length > UNMAPPED && (
              <MiniMap
                pannable
                zoomable
                ariaLabel={t('chain.minimap')}
                nodeClassName={({ type, data }) =>
                  type === 'frame' ? 'map-frame' : `map-${stateOf((data as Shown['data']).drawn).toLowerCase()}`
                }
              />
            )}
          </ReactFlow>
        ) : (
          <Skeleton active title={false} />
        )}
      </div>
    </>
  );
}

/** By the ids of nodes. */
const framesOfNodes = (tasks: readonly LiveTask[]) =>
  liveFrames(tasks).map((frame) => ({ ...frame, tasks: frame.tasks.map((task) => `task ${task}`) }));

/** What needs a look comes first. */
const WORST = ['FAILURE', 'RUNNING', 'RETRYING', 'QUEUED', 'READY', 'PENDING', 'CANCELLED', 'SKIPPED', 'SUCCESS'];
const stateOf = ({ members }: DrawnNode): string =>
  WORST.find((state) => members.some(({ status }) => status === state)) ?? 'PENDING';

/** A group that is open shows its next tasks. */
const nextOf =
  (id: string | undefined) =>
  (now: Gathered['open']): Gathered['open'] =>
    id === undefined ? undefined : { id, page: now?.id === id ? now.page + 1 : 0 };

function TaskNode({ data: { drawn, critical, found, open }, ...sides }: NodeProps<Shown>) {
  const task = drawn.task!;
  const marks = `${critical ? 'on-path' : ''} ${found ? 'found' : ''}`;
  return (
    <button type="button" className={`node nodrag edge-${task.status.toLowerCase()} ${marks}`} onClick={open}>
      <Incoming {...sides} isConnectable={false} />
      <Name text={task.task_name || task.task_id} className="cell" />
      <span className="line">
        <Status of={task.status} />
        <span className="dim">
          {task.status === 'RUNNING' && ` ${Math.round(task.progress * 100)} %`}
          {task.started_at !== null &&
            task.completed_at !== null &&
            ` ${duration(Date.parse(task.completed_at) - Date.parse(task.started_at))}`}
        </span>
      </span>
      <Outgoing {...sides} isConnectable={false} />
    </button>
  );
}

function GroupNode({ data: { drawn, open }, ...sides }: NodeProps<Shown>) {
  const { t } = useTranslation();
  const done = drawn.members.filter(({ status }) => status === 'SUCCESS').length;
  return (
    <button type="button" className={`node nodrag group edge-${stateOf(drawn).toLowerCase()}`} onClick={open}>
      <Incoming {...sides} isConnectable={false} />
      <bdi className="cell">{nameOfGroup(drawn, t)}</bdi>
      <span className="line">
        <Status of={stateOf(drawn)} />{' '}
        <span className="dim">
          {done}/{drawn.members.length}
        </span>
      </span>
      <Outgoing {...sides} isConnectable={false} />
    </button>
  );
}

function nameOfGroup({ common }: DrawnNode, t: TFunction): string {
  if (typeof common !== 'string') {
    const [from, to] = common;
    return from === to ? t('chain.level', { level: from }) : t('chain.levels', { from, to });
  }
  return common === '' ? t('chain.others') : shownText(common);
}
