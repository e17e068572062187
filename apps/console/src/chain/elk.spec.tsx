import { expect, jest, test } from '@jest/globals';

interface Asked {
  readonly id: number;
  readonly cmd: string;
  readonly graph?: {
    readonly children: readonly { readonly id: string; readonly width: number }[];
    readonly edges: readonly object[];
  };
  readonly layoutOptions?: Readonly<Record<string, string>>;
}
type Listener = (event: { data: object }) => void;

/** Lays out in one row, and not downwards. Each edge runs from the first box to the last, by way of one point. */
class Elk {
  readonly #listeners = new Set<Listener>();

  addEventListener(type: string, listener: Listener): void {
    if (type === 'message') this.#listeners.add(listener);
  }

  removeEventListener(_type: string, listener: Listener): void {
    this.#listeners.delete(listener);
  }

  postMessage({ id, cmd, graph, layoutOptions }: Asked): void {
    if (cmd !== 'layout') return;
    const children = graph!.children.map((each, at) => ({ ...each, x: at * 270, y: 0 }));
    const sections = [
      {
        startPoint: { x: children[0]!.width, y: 5 },
        bendPoints: [{ x: 300, y: -9 }],
        endPoint: { x: children.at(-1)!.x, y: 7 },
      },
    ];
    const edges = graph!.edges.map((edge) => ({ ...edge, sections }));
    const isDown = layoutOptions!['elk.direction'] === 'DOWN';
    const data = isDown ? { id, error: { message: 'no' } } : { id, data: { children, edges } };
    queueMicrotask(() => {
      for (const each of [...this.#listeners]) each({ data });
    });
  }
}

jest.unstable_mockModule('elkjs/lib/elk-worker.min.js', () => ({ default: 'elk' }));
Object.assign(globalThis, { Worker: Elk });
const { inRows, layOut } = await import('./elk.js');

test('a graph that cannot be laid out downwards runs to the right, though that is wider than the room', async () => {
  const shape = {
    ids: ['a', 'b', 'c'],
    edges: [
      ['a', 'b'],
      ['b', 'c'],
    ] as const,
  };
  const { places } = await layOut(shape, { width: 300, height: 900 });
  expect(places).toEqual({
    a: { x: 0, y: 0 },
    b: { x: 270, y: 0 },
    c: { x: 540, y: 0 },
  });
});

test('an edge goes by the points of its layout, and ends at a task that is drawn with its frame', async () => {
  const frames = [{ id: 'frame', tasks: ['b'], inside: undefined }];
  const { places, ways } = await layOut({ ids: ['a', 'b'], edges: [['a', 'b']], frames });
  expect(places['b']).toEqual({ x: 282, y: 30 });
  expect(ways).toEqual([
    [
      { x: 210, y: 5 },
      { x: 300, y: -9 },
      { x: 282, y: 30 },
    ],
  ]);
});

test('in rows an edge to any but the next column goes between the rows', () => {
  const edges = [
    ['a', 'b'],
    ['a', 'c'],
    ['b', 'd'],
  ] as const;
  const { places, ways } = inRows({ ids: ['a', 'b', 'c', 'd'], edges }, { width: 900, height: 300 });
  expect(places['d']).toEqual({ x: 0, y: 116 });
  expect(ways[0]).toBeUndefined();
  const pointsOf = (at: number) => ways[at]!.map(({ x, y }) => [x, y]);
  expect(pointsOf(1)).toEqual([
    [210, 29],
    [240, 29],
    [240, 87],
    [510, 87],
    [510, 29],
    [540, 29],
  ]);
  expect(pointsOf(2)).toEqual([
    [480, 29],
    [510, 29],
    [510, 87],
    [-30, 87],
    [-30, 145],
    [0, 145],
  ]);
});
