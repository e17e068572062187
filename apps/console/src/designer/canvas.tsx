import {
  Background,
  Controls,
  MarkerType,
  ReactFlow,
  useReactFlow,
  type Connection,
  type EdgeChange,
  type Node,
  type NodeChange,
  type NodeProps,
} from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import type { TFunction } from 'i18next';
import { memo, useMemo, useState, type DragEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { FrameNode, withFrames, type FrameNodeOf } from '../chain/frame-node.js';
import { NODE, sized, type Places, type Way } from '../chain/node-size.js';
import { BESIDE_CONTROLS, FitAgain } from '../view/fit-again.js';
import { Name, shownText } from '../view/name.js';
import { Incoming, Outgoing, sidesOf } from '../view/sides.js';
import { EDGE_TYPES, type EdgeOnWay } from '../view/way.js';
import { edgeId, edgesOf, endsOf, isFields, nameOf, type Draft, type DraftEdge, type DraftTask } from './draft.js';
import { draftFrames, titleOf } from './draft-frames.js';
import { canOpen, sizeOf, type Path } from './inner-chain.js';
import { useMoves } from './moves.js';
import { wayBetween, type Ways } from './ways.js';

/** The type of what is dragged from the palette. */
export const DRAGGED = 'application/x-task-type';

type Shown = Node<{ task: DraftTask; faults: number; open: (() => void) | undefined }>;
const ARROW = { type: MarkerType.ArrowClosed };
const TYPES = { task: memo(TaskNode), frame: memo(FrameNode) };

interface CanvasProps {
  /** The tasks that lead to this chain. */
  readonly path: Path;
  readonly draft: Draft;
  readonly places: Places;
  readonly ways: Ways;
  readonly selected: ReadonlySet<string>;
  readonly faults: ReadonlyMap<string, number>;
  readonly select: (ids: ReadonlySet<string>) => void;
  /** The edges that are chosen, as `edgeId` names them. */
  readonly lines: ReadonlySet<string>;
  readonly selectLines: (ids: ReadonlySet<string>) => void;
  /** `move` names the drag: one is one step back. */
  readonly moved: (places: Places, move: string) => void;
  readonly connect: (from: string, to: string) => void;
  readonly remove: (ids: readonly string[], edges: readonly DraftEdge[]) => void;
  /** Draws the chain that is written out in a task. */
  readonly open: (id: string) => void;
  readonly drop: (type: string, at: { x: number; y: number }) => void;
}

/** The tasks of a draft, which are moved, connected and chosen by mouse and by keyboard. */
export const Canvas = memo(function Canvas(props: CanvasProps) {
  const {
    path,
    draft,
    places,
    ways,
    selected,
    faults,
    select,
    lines,
    selectLines,
    moved,
    connect,
    remove,
    open,
    drop,
  } = props;
  const { t } = useTranslation();
  const flow = useReactFlow();
  const frames = useMemo(() => draftFrames(draft), [draft]);
  const drawn = edgesOf(draft);
  const free = sidesOf(endsOf(drawn), places);
  /** While tasks are dragged no edge changes its side under the pointer. */
  const [held, hold] = useState<typeof free>();
  const sides = held ?? free;
  const shownTask = useShownTasks();
  const tasks = draft.tasks.map((task) => {
    const id = task.task_id;
    return shownTask(task, {
      ...(places[id] ?? { x: 0, y: 0 }),
      ...sides,
      selected: selected.has(id),
      faults: faults.get(id) ?? 0,
      open: canOpen(task, path) ? open : undefined,
    });
  });
  const names = useMemo(() => new Map(draft.tasks.map((task) => [task.task_id, nameOf(task)])), [draft]);
  const nodes = withFrames(tasks, frames, {
    places,
    titled: (of) => ({ title: titleOf(of, t), dashed: of.kind !== 'arm' }),
    nameOf: (id) => names.get(id) ?? id,
    choose: (ids) => {
      selectLines(new Set());
      select(new Set(ids));
    },
  });
  // The frame of an arm says when it is taken.
  const said = useMemo(
    () =>
      new Set(
        frames.flatMap(({ of, tasks: all }) =>
          of.kind === 'arm' ? all.map((task) => JSON.stringify([of.branch, task, of.when])) : [],
        ),
      ),
    [frames],
  );
  const shownEdge = useMemo(() => shownEdges(t), [t]);
  const edges = useMemo(
    () =>
      drawn.map((line) =>
        shownEdge(line, {
          way: wayBetween(ways, places[line.from], places[line.to]),
          selected: lines.has(edgeId(line)),
          isSaid: line.isArm && said.size > 0 && said.has(JSON.stringify([line.from, line.to, line.when])),
        }),
      ),
    [drawn, places, ways, said, lines, shownEdge],
  );
  const step = useMoves();
  const onNodesChange = (changes: NodeChange<Shown | FrameNodeOf>[]) => {
    const next = new Set(selected);
    for (const change of changes) if (change.type === 'select') next[change.selected ? 'add' : 'delete'](change.id);
    if (changes.some(({ type }) => type === 'select')) select(next);
    const move = step(changes, places);
    if (move.isDragged !== undefined) hold(move.isDragged ? sides : undefined);
    if (move.places !== undefined) moved(move.places, move.name);
  };
  const onEdgesChange = (changes: EdgeChange[]) => {
    const next = new Set(lines);
    for (const change of changes) if (change.type === 'select') next[change.selected ? 'add' : 'delete'](change.id);
    selectLines(next);
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    const type = event.dataTransfer.getData(DRAGGED);
    if (type !== '') drop(type, flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }));
  };
  return (
    <div
      className="canvas design"
      role="region"
      aria-label={t('designer.canvas')}
      onDrop={onDrop}
      onDragOver={(event) => event.preventDefault()}
    >
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        // The keys of the canvas are for what was clicked; dragging keeps the browser from moving the focus by itself.
        onNodeClick={({ currentTarget }) => (currentTarget as HTMLElement).focus({ preventScroll: true })}
        onConnect={({ source, target }: Connection) => connect(source, target)}
        onDelete={({ nodes: gone, edges: cut }) =>
          remove(
            gone.map(({ id }) => id),
            cut.map(({ source: from, target: to, className }) => ({ from, to, isArm: className === 'arm' })),
          )
        }
        deleteKeyCode={['Delete', 'Backspace']}
        onlyRenderVisibleElements
        minZoom={0.05}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: BESIDE_CONTROLS }}
      >
        <Background />
        <FitAgain />
        <Controls showInteractive={false} />
      </ReactFlow>
      {draft.tasks.length === 0 && <p className="empty">{t('designer.empty')}</p>}
    </div>
  );
});

interface Look extends ReturnType<typeof sidesOf> {
  readonly x: number;
  readonly y: number;
  readonly selected: boolean;
  readonly faults: number;
  readonly open: ((id: string) => void) | undefined;
}

interface EdgeLook {
  readonly way: Way | undefined;
  readonly selected: boolean;
  /** Its condition stands elsewhere. */
  readonly isSaid: boolean;
}

/** What waits for what as edges, each of which stays the same while it looks the same. */
function shownEdges(t: TFunction): (line: DraftEdge, look: EdgeLook) => EdgeOnWay {
  const known = new WeakMap<DraftEdge, EdgeLook & { readonly edge: EdgeOnWay }>();
  return (line, { way, selected, isSaid }) => {
    const before = known.get(line);
    if (before?.way === way && before?.selected === selected && before.isSaid === isSaid) return before.edge;
    const { from, to, when, isArm, arms } = line;
    const name = t(isArm ? 'designer.arm' : 'designer.edge', { from: shownText(from), to: shownText(to) });
    const label = arms?.map((each) => each ?? t('designer.otherwise')).join(' || ') ?? when;
    const edge: EdgeOnWay = {
      id: edgeId(line),
      type: 'way',
      data: { way },
      source: from,
      target: to,
      selected,
      className: isArm ? 'arm' : '',
      markerEnd: ARROW,
      ariaLabel: label === undefined ? name : `${name}: ${shownText(label)}`,
      // What fits between two tasks; the whole is in the form.
      ...(label !== undefined && !isSaid && { label: shownText(label, 8) }),
    };
    known.set(line, { way, selected, isSaid, edge });
    return edge;
  };
}

/** Tasks as nodes, each of which stays the same while it looks the same: the others are not drawn anew with it. */
function useShownTasks(): (task: DraftTask, look: Look) => Shown {
  const [known] = useState(() => new WeakMap<DraftTask, { readonly look: Look; readonly node: Shown }>());
  return (task, look) => {
    const before = known.get(task);
    const names = Object.keys(look) as (keyof Look)[];
    if (before !== undefined && names.every((name) => before.look[name] === look[name])) return before.node;
    const { x, y, selected, faults, open, ...sides } = look;
    const id = task.task_id;
    const node: Shown = {
      ...{ id, type: 'task', position: { x, y } },
      ...sized(NODE),
      ...sides,
      selected,
      // Who moves a task changes nothing that stands in it.
      data:
        before !== undefined && before.look.faults === faults && before.look.open === open
          ? before.node.data
          : { task, faults, open: open && (() => open(id)) },
      ariaLabel: shownText(nameOf(task)),
    };
    known.set(task, { look, node });
    return node;
  };
}

function TaskNode({ data: { task, faults, open }, selected, ...sides }: NodeProps<Shown>) {
  const { t } = useTranslation();
  const { trigger_rule: rule, when } = task;
  const marks = `${selected ? 'chosen' : ''} ${faults > 0 ? 'edge-failure' : ''}`;
  return (
    <div className={`node ${marks}`}>
      <Incoming {...sides} />
      <Name text={nameOf(task)} className="cell" />
      <span className="line">
        {faults > 0 && <span className="status status-failure">✗ {t('designer.faults', { count: faults })} </span>}
        <span className="dim">
          {shownText(task.task_type, 40)}
          {typeof rule === 'string' && ` · ${shownText(rule, 30)}`}
          {isFields(rule) && typeof rule['at_least'] === 'number' && ` · ≥ ${rule['at_least']}`}
          {typeof when === 'string' && ' · ?'}
          {task['end_chain'] !== undefined && ` · ${t('designer.flow.ends')}`}
          {task['compensate_with'] !== undefined && ` · ${t('designer.flow.undoes')}`}
        </span>
        {open !== undefined && (
          <button
            type="button"
            className="nodrag nopan inner"
            aria-label={t('designer.inner.openOf', {
              task: shownText(nameOf(task), 60),
              count: sizeOf(task),
            })}
            onClick={open}
          >
            ▸ {sizeOf(task)}
          </button>
        )}
      </span>
      <Outgoing {...sides} />
    </div>
  );
}
