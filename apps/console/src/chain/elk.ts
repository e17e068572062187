import elkUrl from 'elkjs/lib/elk-worker.min.js?url';
import { PADDING, type Frame } from './frames.js';
import { NODE, zoomOf, type Layout, type Places, type Point, type Room, type Way } from './node-size.js';

export interface Shape {
  readonly ids: readonly string[];
  readonly edges: readonly (readonly [from: string, to: string])[];
  /** What is in one stands apart from what is not. */
  readonly frames?: readonly Omit<Frame<unknown>, 'of'>[];
}

/** As elkjs places it, from the corner of what it stands in. */
interface Laid {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly children?: readonly Laid[];
}
/** From the corner of the whole. */
interface Routed {
  readonly sections?: readonly [
    { readonly startPoint: Point; readonly bendPoints?: readonly Point[]; readonly endPoint: Point },
  ];
}
interface Answer {
  readonly id: number;
  readonly data?: { readonly children?: readonly Laid[]; readonly edges: readonly Routed[] };
  readonly error?: unknown;
}

/** As elkjs names its options. */
const CAREFUL = {
  'elk.algorithm': 'layered',
  'elk.direction': 'RIGHT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.spacing.nodeNode': '18',
  'elk.layered.spacing.nodeNodeBetweenLayers': '60',
  // What is drawn from top to bottom stays so from one layout to the next.
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
};
/** A fifth of the time for 500 nodes. */
const FAST = {
  ...CAREFUL,
  'elk.layered.considerModelOrder.strategy': 'NONE',
  'elk.layered.crossingMinimization.greedySwitch.type': 'OFF',
  'elk.layered.layering.strategy': 'LONGEST_PATH',
  'elk.layered.thoroughness': '1',
  'elk.edgeRouting': 'POLYLINE',
};
/** For boxes with edges across their borders: elkjs 0.12 fails there with any other `considerModelOrder`. */
const DEEP = {
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.layered.considerModelOrder.strategy': 'NONE',
};
/** Layouts of boxes are slow: above so many tasks they use the fast settings. No more can be read at once, so they run to the right. */
export const MANY = 40;
/** Names can be read at this zoom. */
const READABLE = 0.75;
/** Of a box around others. */
const FRAME = {
  'elk.padding': `[top=${PADDING.top},left=${PADDING.side},bottom=${PADDING.side},right=${PADDING.side}]`,
};
/** Levels that all edges cross together, which is what elkjs takes its time for: above the first it is made to hurry, above the second (1.5 s) it isn't asked. */
const HURRY = 200;
const TOO_MANY = 1_500;

/** elkjs runs in a worker, from its published file: this code speaks its messages. */
let worker: Worker | undefined;
let asked = 0;

function running(): Worker {
  if (worker === undefined) {
    worker = new Worker(elkUrl);
    worker.postMessage({ id: asked++, cmd: 'register', algorithms: ['layered'] });
  }
  return worker;
}

/**
 * Where the nodes of a graph stand: from left to right, or downwards where only that can be read in the room. Where it has too many edges,
 * each level stands in a column. Edges go around the nodes.
 */
export async function layOut(shape: Shape, room?: Room): Promise<Layout> {
  const levels = levelsOf(shape);
  const crossed = shape.edges.reduce((sum, [from, to]) => sum + Math.abs(levels.get(to)! - levels.get(from)!), 0);
  if (crossed > TOO_MANY) return inColumns(levels, shape.edges);
  const options = crossed > HURRY ? FAST : CAREFUL;
  const right = await byElk(shape, options);
  if (room === undefined || shape.ids.length > MANY) return right;
  const zoom = zoomOf(right.places, room);
  if (zoom >= READABLE) return right;
  // What was found is not lost where the other way cannot be laid out.
  const down = await byElk(shape, { ...options, 'elk.direction': 'DOWN' }).catch(() => right);
  return zoomOf(down.places, room) > 1.2 * zoom ? down : right;
}

/** The longest way to each node. Nodes of cycles stay at the first level. */
function levelsOf({ ids, edges }: Shape): Map<string, number> {
  const levels = new Map(ids.map((id) => [id, 0]));
  const parents = new Map(ids.map((id) => [id, 0]));
  const children = new Map<string, string[]>();
  for (const [from, to] of edges) {
    parents.set(to, parents.get(to)! + 1);
    const known = children.get(from);
    if (known === undefined) children.set(from, [to]);
    else known.push(to);
  }
  const ready = ids.filter((id) => parents.get(id) === 0);
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    for (const child of children.get(id) ?? []) {
      levels.set(child, Math.max(levels.get(child)!, levels.get(id)! + 1));
      parents.set(child, parents.get(child)! - 1);
      if (parents.get(child) === 0) ready.push(child);
    }
  }
  return levels;
}

function inColumns(levels: ReadonlyMap<string, number>, edges: Shape['edges']): Layout {
  const cell = { width: NODE.width + 60, height: NODE.height + 18 };
  const heights = new Map<number, number>();
  const places = Object.fromEntries(
    [...levels].map(([id, level]) => {
      const row = heights.get(level) ?? 0;
      heights.set(level, row + 1);
      return [id, { x: level * cell.width, y: row * cell.height }];
    }),
  );
  return { places, ways: waysIn(places, edges, cell) };
}

/** Of a node in rows, and what is around it. */
const CELL = { width: NODE.width + 60, height: NODE.height * 2 };

/** From left to right, and on in the next row, in about the shape of the room. */
export function inRows({ ids, edges }: Shape, { width, height }: Room): Layout {
  const shape = height > 0 ? width / height : 2;
  const columns = Math.ceil(Math.sqrt((ids.length * shape * CELL.height) / CELL.width));
  const places = Object.fromEntries(
    ids.map((id, at) => [id, { x: (at % columns) * CELL.width, y: Math.floor(at / columns) * CELL.height }]),
  );
  return { places, ways: waysIn(places, edges, CELL) };
}

/** In columns and rows: nothing stands between a node and the next column; to any other an edge goes between columns and below its row. */
function waysIn(places: Places, edges: Shape['edges'], cell: Room): Layout['ways'] {
  const gap = (cell.width - NODE.width) / 2;
  const middle = NODE.height / 2;
  return edges.map(([from, to]): Way | undefined => {
    const [a, b] = [places[from]!, places[to]!];
    if (b.x - a.x === cell.width) return undefined;
    const [start, end] = [a.x + NODE.width, b.x];
    const below = a.y + (NODE.height + cell.height) / 2;
    return [
      { x: start, y: a.y + middle },
      { x: start + gap, y: a.y + middle },
      { x: start + gap, y: below },
      { x: end - gap, y: below },
      { x: end - gap, y: b.y + middle },
      { x: end, y: b.y + middle },
    ];
  });
}

/** A frame around one task alone is a larger node. */
const FRAMED = { width: NODE.width + 2 * PADDING.side, height: NODE.height + PADDING.top + PADDING.side };

interface Asked {
  readonly id: string;
  readonly children?: readonly Asked[];
}

/** A graph as elkjs takes it: names may be anything, and are numbered. */
function graphOf({ ids, edges, frames = [] }: Shape) {
  const number = new Map(ids.map((each, at) => [each, String(at)]));
  const innermost = new Map(frames.flatMap(({ id, tasks }) => tasks.map((task) => [task, id])));
  const nodes = Map.groupBy(ids, (id) => innermost.get(id));
  const inner = Map.groupBy(frames, ({ inside }) => inside);
  /** Tasks that are drawn with their frame. */
  const alone = new Set<string>();
  const within = (frame: string | undefined): Asked[] => [
    ...(nodes.get(frame) ?? []).map((id) => ({ id: number.get(id)!, ...NODE })),
    ...(inner.get(frame) ?? []).map(({ id, tasks }): Asked => {
      const children = within(id);
      if (tasks.length > 1 || children[0]?.children !== undefined || alone.has(tasks[0]!))
        return { id, ...{ children, layoutOptions: FRAME } };
      alone.add(tasks[0]!);
      return { id: number.get(tasks[0]!)!, ...FRAMED };
    }),
  ];
  const children = within(undefined);
  const graph = {
    id: 'graph',
    children,
    edges: edges.map(([from, to], at) => ({
      id: `edge ${at}`,
      sources: [number.get(from)],
      targets: [number.get(to)],
    })),
  };
  return { graph, alone, isDeep: children.some((each) => each.children !== undefined) };
}

/** Where tasks stand, from the corner of the whole. */
function placesOf(
  laid: readonly Laid[],
  placeOf: (number: number, at: Point) => [string, Point],
  from = { x: 0, y: 0 },
): [string, Point][] {
  return laid.flatMap(({ id, x, y, children = [] }) => {
    const at = { x: from.x + x, y: from.y + y };
    return children.length > 0 ? placesOf(children, placeOf, at) : [placeOf(Number(id), at)];
  });
}

/** The point of a node that is nearest to another. */
function nearest({ x, y }: Point, to: Point): Point {
  const within = (from: number, size: number, at: number) => Math.min(from + size, Math.max(from, at));
  return { x: within(x, NODE.width, to.x), y: within(y, NODE.height, to.y) };
}

function byElk(shape: Shape, wanted: object): Promise<Layout> {
  const elk = running();
  const id = asked++;
  const { ids, edges } = shape;
  const { graph, alone, isDeep } = graphOf(shape);
  const layoutOptions = isDeep ? { ...(ids.length > MANY ? FAST : wanted), ...DEEP } : wanted;
  return new Promise((resolve, reject) => {
    const stop = () => {
      elk.removeEventListener('message', take);
      elk.removeEventListener('error', fail);
    };
    const fail = () => {
      stop();
      worker = undefined;
      reject(new Error('the layout cannot be loaded'));
    };
    const take = ({ data: answer }: MessageEvent<Answer>) => {
      if (answer.id !== id) return;
      stop();
      const laid = answer.data;
      if (laid?.children === undefined) reject(new Error('the graph cannot be laid out'));
      else {
        const { side, top } = PADDING;
        const placeOf = (number: number, { x, y }: Point): [string, Point] => {
          const task = ids[number]!;
          return [task, alone.has(task) ? { x: x + side, y: y + top } : { x, y }];
        };
        const places: Places = Object.fromEntries(placesOf(laid.children, placeOf));
        // Of a task that is drawn with its frame elkjs knows the frame alone.
        const wayOf = ({ sections }: Routed, at: number): Way | undefined => {
          if (sections === undefined) return undefined;
          const [{ startPoint, bendPoints = [], endPoint }] = sections;
          const [from, to] = edges[at]!;
          return [nearest(places[from]!, startPoint), ...bendPoints, nearest(places[to]!, endPoint)];
        };
        resolve({ places, ways: laid.edges.map((each, at) => wayOf(each, at)) });
      }
    };
    elk.addEventListener('message', take);
    elk.addEventListener('error', fail);
    elk.postMessage({ id, cmd: 'layout', graph, layoutOptions, options: {} });
  });
}
